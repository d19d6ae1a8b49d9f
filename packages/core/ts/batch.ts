/** Many messages in one system call: the memory that they come in and go out of. */
import { type Address, sockaddr } from './address.ts';
import { checkBytes, checkInteger, checkOptions, wrongType } from './check.ts';
import { type ControlMessage, readControl, writeControl } from './cmsg/header.ts';
import { constants } from './constants.ts';
import { closeAll, closeQuietly, type Descriptor } from './descriptor.ts';
import { staleError } from './errors.ts';
import { descriptorsAt, MOST_CONTROL } from './message.ts';

/** What a {@link Batch} is made for. */
export interface BatchOptions {
  /** Messages: 1 to 1,024, which is the most that one system call moves; UIO_MAXIOV. */
  messages: number;
  /** Bytes of payload each. */
  size: number;
  /** Bytes of room for control data each, 0 unless given; rounded up to eight. */
  control?: number | undefined;
  /** Whether there is room for addresses: true unless given. */
  address?: boolean | undefined;
}

/** What `socket.batches` makes its batches for. */
export interface BatchesOptions extends BatchOptions {
  /** How many batches can be held at once: 2 unless given. */
  inFlight?: number | undefined;
}

const STORAGE = 128;
const HEADER = 16;
/** Bytes of a message's numbers: a time of eight, and five of four. */
const NUMBERS = 28;

/** Under this name every copy of this module (CommonJS and ES modules have one each) finds the memory. */
const MEMORY: unique symbol = Symbol.for('@sockeye/core: Batch');

/** What the native part fills, and whose descriptors nobody has taken yet. `sys/batch.rs` has the same layout. */
class Memory {
  readonly whole: Uint8Array;
  readonly capacity: number;
  readonly counts: Uint32Array;
  readonly handles: Uint32Array;
  readonly room: number;
  /** Grows with each receive: views of an older one are stale. */
  generation = 0;
  length = 0;
  untaken: (Descriptor[] | undefined)[] | undefined;

  constructor(whole: Uint8Array, capacity: number, room: number, counts: Uint32Array, handles: Uint32Array) {
    this.whole = whole;
    this.capacity = capacity;
    this.room = room;
    this.counts = counts;
    this.handles = handles;
  }

  /** To be called after each receive: descriptors get an owner in JavaScript, those of the last one are closed. */
  received(count: number): void {
    this.generation += 1;
    this.length = count;
    if (this.untaken !== undefined) closeQuietly(this.#all());
    if (this.room === 0) return;
    for (let index = 0; index < count; index++) {
      const came = this.counts[index] as number;
      if (came === 0) continue;
      this.untaken ??= [];
      this.untaken[index] = descriptorsAt(this.handles, (index * this.room) / 2, came);
    }
  }

  take(index: number): Descriptor[] {
    const taken = this.untaken?.[index] ?? [];
    if (this.untaken !== undefined) this.untaken[index] = undefined;
    return taken;
  }

  closeUntaken(): void {
    closeAll(this.#all());
  }

  /** All that nobody has taken, the caller's from now on. */
  #all(): Descriptor[] {
    const all = (this.untaken ?? []).flatMap((descriptors) => descriptors ?? []);
    this.untaken = undefined;
    return all;
  }
}

/**
 * Room for messages that are received or sent by one system call each time: one slab, made once, which flat arrays look
 * into. `socket.recvBatch` fills it from the start; for `socket.sendBatch` it is filled by {@link push}. What was received can be
 * sent as it is: it goes back to where it came from. Control messages go along, which the kernel refuses where it only tells them
 * (time stamps, EINVAL): set their `controlLengths` to 0.
 */
export class Batch {
  /** How many messages there is room for. */
  readonly capacity: number;
  /** Bytes of payload that there is room for, each. */
  readonly size: number;
  /** Payloads, each at `index * size`. */
  readonly payload: Uint8Array;
  /** Bytes of each message; with MSG_TRUNC more than {@link size} where it was cut. */
  readonly lengths: Uint32Array;
  /** `msg_flags` of each message. */
  readonly flags: Int32Array;
  /** Nanoseconds since the epoch, where a time-stamp option is set; otherwise 0. */
  readonly timestamps: BigInt64Array;
  /** Addresses, each at `index * 128`; empty when made without. */
  readonly addresses: Uint8Array;
  readonly addressLengths: Uint32Array;
  /** Control data, each at `index * controlRoom`. */
  readonly control: Uint8Array;
  readonly controlLengths: Uint32Array;
  /** Bytes of control data that there is room for, each. */
  readonly controlRoom: number;
  readonly #memory: Memory;

  /** @throws ERR_OUT_OF_RANGE, ERR_INVALID_ARG_TYPE for options that are none; a RangeError where there is no memory left */
  constructor(options: BatchOptions) {
    const { messages, size, control = 0, address = true } = checkOptions(options);
    if (typeof address !== 'boolean') throw wrongType('address', 'a boolean', address);
    const count = checkInteger('messages', messages, 1, 1024);
    this.capacity = count;
    this.size = checkInteger('size', size, 0, 1 << 20);
    this.controlRoom = (checkInteger('control', control, 0, MOST_CONTROL) + 7) & ~7;
    const stride = address ? STORAGE : 0;
    const { controlRoom } = this;
    const memory = new ArrayBuffer(HEADER + count * (NUMBERS + stride + 3 * controlRoom + this.size));
    new Uint32Array(memory, 0, 4).set([count, this.size, controlRoom, stride]);
    let at = HEADER;
    const next = (each: number): number => {
      const here = at;
      at += each * count;
      return here;
    };
    this.timestamps = new BigInt64Array(memory, next(8), count);
    this.lengths = new Uint32Array(memory, next(4), count);
    this.flags = new Int32Array(memory, next(4), count);
    this.addressLengths = new Uint32Array(memory, next(4), count);
    this.controlLengths = new Uint32Array(memory, next(4), count);
    const counts = new Uint32Array(memory, next(4), count);
    this.addresses = new Uint8Array(memory, next(stride), stride * count);
    this.control = new Uint8Array(memory, next(controlRoom), controlRoom * count);
    const handles = new Uint32Array(memory, next(2 * controlRoom), (controlRoom / 2) * count);
    this.payload = new Uint8Array(memory, next(this.size), this.size * count);
    this.#memory = new Memory(new Uint8Array(memory), count, controlRoom, counts, handles);
    Object.defineProperty(this, MEMORY, { value: this.#memory });
  }

  /** How many messages are in it: received by the last call, or pushed since. */
  get length(): number {
    return this.#memory.length;
  }

  /** Grows with each receive. */
  get generation(): number {
    return this.#memory.generation;
  }

  /** The bytes of a message: a view, valid until the next receive. */
  data(index: number): Uint8Array {
    this.#check(index);
    const at = index * this.size;
    return this.payload.subarray(at, at + Math.min(this.lengths[index] as number, this.size));
  }

  /** A message's address, a sockaddr: a view, valid until the next receive. Empty where there is none. */
  address(index: number): Uint8Array {
    this.#check(index);
    const at = index * STORAGE;
    return this.addresses.subarray(at, at + (this.addressLengths[index] as number));
  }

  /** A message's control messages: views, valid until the next receive. */
  controlOf(index: number): ControlMessage[] {
    this.#check(index);
    const at = index * this.controlRoom;
    return readControl(this.control.subarray(at, at + (this.controlLengths[index] as number)));
  }

  /**
   * The descriptors that came with a message, the caller's from now on; a second call gives none. Those that nobody asked
   * for are closed by the next receive, or by {@link close}.
   */
  descriptors(index: number): Descriptor[] {
    this.#check(index);
    return this.#memory.take(index);
  }

  /** A message, in a view that throws `ERR_SOCKET_STALE` once the batch was received into again. */
  at(index: number): BatchMessage {
    this.#check(index);
    return new BatchMessage(this, index);
  }

  *[Symbol.iterator](): Generator<BatchMessage, void, undefined> {
    const { generation } = this;
    for (let index = 0; index < this.length; index++) {
      if (generation !== this.generation) throw staleError();
      yield new BatchMessage(this, index);
    }
  }

  /** Empties the batch, for {@link push}; views of what it held are stale. */
  clear(): void {
    this.#memory.received(0);
  }

  /**
   * Adds a message to send, whose bytes are copied, and says whether there was room for one more.
   *
   * @param address the receiver; whom the socket is connected to unless given
   * @throws ERR_OUT_OF_RANGE when the data, the address or the control data are longer than the batch has room for
   */
  push(data: Uint8Array, address?: Address, control?: Iterable<ControlMessage>): boolean {
    if (this.length >= this.capacity) return false;
    const to = address === undefined ? undefined : sockaddr(address);
    if (to !== undefined)
      checkInteger('address.length', to.length, 0, this.addresses.length === 0 ? 0 : STORAGE);
    const bytes = control === undefined ? undefined : writeControl(control);
    if (bytes !== undefined) checkInteger('control.length', bytes.length, 0, this.controlRoom);
    checkBytes('data', data);
    checkInteger('data.length', data.length, 0, this.size);
    // Only now: addresses and control messages may have getters, which may push, or take the data's memory away.
    const index = this.length;
    if (index >= this.capacity) return false;
    this.payload.set(data, index * this.size);
    if (to !== undefined) this.addresses.set(to, index * STORAGE);
    if (bytes !== undefined) this.control.set(bytes, index * this.controlRoom);
    this.lengths[index] = data.length;
    this.addressLengths[index] = to?.length ?? 0;
    this.controlLengths[index] = bytes?.length ?? 0;
    this.#memory.length = index + 1;
    return true;
  }

  /** Says that the first `count` messages are to be sent, after their arrays were written directly. */
  fill(count: number): void {
    this.#memory.length = checkInteger('count', count, 0, this.capacity);
  }

  /** Closes the descriptors that nobody has taken. The batch can be used again. */
  close(): void {
    this.#memory.closeUntaken();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(index: number): void {
    if (index >>> 0 !== index || index >= this.length) checkInteger('index', index, 0, this.length - 1);
  }
}

/** One message of a batch: looks into its memory, as long as nothing else was received there. */
export class BatchMessage {
  readonly #batch: Batch;
  readonly #index: number;
  readonly #generation: number;

  /** Not for callers: {@link Batch.at} makes them. */
  constructor(batch: Batch, index: number) {
    this.#batch = batch;
    this.#index = index;
    this.#generation = batch.generation;
  }

  /** Whether the batch was received into since: everything else throws `ERR_SOCKET_STALE` then. */
  get stale(): boolean {
    return this.#batch.generation !== this.#generation;
  }

  /** Its bytes: a view. {@link copy} keeps them. */
  get data(): Uint8Array {
    return this.#fresh().data(this.#index);
  }

  /** Its sender, a sockaddr: a view. */
  get address(): Uint8Array {
    return this.#fresh().address(this.#index);
  }

  /** Its control messages: views. */
  get control(): ControlMessage[] {
    return this.#fresh().controlOf(this.#index);
  }

  /** `msg_flags`. */
  get flags(): number {
    return this.#fresh().flags[this.#index] as number;
  }

  /** Whether it was longer than the room for it; the rest is gone. */
  get truncated(): boolean {
    return (this.flags & constants.MSG_TRUNC) !== 0;
  }

  /** Whether control data were cut or left out for want of room; descriptors among them are closed. */
  get controlTruncated(): boolean {
    return (this.flags & constants.MSG_CTRUNC) !== 0;
  }

  /** Nanoseconds since the epoch, where a time-stamp option is set; otherwise 0. */
  get timestamp(): bigint {
    return this.#fresh().timestamps[this.#index] as bigint;
  }

  /** Its bytes, to keep. */
  copy(): Buffer {
    return Buffer.from(this.data);
  }

  #fresh(): Batch {
    if (this.stale) throw staleError();
    return this.#batch;
  }
}

/** The memory of a Batch, of whichever copy of this module. */
export function memoryOf(batch: Batch): Memory {
  const memory = (batch as { [MEMORY]?: Memory } | null | undefined)?.[MEMORY];
  if (memory === undefined) throw wrongType('batch', 'a Batch', batch);
  return memory;
}
