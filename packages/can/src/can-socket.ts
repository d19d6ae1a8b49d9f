import { can } from '@sockeye/addr';
import { checkObject, checkUint, wrongType, wrongValue } from '@sockeye/addr/check';
import {
  Batch,
  constants,
  ifIndexToName,
  ifNameToIndex,
  type NamespaceOptions,
  platform,
  Socket,
  type SocketError,
  type SyncOptions,
} from '@sockeye/core';
import { memoryInfo } from '@sockeye/core/options';
import { FrameBatches } from './batches.ts';
import {
  type BcmFrameFields,
  type BroadcastManager,
  broadcastManager,
  type CyclicJob,
  type CyclicTiming,
  type RemoteAnswer,
  type Watch,
  type WatchOptions,
} from './bcm.ts';
import type {
  CanBatches,
  CanBatchOptions,
  CanBus,
  CanFrames,
  CanReceiveOptions,
  CanRecvOptions,
  CanSendOptions,
  CanWaitOptions,
  ReceivedFrame,
} from './bus.ts';
import { CanBusError, closedError } from './bus-error.ts';
import { Echoes } from './echoes.ts';
import type { CanFilter } from './filter.ts';
import { type CanFrameFields, encodeFrame } from './frame.ts';
import { FrameBatch } from './frame-view.ts';
import { checkWait, FrameHub } from './hub.ts';
import type { CanId } from './id.ts';
import { KernelRows, type RowsKind } from './kernel-rows.ts';
import { CAN_MTU, CANFD_MTU, CANXL_MTU, readHostU32 } from './layout.ts';
import { SocketFilters } from './socket-filters.ts';
import { type CanErrors, type CanSocketOptions, checkFlag, planOptions } from './socket-options.ts';

/** Frames that are read at once where nobody said how many, and that are sent by one call. */
const AT_ONCE = 64;
const SENT_AT_ONCE = 256;

/** The sync forms' options. */
export type CanSendSyncOptions = SyncOptions & Pick<CanSendOptions, 'ifindex'>;

/**
 * A raw CAN socket of Linux: the kernel's networking/can.rst. It needs no capability. It is a {@link CanBus}; what is beside that,
 * from options to descriptors, is done on {@link socket}.
 */
export class CanSocket implements CanBus, Disposable {
  /** The socket below. */
  readonly socket: Socket;
  /** Index of the interface it is open on; 0 for all. */
  readonly ifindex: number;
  readonly name: string;
  readonly fd: boolean;
  readonly xl: boolean;
  readonly #hub: FrameHub;
  readonly #filters: SocketFilters;
  readonly #echoes: Echoes = new Echoes();
  readonly #loopback: boolean;
  readonly #receiveOwn: boolean;
  readonly #kind: RowsKind;
  readonly #many: [KernelRows, FrameBatch];
  readonly #one: [KernelRows, FrameBatch];
  /** Whether own frames come back, be it for nobody to see. */
  #echoing: boolean;
  #out: Batch | undefined;
  readonly #netns: NamespaceOptions | undefined;
  #broadcasts: BroadcastManager | undefined;

  private constructor(
    socket: Socket,
    ifindex: number,
    options: CanSocketOptions,
    name: string,
    netns?: NamespaceOptions,
  ) {
    const { fd = false, xl = false, loopback = true, receiveOwn = false } = options;
    this.socket = socket;
    this.ifindex = ifindex;
    this.name = name;
    this.xl = xl;
    // linux/can/raw.c: XL frames include FD frames.
    this.fd = fd || xl;
    this.#loopback = loopback;
    this.#netns = netns;
    this.#receiveOwn = receiveOwn;
    this.#echoing = receiveOwn;
    this.#filters = new SocketFilters(socket, options);
    const source = {
      read: async (signal: AbortSignal, single: boolean): Promise<void> => {
        const [rows] = single ? this.#one : this.#many;
        try {
          await rows.receive(signal);
        } catch (error) {
          if (!signal.aborted) this.#echoes.fail(error as Error);
          throw error;
        }
        this.#hand(rows);
      },
      poll: (): void => {
        const [rows] = this.#one;
        const count = socket.tryRecvBatch(rows.batch);
        if (count > 0) this.#hand(rows);
        // What is wrong is said by a call that throws.
        else if (count < 0) socket.recvBatchSync(rows.batch, { timeout: 0 });
      },
    };
    this.#hub = new FrameHub(source, options.queue);
    // Room for FD frames in any case: a socket that was handed over may have them on.
    const size = xl ? CANXL_MTU : CANFD_MTU;
    this.#kind = { size, ifindex, timestamps: options.timestamps ?? 'software' };
    this.#many = this.#rows(AT_ONCE);
    this.#one = this.#rows(1);
  }

  #rows(capacity: number): [KernelRows, FrameBatch] {
    const rows = new KernelRows(
      this.socket,
      this.#kind,
      capacity,
      () => !this.#filters.strict && this.#echoing === this.#receiveOwn,
      (received) => this.#hand(received),
    );
    return [rows, new FrameBatch(rows)];
  }

  /** Opens it, see {@link openSync}. */
  static async open(
    interfaceNameOrIndex: string | number,
    options: CanSocketOptions & NamespaceOptions = {},
  ): Promise<CanSocket> {
    return CanSocket.openSync(interfaceNameOrIndex, options);
  }

  /**
   * Opens a socket on an interface, by name or index; 0 is all CAN interfaces. Options are set before it is bound, so no frame
   * that they exclude is received. More filters than the kernel has room for become a program.
   * @throws ENOTSUP on other systems than Linux, EAFNOSUPPORT where the kernel has no CAN, ENODEV for an interface that does not
   * exist or is not CAN, ENOPROTOOPT for what this kernel's CAN is too old for.
   */
  static openSync(
    interfaceNameOrIndex: string | number,
    options: CanSocketOptions & NamespaceOptions = {},
  ): CanSocket {
    checkObject('options', options);
    can(0).toSockaddr(platform);
    if (typeof interfaceNameOrIndex !== 'string') checkUint('interfaceNameOrIndex', interfaceNameOrIndex, 31);
    const { netns } = options;
    const foreign = netns === undefined ? undefined : { netns };
    if (foreign !== undefined && typeof interfaceNameOrIndex === 'string') {
      throw wrongValue('interfaceNameOrIndex', 'an index with `netns`', interfaceNameOrIndex);
    }
    const set = planOptions(options);
    SocketFilters.check(options);
    // The socket first: that the kernel has no CAN is worth more to know than that it lacks the interface.
    const socket = Socket.create(constants.AF_CAN, constants.SOCK_RAW, constants.CAN_RAW, foreign);
    try {
      const ifindex =
        typeof interfaceNameOrIndex === 'string' ? ifNameToIndex(interfaceNameOrIndex) : interfaceNameOrIndex;
      const opened = new CanSocket(
        socket,
        ifindex,
        options,
        nameOf(interfaceNameOrIndex, netns !== undefined),
        foreign,
      );
      set(socket);
      opened.#filters.set();
      socket.bind(can(ifindex));
      return opened;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * Takes over a bound raw CAN socket that was made elsewhere, such as a descriptor that was handed over. Nothing is set on it:
   * `options` say what was.
   */
  static from(socket: Socket, ifindex = 0, options: CanSocketOptions = {}): CanSocket {
    checkObject('options', options);
    return new CanSocket(socket, checkUint('ifindex', ifindex, 31), options, nameOf(ifindex, true));
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  /** Frames that the kernel dropped since the socket's buffer was full, since it was opened: SO_MEMINFO, Linux 4.12. */
  get drops(): number {
    return memoryInfo.get(this.socket).drops;
  }

  /** Replaces the receive filters; all but error frames unless given. @throws As {@link openSync}. */
  setFilters(filters: readonly CanFilter[] | undefined, options: { joinFilters?: boolean } = {}): void {
    checkObject('options', options);
    this.#filters.replace(filters, checkFlag('joinFilters', options.joinFilters ?? false));
  }

  /** Replaces which error frames are received: all with true, none with false, or those of some classes. */
  setErrors(errors: CanErrors): void {
    this.#filters.setErrors(errors);
  }

  recv(options?: CanRecvOptions): Promise<ReceivedFrame> {
    return this.#hub.recv(options);
  }

  /** As {@link recv}, blocking this thread. */
  recvSync(options?: SyncOptions): ReceivedFrame {
    const there = this.#hub.shift();
    if (there !== undefined) return there;
    const [rows, batch] = this.#one;
    const end = options?.timeout === undefined ? undefined : performance.now() + options.timeout;
    for (;;) {
      const timeout = end === undefined ? undefined : Math.max(0, end - performance.now());
      this.socket.recvBatchSync(rows.batch, { ...options, timeout });
      for (const frame of batch) if (this.#isFor(rows, 0)) return frame.copy();
    }
  }

  frames(options?: CanReceiveOptions): CanFrames {
    return this.#hub.open(options);
  }

  /** Frame after frame, see {@link frames}. */
  [Symbol.asyncIterator](): CanFrames {
    return this.frames();
  }

  batches(options?: CanBatchOptions): CanBatches {
    return new FrameBatches(this.#hub, options, this.#kind.size, (max) => this.#rows(max)[0]);
  }

  /** Gives what was received to who reads. */
  #hand(rows: KernelRows): void {
    const batch =
      rows === this.#one[0] ? this.#one[1] : rows === this.#many[0] ? this.#many[1] : new FrameBatch(rows);
    let row = 0;
    for (const frame of batch) if (this.#isFor(rows, row++)) this.#hub.push(frame.copy());
  }

  /** Whether a frame is one that was asked for, and not one that was let in to be recognized. */
  #isFor(rows: KernelRows, row: number): boolean {
    if (this.#echoing && rows.direction(row) === 'own') {
      const at = row * rows.size;
      this.#echoes.heard(rows.payload.subarray(at, at + rows.lengths[row]!));
      if (!this.#receiveOwn) return false;
    }
    return !this.#filters.strict || this.#filters.passes(readHostU32(rows.payload, row * rows.size));
  }

  /**
   * Sends a frame, waiting for room. A full queue of the interface (ENOBUFS, which no readiness tells of) is tried again after
   * growing pauses, in the order of the sends. With `confirm` it resolves when the frame was on the bus.
   * @throws ERR_SOCKET_TIMEOUT when there is no room for `timeout` ms (`cause`: ENOBUFS where the interface's queue was full), ENOBUFS
   * without a timeout when it stays full for 30 s, ABORT_ERR, ECANCELED when the socket is closed meanwhile, ENETDOWN,
   * EINVAL for a kind of frame that the socket or the interface does not take, ENXIO without an interface on a socket that
   * is open on all; ENOTSUP for `confirm` without `loopback`.
   */
  async send(frame: CanFrameFields, options: CanSendOptions = {}): Promise<void> {
    checkObject('options', options);
    const { timeout, signal, ifindex, confirm = false } = options;
    const data = encoded(frame);
    if (checkFlag('confirm', confirm)) return this.#confirmed(data, options);
    if (this.#echoing) this.#echoes.note(data);
    if (ifindex === undefined) await this.socket.send(data, { timeout, signal });
    else await this.socket.sendTo(data, can(ifindex), { timeout, signal });
  }

  async #confirmed(data: Uint8Array, { timeout, signal, ifindex }: CanSendOptions): Promise<void> {
    checkWait(timeout, signal);
    if (!this.#loopback) {
      throw new CanBusError('ENOTSUP', 'send ENOTSUP: frames are confirmed by `loopback`, which is off');
    }
    if (this.closed) throw closedError('send');
    if (!this.#echoing) {
      this.socket.setsockopt(constants.SOL_CAN_RAW, constants.CAN_RAW_RECV_OWN_MSGS, 1);
      this.#echoing = true;
    }
    this.#filters.widen(data);
    const { heard, forget } = this.#echoes.expect(data, timeout, signal);
    this.#hub.listen();
    try {
      const sent =
        ifindex === undefined
          ? this.socket.send(data, { timeout, signal })
          : this.socket.sendTo(data, can(ifindex), { timeout, signal });
      await sent.catch((error: Error) => {
        forget();
        throw error;
      });
      await heard;
    } finally {
      this.#filters.narrow(data);
      this.#hub.unlisten();
    }
  }

  /** As {@link send}, blocking this thread; never confirmed. */
  sendSync(frame: CanFrameFields, options: CanSendSyncOptions = {}): void {
    checkObject('options', options);
    const { timeout, interruptible, ifindex } = options;
    const data = encoded(frame);
    if (this.#echoing) this.#echoes.note(data);
    if (ifindex === undefined) this.socket.sendSync(data, { timeout, interruptible });
    else this.socket.sendToSync(data, can(ifindex), { timeout, interruptible });
  }

  /**
   * Sends frames in order, many by one call of the kernel, and says how many.
   * @throws As {@link send}, and for what is no frame, after those before it were sent; the error's `messagesSent` says how many.
   */
  async sendAll(frames: Iterable<CanFrameFields>, options: CanWaitOptions = {}): Promise<number> {
    checkObject('options', options);
    if (typeof frames !== 'object' || frames === null || !(Symbol.iterator in frames)) {
      throw wrongType('frames', 'an iterable of frames', frames);
    }
    const { timeout, signal } = options;
    checkWait(timeout, signal);
    const end = timeout === undefined ? undefined : performance.now() + timeout;
    const size = this.xl ? CANXL_MTU : CANFD_MTU;
    const batch = this.#out ?? new Batch({ messages: SENT_AT_ONCE, size, address: false });
    this.#out = undefined;
    let sent = 0;
    const flush = async (count: number): Promise<void> => {
      if (count === 0) return;
      batch.fill(count);
      const left = end === undefined ? undefined : Math.max(0, end - performance.now());
      try {
        sent += await this.socket.sendBatch(batch, { timeout: left, signal });
      } catch (error) {
        (error as SocketError).messagesSent = sent + ((error as SocketError).messagesSent ?? 0);
        throw error;
      }
    };
    let filled = 0;
    for (const frame of frames) {
      const at = filled * size;
      let length: number;
      try {
        if (frame?.xl === true && !this.xl)
          throw wrongValue('frame', 'no XL frame without `xl: true`', frame);
        length = encodeFrame(frame, batch.payload, at);
      } catch (error) {
        await flush(filled);
        throw Object.assign(error as Error, { messagesSent: sent });
      }
      batch.lengths[filled] = length;
      if (this.#echoing) this.#echoes.note(batch.payload.subarray(at, at + length));
      filled += 1;
      if (filled < SENT_AT_ONCE) continue;
      await flush(filled);
      filled = 0;
    }
    await flush(filled);
    this.#out = batch;
    return sent;
  }

  /**
   * The broadcast manager of the interface, which {@link cyclic}, {@link watch} and {@link answer} are done by: the kernel's, or timers
   * over this socket where the kernel has none, or where this socket is not open on one interface. It is closed with the socket.
   * @throws EBADF on a closed socket; ENODEV
   */
  get broadcasts(): BroadcastManager {
    if (this.closed) throw closedError('broadcasts');
    this.#broadcasts ??= broadcastManager(this, this.ifindex === 0 ? undefined : this.ifindex, this.#netns);
    return this.#broadcasts;
  }

  /** Sends a frame, or several in turn, again and again, until the job is stopped: {@link BroadcastManager.cyclic}. */
  async cyclic(frames: BcmFrameFields | readonly BcmFrameFields[], timing: CyclicTiming): Promise<CyclicJob> {
    return this.broadcasts.cyclic(frames, timing);
  }

  /** Tells when the content of frames with this identifier changes, or they stay away: {@link BroadcastManager.watch}. */
  watch(id: CanId | number, options?: WatchOptions): Watch {
    return this.broadcasts.watch(id, options);
  }

  /** Sends this frame whenever it is asked for by a remote request: {@link BroadcastManager.answer}. */
  answer(frame: BcmFrameFields): RemoteAnswer {
    return this.broadcasts.answer(frame);
  }

  /** Closes the socket, and ends its broadcasts; twice is fine. It is done when the call returns. */
  close(): Promise<void> {
    this.#broadcasts?.close();
    this.socket.close();
    this.#hub.end();
    this.#echoes.fail(
      new CanBusError('ECANCELED', 'send ECANCELED: the socket was closed while this call waited'),
    );
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function encoded(frame: CanFrameFields): Uint8Array {
  if (frame?.xl === true) {
    const bytes = new Uint8Array(CANXL_MTU);
    return bytes.subarray(0, encodeFrame(frame, bytes));
  }
  const bytes = new Uint8Array(frame?.fd === true ? CANFD_MTU : CAN_MTU);
  encodeFrame(frame, bytes);
  return bytes;
}

function nameOf(interfaceNameOrIndex: string | number, foreign: boolean): string {
  if (typeof interfaceNameOrIndex === 'string') return interfaceNameOrIndex;
  if (interfaceNameOrIndex === 0) return 'any';
  try {
    return foreign ? `#${interfaceNameOrIndex}` : ifIndexToName(interfaceNameOrIndex);
  } catch {
    // bind(2) says ENODEV, in better words.
    return `#${interfaceNameOrIndex}`;
  }
}
