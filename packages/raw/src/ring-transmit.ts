import {
  checkBytes,
  checkInteger,
  checkObject,
  outOfRange,
  wrongType,
  wrongValue,
} from '@sockeye/addr/check';
import {
  constants,
  errnos,
  type NetworkNamespace,
  type Socket,
  type SocketError,
  type WaitOptions,
} from '@sockeye/core';
import { Mapping } from '@sockeye/core/mapping';
import { interfaceIndex } from './interface-request.ts';
import { setUpVirtio } from './packet-options.ts';
import {
  AVAILABLE,
  encodeFrameRequest,
  RingMemory,
  SEND_DATA,
  SEND_LENGTH,
  SEND_REQUEST,
  SEND_STATUS,
  TPACKET_V2,
  WRONG_FORMAT,
} from './ring-layout.ts';
import { bindTo, createSocket, failure } from './ring-open.ts';
import { canceled, longer, Patience, sleep, turn } from './ring-wait.ts';
import { type VirtioLength, virtioLength } from './virtio.ts';

export interface TransmitRingOptions {
  /** Where the interface is; this process's own network namespace unless given. Takes CAP_SYS_ADMIN. */
  readonly netns?: NetworkNamespace | undefined;
  /** How many frames may be under way: a power of 2. Default 1024. */
  readonly frames?: number | undefined;
  /** Bytes of a frame and 32 of header: a power of 2, 64 KiB together with `frames` at least. Default 2048. */
  readonly frameSize?: number | undefined;
  /**
   * Have the kernel pass over frames that it cannot send (PACKET_LOSS), instead of stopping at them and saying so. Default false.
   */
  readonly passOver?: boolean | undefined;
  /**
   * Bytes of a virtio header that each frame begins with (PACKET_VNET_HDR, and 12 from Linux 6.4; see `encodeVirtio`): sums and segments
   * are the interface's to make, or the kernel's. Default 0, none.
   */
  readonly virtioHeader?: VirtioLength | undefined;
  /** Go past the queueing of the interface (PACKET_QDISC_BYPASS). Default false. */
  readonly bypassQueue?: boolean | undefined;
  /** Write frames by calls, as where the runtime allows no views of memory that is not its own. Default false. */
  readonly copy?: boolean | undefined;
}

/** What the kernel maps in one piece, whatever its pages. */
const PIECE = 65_536;
const MOST_MEMORY = 2 ** 31;

/** send(2) of it has the kernel look into the ring. */
const KICK = new Uint8Array(0);

/** So often the event loop has its turn before a sender that waits for room sleeps. */
const TURNS = 20;

/**
 * A packet socket that sends from memory that the kernel and JavaScript share (PACKET_TX_RING, version 2): many frames by one system
 * call; packet(7), packet_mmap.rst. It receives nothing. It needs CAP_NET_RAW.
 *
 * A frame is put into the ring ({@link put}), handed over with others ({@link flush}), and its place is free again when the interface is through
 * with it. {@link send} does all that.
 */
export class TransmitRing implements Disposable, AsyncDisposable {
  /** The socket below, for its options. */
  readonly socket: Socket;
  /** Index of the interface it sends by. */
  readonly ifindex: number;
  /** The longest frame, in bytes; the interface may take less. */
  readonly room: number;
  readonly #mapping: Mapping;
  readonly #memory: RingMemory | undefined;
  /** Header and bytes of a frame that is written by a call. */
  readonly #scratch: RingMemory;
  readonly #frames: number;
  readonly #frameSize: number;
  /** The first frame that is not known to be free; behind it are those handed over, those put, and those known to be free. */
  #first = 0;
  #handed = 0;
  #put = 0;
  #free = 0;
  /** One `send` after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(socket: Socket, ifindex: number, frames: number, frameSize: number, copy: boolean) {
    this.socket = socket;
    this.ifindex = ifindex;
    this.room = frameSize - SEND_DATA;
    this.#frames = frames;
    this.#frameSize = frameSize;
    this.#mapping = new Mapping(socket, frames * frameSize);
    const buffer = copy ? undefined : this.#mapping.buffer();
    this.#memory = buffer === undefined ? undefined : new RingMemory(buffer);
    this.#scratch = new RingMemory(new ArrayBuffer(frameSize));
  }

  /**
   * Opens a ring that sends by an interface.
   * @throws ENODEV for an interface that does not exist, EPERM without CAP_NET_RAW, ENOMEM; ENOTSUP on other
   * systems than Linux; ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE.
   */
  static async open(interfaceName: string, options: TransmitRingOptions = {}): Promise<TransmitRing> {
    checkObject('options', options);
    const { frames = 1024, frameSize = 2048, copy = false } = options;
    const { passOver = false, bypassQueue = false } = options;
    checkPowerOf2('frameSize', frameSize, 128, 2 ** 20);
    checkPowerOf2('frames', frames, Math.max(2, PIECE / frameSize), MOST_MEMORY / frameSize);
    for (const [name, value] of Object.entries({ passOver, bypassQueue, copy })) {
      if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
    }
    const header = virtioLength(options.virtioHeader);
    const socket = createSocket({ netns: options.netns });
    let ring: TransmitRing | undefined;
    try {
      const { SOL_PACKET, PACKET_VERSION, PACKET_LOSS, PACKET_QDISC_BYPASS, PACKET_TX_RING } = constants;
      const ifindex = interfaceIndex(socket, interfaceName);
      socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2);
      if (passOver) socket.setsockopt(SOL_PACKET, PACKET_LOSS, 1);
      if (bypassQueue) socket.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1);
      setUpVirtio(socket, header);
      const blockSize = Math.max(PIECE, frameSize);
      const request = encodeFrameRequest(blockSize, (frames * frameSize) / blockSize, frameSize);
      socket.setsockopt(SOL_PACKET, PACKET_TX_RING, request);
      ring = new TransmitRing(socket, ifindex, frames, frameSize, copy);
      bindTo(socket, ifindex, 0);
      return ring;
    } catch (error) {
      ring?.close();
      socket.close();
      throw error;
    }
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.socket.closed;
  }

  /** Frames that were put or handed over and are not known to be sent. */
  get pending(): number {
    return this.#handed + this.#put;
  }

  /**
   * Puts a frame into the ring, to go with the next {@link flush}: its length, or `-EAGAIN` when no place is free. Allocates nothing.
   * @param frame with its link-layer header
   * @throws ERR_OUT_OF_RANGE when it is longer than {@link room}, ERR_INVALID_ARG_TYPE, EBADF
   */
  put(frame: Uint8Array): number {
    const { length } = frame;
    if (!(frame instanceof Uint8Array) || length > this.room || length === 0) this.#refuse(frame);
    if (this.#free === 0 && this.#find() === 0) return -errnos.EAGAIN;
    const at = this.#slot(this.#handed + this.#put) * this.#frameSize;
    if (this.#memory === undefined) {
      const { words, bytes } = this.#scratch;
      words[SEND_LENGTH >>> 2] = length;
      bytes.set(frame, SEND_DATA);
      this.#mapping.write(at, bytes.subarray(0, SEND_DATA + length));
    } else {
      const { words, bytes } = this.#memory;
      words[(at + SEND_LENGTH) >>> 2] = length;
      bytes.set(frame, at + SEND_DATA);
    }
    this.#put += 1;
    this.#free -= 1;
    return length;
  }

  #refuse(frame: Uint8Array): never {
    const { length } = checkBytes('frame', frame);
    throw outOfRange('frame', `1 to ${this.room} bytes`, length);
  }

  /** Finds places that the kernel is through with; how many are free. */
  #find(): number {
    // Those behind what is known were free when they were last looked at, or never used.
    for (;;) {
      const most = Math.min(this.#handed, this.#frames - this.#first);
      if (most === 0) break;
      const done = this.#match(this.#first, most, SEND_STATUS, AVAILABLE);
      this.#first = (this.#first + done) & (this.#frames - 1);
      this.#handed -= done;
      if (done < most) break;
    }
    this.#free = this.#frames - this.#handed - this.#put;
    return this.#free;
  }

  #match(slot: number, count: number, mask: number, value: number): number {
    return this.#mapping.match(slot * this.#frameSize, this.#frameSize, count, mask, value);
  }

  #store(slot: number, count: number, status: number): void {
    const first = Math.min(count, this.#frames - slot);
    if (first > 0) this.#mapping.store(slot * this.#frameSize, this.#frameSize, first, status);
    if (count > first) this.#mapping.store(0, this.#frameSize, count - first, status);
  }

  /**
   * Hands over what was put, and has the kernel send: one send(2). How many frames are still pending, of which some may be sent
   * already. Where the interface's queue or the socket's buffer is full the rest goes with the next call.
   * @throws SocketError EMSGSIZE or EINVAL for a frame that the interface does not take, which is taken out of the ring, while those behind it go
   * with the next call: `messagesSent` says how many of what was put since the last call went before it. ENETDOWN, ENXIO while the
   * interface is down or gone: frames stay. EBADF.
   */
  flush(): number {
    const put = this.#put;
    const refused = this.#kick();
    if (refused !== undefined) throw partly(refused.error, put - refused.left);
    return this.pending;
  }

  /** Has the kernel send. What it refused; how many frames it has not sent then, a malformed one included, and how many are left. */
  #kick(): { error: SocketError; left: number; behind: number } | undefined {
    this.#store(this.#slot(this.#handed), this.#put, SEND_REQUEST);
    this.#handed += this.#put;
    this.#put = 0;
    if (this.#handed === 0) return undefined;
    const sent = this.socket.trySend(KICK);
    this.#find();
    if (sent >= 0 || sent === -errnos.EAGAIN || sent === -errnos.ENOBUFS) return undefined;
    const left = this.#unsent();
    return { error: failure(-sent, 'send'), left, behind: this.#takeOut(left) };
  }

  /** The place that is so many behind the first. */
  #slot(behind: number): number {
    return (this.#first + behind) & (this.#frames - 1);
  }

  /** How many frames, of those that were handed over, the kernel has not come to or refused. */
  #unsent(): number {
    let at = 0;
    while (at < this.#handed && this.#match(this.#slot(at), 1, SEND_REQUEST | WRONG_FORMAT, 0) === 1) at += 1;
    return this.#handed - at;
  }

  /** Takes the first of them out when it is malformed: those behind it move up. How many are left. */
  #takeOut(unsent: number): number {
    let at = this.#handed - unsent;
    if (unsent === 0 || this.#match(this.#slot(at), 1, WRONG_FORMAT, 0) === 1) return unsent;
    const { bytes } = this.#scratch;
    for (; at + 1 < this.#handed; at++) {
      // With its status, which is that of a frame to be sent.
      this.#mapping.read(this.#slot(at + 1) * this.#frameSize, bytes);
      this.#mapping.write(this.#slot(at) * this.#frameSize, bytes);
    }
    this.#drop(1);
    return unsent - 1;
  }

  /** Forgets the last frames that were handed over, which the kernel has not come to. */
  #drop(count: number): void {
    this.#store(this.#slot(this.#handed - count), count, AVAILABLE);
    this.#handed -= count;
    this.#free += count;
  }

  /**
   * Sends frames, in order, and waits until the kernel has taken all of them; how many they were. Calls wait for each other.
   * @throws SocketError as {@link flush}: `messagesSent` says how many went, and those behind are not sent; ERR_SOCKET_TIMEOUT, ABORT_ERR,
   * ECANCELED when the ring is closed meanwhile, with what is in the ring left to {@link flush}; ERR_OUT_OF_RANGE, ERR_INVALID_ARG_TYPE before
   * anything is sent.
   */
  send(frames: Uint8Array | readonly Uint8Array[], options?: WaitOptions): Promise<number> {
    const work = async (): Promise<number> => {
      const list = Array.isArray(frames) ? (frames as readonly Uint8Array[]) : [frames as Uint8Array];
      for (const frame of list) {
        const { length } = checkBytes('frame', frame);
        if (length === 0 || length > this.room) this.#refuse(frame);
      }
      return this.#sendAll(list, new Patience(options?.timeout), options?.signal);
    };
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #sendAll(
    list: readonly Uint8Array[],
    patience: Patience,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    let put = 0;
    const pace = new Pace(patience, signal);
    for (;;) {
      while (put < list.length && this.put(list[put]!) >= 0) put += 1;
      const refused = this.#kick();
      if (refused !== undefined) {
        this.#drop(Math.min(put, refused.behind));
        throw partly(refused.error, put - refused.left);
      }
      if (put === list.length && this.#taken()) return put;
      await pace.next();
      if (this.closed) throw partly(canceled(), put);
    }
  }

  /** Whether the kernel has come to the last frame that was handed over. */
  #taken(): boolean {
    if (this.#handed === 0) return true;
    return this.#match(this.#slot(this.#handed - 1), 1, SEND_REQUEST, 0) === 1;
  }

  /**
   * Waits until the interface is through with all frames that were handed over, and hands over what was put.
   * @throws SocketError as {@link flush}, ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED
   */
  async drain(options?: WaitOptions): Promise<void> {
    const pace = new Pace(new Patience(options?.timeout), options?.signal);
    while (this.flush() > 0) {
      await pace.next();
      if (this.closed) throw canceled();
    }
  }

  /** Closes the ring; what the kernel has not come to is not sent. Twice is fine. */
  close(): void {
    this.#mapping.close();
    this.socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the ring, and waits until the kernel has its memory back, as far as the runtime gives it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    for (let turns = 0; turns < 10 && !this.#mapping.close(); turns++) await turn();
  }
}

/** How a sender waits for room, of which no poll tells for certain: turns of the event loop first, then growing pauses. */
class Pace {
  readonly #patience: Patience;
  readonly #signal: AbortSignal | undefined;
  #turns = 0;
  #pause = 0;

  constructor(patience: Patience, signal: AbortSignal | undefined) {
    this.#patience = patience;
    this.#signal = signal;
  }

  async next(): Promise<void> {
    this.#patience.check('send', this.#signal);
    this.#turns += 1;
    if (this.#turns <= TURNS) return turn();
    this.#pause = longer(this.#pause);
    await sleep(Math.min(this.#pause, this.#patience.next(false)), this.#signal);
  }
}

function partly(error: SocketError, sent: number): SocketError {
  error.messagesSent = Math.max(0, sent);
  return error;
}

function checkPowerOf2(name: string, value: number, least: number, most: number): void {
  checkInteger(name, value, least, most);
  if ((value & (value - 1)) !== 0) throw wrongValue(name, 'a power of 2', value);
}
