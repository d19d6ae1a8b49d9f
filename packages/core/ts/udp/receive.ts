/** Many datagrams in one call: UDP_GRO, udp(7), over recvmmsg(2). */

import type { Flags, SyncOptions } from '../arguments.ts';
import { Batch } from '../batch.ts';
import { checkInteger, checkOptions, wrongType } from '../check.ts';
import { decodeControl } from '../cmsg/control.ts';
import { controlSpace } from '../cmsg/header.ts';
import { constants as c } from '../constants.ts';
import { handleOf } from '../endpoint.ts';
import type { Socket } from '../socket.ts';
import { READABLE, type WaitOptions } from '../wait.ts';
import { checkDatagrams, familyOf, needed } from './families.ts';
import type { Arrival, UdpFamily } from './family.ts';
import { tell, told } from './layout.ts';

/** What a {@link UdpReceiver} is made for. */
export interface UdpReceiverOptions {
  /** Messages of one call, each of as many datagrams as the kernel has put together: 1 to 1,024, 16 unless given. */
  messages?: number | undefined;
  /** Whether the traffic class of datagrams is told: IP_RECVTOS, IPV6_RECVTCLASS. False unless given. */
  ecn?: boolean | undefined;
  /** Whether it is told where datagrams came to: IP_PKTINFO, IPV6_RECVPKTINFO. False unless given. */
  packetInfo?: boolean | undefined;
  /** Bytes of room for other control messages, of options that you have set; 128 unless given. */
  control?: number | undefined;
  /** False receives single datagrams, whatever the kernel can do. */
  offload?: boolean | undefined;
}

/** No datagram is longer, and nothing that the kernel puts together. */
const MOST = 0xffff;

/** One datagram of those that a {@link UdpReceiver} holds. An iteration moves one object on: keep what it gives, not the object. */
export interface Datagram {
  /** Which one. */
  readonly index: number;
  /** Where its bytes begin in the receiver's `payload`. */
  readonly offset: number;
  readonly length: number;
  /** Its bytes: a view, valid until the next receive. Making it allocates; offset and length do not. */
  readonly data: Uint8Array;
  /** Its sender, a sockaddr: a view, valid until the next receive. */
  readonly address: Uint8Array;
  /** Congestion mark, 0 to 3; undefined where none was told. */
  readonly ecn: number | undefined;
  /** Differentiated services code point, 0 to 63; undefined where none was told. */
  readonly dscp: number | undefined;
  /** Whether it was cut, or its bounds are not known for want of room for control data. */
  readonly truncated: boolean;
}

/**
 * Receives datagrams, as many in one call as there are: the kernel puts those of one sender and one size together (UDP_GRO), and
 * here they come apart again, in flat arrays. Where the kernel cannot, they come one by one, with the same result. The option
 * stays set on the socket: its plain receives get datagrams put together from then on.
 */
export class UdpReceiver implements Iterable<Datagram> {
  /** Whether the kernel puts datagrams together. */
  readonly coalescing: boolean;
  /** The bytes of all datagrams: slices of it, until the next receive. */
  readonly payload: Uint8Array;
  /** Where each datagram begins in {@link payload}. Another array once more datagrams come than ever before. */
  offsets: Uint32Array;
  /** Bytes of each datagram. */
  lengths: Uint32Array;
  /** Of which message of {@link batch} each datagram is. */
  messages: Uint16Array;
  /** What was received, as the kernel gave it: addresses, time stamps, control data. */
  readonly batch: Batch;
  readonly #socket: Socket;
  readonly #family: UdpFamily | undefined;
  /** Traffic class of each message, -1 for none. */
  readonly #classes: Int16Array;
  #length = 0;

  /** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE; ENOTSUP; SocketError */
  constructor(socket: Socket, options?: UdpReceiverOptions) {
    const {
      messages = 16,
      ecn = false,
      packetInfo = false,
      control = 128,
      offload = true,
    } = checkOptions(options);
    for (const [name, value] of Object.entries({ ecn, packetInfo, offload })) {
      if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
    }
    this.#socket = checkDatagrams(socket);
    this.#family = familyOf(socket);
    checkInteger('control', control, 0, 0xffff);
    this.batch = new Batch({
      messages: checkInteger('messages', messages, 1, 1024),
      size: MOST,
      // An int of UDP_GRO, and the family's.
      control: controlSpace(4, ...(this.#family?.lengths ?? [])) + control,
    });
    if (ecn) needed(socket, 'traffic class').tellTrafficClass(socket);
    if (packetInfo) needed(socket, 'packet info').tellArrival(socket);
    this.coalescing = coalesce(socket, this.#family !== undefined, offload);
    this.payload = this.batch.payload;
    this.offsets = new Uint32Array(messages);
    this.lengths = new Uint32Array(messages);
    this.messages = new Uint16Array(messages);
    this.#classes = new Int16Array(messages);
  }

  /** How many datagrams it holds. */
  get length(): number {
    return this.#length;
  }

  /** Waits for datagrams, takes what is there, and says how many. What it held before is gone. */
  receive(options?: WaitOptions & Flags): Promise<number> {
    try {
      const { flags } = checkOptions(options);
      return handleOf(this.#socket).run(READABLE, () => this.tryReceive(flags), 'recvmmsg', options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As {@link receive}, blocking this thread. */
  receiveSync(options?: SyncOptions & Flags): number {
    this.#socket.recvBatchSync(this.batch, options);
    return this.#split();
  }

  /** As {@link receive}, if datagrams are there: how many, or `-errno`. Allocates nothing. */
  tryReceive(flags = 0): number {
    const count = this.#socket.tryRecvBatch(this.batch, flags);
    return count < 0 ? count : this.#split();
  }

  /** Receives again and again: `for await (const { length } of receiver.rounds()) for (const datagram of receiver) …` */
  async *rounds(options?: WaitOptions & Flags): AsyncGenerator<this, void, undefined> {
    for (;;) {
      await this.receive(options);
      yield this;
    }
  }

  /** The datagrams that it holds, in order: one object that moves on, so that none is made for each. */
  [Symbol.iterator](): IterableIterator<Datagram> {
    return new Cursor(this);
  }

  /** A datagram's bytes: a view, valid until the next receive. */
  data(index: number): Uint8Array {
    this.#check(index);
    const at = this.offsets[index] as number;
    return this.payload.subarray(at, at + (this.lengths[index] as number));
  }

  /** A datagram's sender, a sockaddr: a view, valid until the next receive. */
  address(index: number): Uint8Array {
    return this.batch.address(this.#message(index));
  }

  /** A datagram's congestion mark, RFC 3168: 0 to 3; undefined where none was told. */
  ecn(index: number): number | undefined {
    const value = this.#classes[this.#message(index)] as number;
    return value < 0 ? undefined : value & 3;
  }

  /** A datagram's differentiated services code point, RFC 2474: 0 to 63; undefined where none was told. */
  dscp(index: number): number | undefined {
    const value = this.#classes[this.#message(index)] as number;
    return value < 0 ? undefined : value >> 2;
  }

  /** Where a datagram came to, copied; undefined where it was not told. Its `source` is what `from` takes to answer. */
  arrival(index: number): Arrival | undefined {
    const message = this.#message(index);
    if (this.#family === undefined) return undefined;
    for (const control of this.batch.controlOf(message)) {
      const { level, type, data } = control;
      const arrival = this.#family.arrivalOf(decodeControl({ level, type, data: data.slice() }));
      if (arrival !== undefined) return arrival;
    }
    return undefined;
  }

  /** Whether a datagram was cut, or its bounds are not known for want of room for control data. */
  truncated(index: number): boolean {
    const flags = this.batch.flags[this.#message(index)] as number;
    return (flags & (this.coalescing ? c.MSG_TRUNC | c.MSG_CTRUNC : c.MSG_TRUNC)) !== 0;
  }

  #message(index: number): number {
    this.#check(index);
    return this.messages[index] as number;
  }

  #check(index: number): void {
    if (index >>> 0 !== index || index >= this.#length) checkInteger('index', index, 0, this.#length - 1);
  }

  /** Takes the messages apart, and says how many datagrams there are. */
  #split(): number {
    const { batch } = this;
    const { control, controlRoom, controlLengths } = batch;
    let count = 0;
    for (let message = 0; message < batch.length; message++) {
      const from = message * controlRoom;
      tell(control, from, from + (controlLengths[message] as number));
      this.#classes[message] = told.trafficClass;
      const length = Math.min(batch.lengths[message] as number, MOST);
      const begin = message * MOST;
      // An empty datagram is one too.
      const segment = told.segment > 0 ? told.segment : Math.max(length, 1);
      if (count + length / segment + 1 > this.offsets.length)
        this.#grow(count + Math.ceil(length / segment) + 1);
      const { offsets, lengths, messages } = this;
      let at = 0;
      do {
        offsets[count] = begin + at;
        lengths[count] = Math.min(segment, length - at);
        messages[count] = message;
        count += 1;
        at += segment;
      } while (at < length);
    }
    this.#length = count;
    return count;
  }

  #grow(least: number): void {
    const room = Math.max(least, 2 * this.offsets.length);
    const { offsets, lengths, messages } = this;
    this.offsets = new Uint32Array(room);
    this.lengths = new Uint32Array(room);
    this.messages = new Uint16Array(room);
    this.offsets.set(offsets);
    this.lengths.set(lengths);
    this.messages.set(messages);
  }
}

/** Sets UDP_GRO, and says whether the kernel puts datagrams together. */
function coalesce(socket: Socket, known: boolean, wanted: boolean): boolean {
  if (!known) return false;
  try {
    socket.setsockopt(c.SOL_UDP, c.UDP_GRO, wanted ? 1 : 0);
    return wanted;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOPROTOOPT' || code === 'EOPNOTSUPP' || code === 'EINVAL') return false;
    throw error;
  }
}

class Cursor implements IterableIterator<Datagram>, Datagram {
  readonly #receiver: UdpReceiver;
  readonly #generation: number;
  readonly #result: { done: boolean; value: Datagram };
  index = -1;

  constructor(receiver: UdpReceiver) {
    this.#receiver = receiver;
    this.#generation = receiver.batch.generation;
    this.#result = { done: false, value: this };
  }

  next(): IteratorResult<Datagram, undefined> {
    const receiver = this.#receiver;
    this.index += 1;
    // What was received meanwhile is another iteration's.
    if (this.index >= receiver.length || this.#generation !== receiver.batch.generation) {
      return { done: true, value: undefined };
    }
    return this.#result as IteratorResult<Datagram, undefined>;
  }

  [Symbol.iterator](): IterableIterator<Datagram> {
    return this;
  }

  get offset(): number {
    return this.#receiver.offsets[this.index] as number;
  }

  get length(): number {
    return this.#receiver.lengths[this.index] as number;
  }

  get data(): Uint8Array {
    return this.#receiver.data(this.index);
  }

  get address(): Uint8Array {
    return this.#receiver.address(this.index);
  }

  get ecn(): number | undefined {
    return this.#receiver.ecn(this.index);
  }

  get dscp(): number | undefined {
    return this.#receiver.dscp(this.index);
  }

  get truncated(): boolean {
    return this.#receiver.truncated(this.index);
  }
}
