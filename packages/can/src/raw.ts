import { can, decode } from '@sockeye/addr';
import { checkObject, checkUint } from '@sockeye/addr/check';
import {
  AddressBuffer,
  constants,
  ifNameToIndex,
  platform,
  Socket,
  type SyncOptions,
  type WaitOptions,
} from '@sockeye/core';
import { type CanFilter, encodeFilters } from './filter.ts';
import { type CanFrame, type CanFrameFields, decodeFrame, encodeFrame } from './frame.ts';
import { CANFD_MTU } from './layout.ts';

export interface RawCanOptions {
  /**
   * What to receive; left out: everything but error frames. An empty list: nothing, for a socket that only
   * sends.
   */
  readonly filters?: readonly CanFilter[] | undefined;
  /** A frame must pass all filters instead of one. Default false. */
  readonly joinFilters?: boolean | undefined;
  /** Receive CAN FD frames, and be allowed to send them, beside classic ones. Default false. */
  readonly fd?: boolean | undefined;
  /** Whether other sockets on this host see what is sent. Default true. */
  readonly loopback?: boolean | undefined;
  /**
   * Whether this socket receives what it sent itself, once it was on the bus; needs `loopback`. Default
   * false.
   */
  readonly receiveOwn?: boolean | undefined;
  /** Which error frames to receive, see `errorMask`. Default 0: none. */
  readonly errorMask?: number | undefined;
}

/** A frame, and the index of the interface it came from. */
export type ReceivedCanFrame = CanFrame & { readonly ifindex: number };

export interface RawCanSendOptions {
  /** Where to send, on a socket that is open on all interfaces. */
  readonly ifindex?: number | undefined;
}

/**
 * A raw CAN socket (Linux: the kernel's networking/can.rst). It needs no capability. Frames are encoded and
 * decoded here; all else, from options to descriptors, is done on {@link socket}.
 */
export class RawCanSocket implements Disposable, AsyncDisposable {
  /** The socket below. */
  readonly socket: Socket;
  /** Index of the interface it is open on; 0 for all. */
  readonly ifindex: number;
  readonly #spareAddresses: AddressBuffer[] = [];

  private constructor(socket: Socket, ifindex: number) {
    this.socket = socket;
    this.ifindex = ifindex;
  }

  /**
   * Opens a socket on an interface, by name or index; 0 is all CAN interfaces. Options are set before it is
   * bound, so no frame that they exclude is received.
   * @throws ENOTSUP on other systems than Linux, EAFNOSUPPORT where the kernel has no CAN, ENODEV for an
   * interface that does not exist or is not CAN, EINVAL for more than 512 filters.
   */
  static open(interfaceNameOrIndex: string | number, options: RawCanOptions = {}): RawCanSocket {
    checkObject('options', options);
    can(0).toSockaddr(platform);
    if (typeof interfaceNameOrIndex !== 'string') {
      checkUint('interfaceNameOrIndex', interfaceNameOrIndex, 31);
    }
    const filters = options.filters === undefined ? undefined : encodeFilters(options.filters);
    const errors = checkUint('errorMask', options.errorMask ?? 0, 29);
    // The socket first: that the kernel has no CAN is worth more to know than that it lacks the interface.
    const socket = Socket.create(constants.AF_CAN, constants.SOCK_RAW, constants.CAN_RAW);
    try {
      const ifindex =
        typeof interfaceNameOrIndex === 'string' ? ifNameToIndex(interfaceNameOrIndex) : interfaceNameOrIndex;
      const set = (name: number, value: number | Uint8Array | boolean | undefined): void => {
        if (value === undefined) return;
        socket.setsockopt(constants.SOL_CAN_RAW, name, typeof value === 'boolean' ? Number(value) : value);
      };
      set(constants.CAN_RAW_FILTER, filters);
      set(constants.CAN_RAW_ERR_FILTER, errors);
      set(constants.CAN_RAW_FD_FRAMES, options.fd);
      set(constants.CAN_RAW_LOOPBACK, options.loopback);
      set(constants.CAN_RAW_RECV_OWN_MSGS, options.receiveOwn);
      set(constants.CAN_RAW_JOIN_FILTERS, options.joinFilters);
      socket.bind(can(ifindex));
      return new RawCanSocket(socket, ifindex);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Takes over a bound raw CAN socket that was made elsewhere, such as a descriptor that was handed over. */
  static from(socket: Socket, ifindex = 0): RawCanSocket {
    return new RawCanSocket(socket, checkUint('ifindex', ifindex, 31));
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  /** Replaces the receive filters. @throws EINVAL for more than 512. */
  setFilters(filters: readonly CanFilter[]): void {
    this.socket.setsockopt(constants.SOL_CAN_RAW, constants.CAN_RAW_FILTER, encodeFilters(filters));
  }

  /** Replaces the error mask, see `errorMask`; 0 receives no error frames. */
  setErrorMask(mask: number): void {
    checkUint('mask', mask, 29);
    this.socket.setsockopt(constants.SOL_CAN_RAW, constants.CAN_RAW_ERR_FILTER, mask);
  }

  /**
   * Waits for a frame.
   * @throws ENETDOWN once when the interface goes down, ENODEV when it vanishes, ERR_SOCKET_TIMEOUT,
   * ABORT_ERR, ECANCELED when the socket is closed meanwhile.
   */
  async recv(options?: WaitOptions): Promise<ReceivedCanFrame> {
    const bytes = new Uint8Array(CANFD_MTU);
    if (this.ifindex !== 0) {
      return received(bytes.subarray(0, await this.socket.recvInto(bytes, options)), this.ifindex);
    }
    const address = this.#spareAddresses.pop() ?? new AddressBuffer();
    try {
      const count = await this.socket.recvFromInto(bytes, address, options);
      return received(bytes.subarray(0, count), interfaceOf(address));
    } finally {
      this.#spareAddresses.push(address);
    }
  }

  /** As {@link recv}, blocking this thread. */
  recvSync(options?: SyncOptions): ReceivedCanFrame {
    const bytes = new Uint8Array(CANFD_MTU);
    if (this.ifindex !== 0) {
      return received(bytes.subarray(0, this.socket.recvIntoSync(bytes, options)), this.ifindex);
    }
    const address = this.#spareAddresses.pop() ?? new AddressBuffer();
    try {
      const count = this.socket.recvFromIntoSync(bytes, address, options);
      return received(bytes.subarray(0, count), interfaceOf(address));
    } finally {
      this.#spareAddresses.push(address);
    }
  }

  /**
   * Receives a frame as bytes into `bytes`, without waiting, throwing or allocating: 16 or 72 (their number;
   * `decodeFrame` reads `bytes.subarray(0, 16 or 72)`), or `-errno`. 72 bytes of room are enough for every
   * frame; with `address` it says where the frame came from.
   */
  tryRecvInto(bytes: Uint8Array, address?: AddressBuffer): number {
    return address === undefined
      ? this.socket.tryRecvInto(bytes)
      : this.socket.tryRecvFromInto(bytes, address);
  }

  /**
   * Sends a frame, waiting for room. A full queue of the interface (ENOBUFS, which no readiness tells of) is
   * tried again after growing pauses, in the order of the sends.
   * @throws ERR_SOCKET_TIMEOUT when there is no room for `timeout` ms (`cause`: ENOBUFS where the interface's
   * queue was full), ENOBUFS without a timeout when it stays full for 30 s, ABORT_ERR, ECANCELED when the socket
   * is closed meanwhile, ENETDOWN, EINVAL for an FD frame on a socket or interface that does not take them,
   * ENXIO without an interface on a socket that is open on all.
   */
  async send(frame: CanFrameFields, options: WaitOptions & RawCanSendOptions = {}): Promise<void> {
    checkObject('options', options);
    const { timeout, signal, ifindex } = options;
    const bytes = new Uint8Array(CANFD_MTU);
    const data = bytes.subarray(0, encodeFrame(frame, bytes));
    if (ifindex === undefined) await this.socket.send(data, { timeout, signal });
    else await this.socket.sendTo(data, can(ifindex), { timeout, signal });
  }

  /** As {@link send}, blocking this thread. */
  sendSync(frame: CanFrameFields, options: SyncOptions & RawCanSendOptions = {}): void {
    checkObject('options', options);
    const { timeout, interruptible, ifindex } = options;
    const bytes = new Uint8Array(CANFD_MTU);
    const data = bytes.subarray(0, encodeFrame(frame, bytes));
    if (ifindex === undefined) this.socket.sendSync(data, { timeout, interruptible });
    else this.socket.sendToSync(data, can(ifindex), { timeout, interruptible });
  }

  /**
   * Sends a frame that `encodeFrame` wrote, 16 or 72 bytes, without waiting or allocating: their number, or
   * `-errno` (EAGAIN, ENOBUFS: the queue is full).
   */
  trySend(bytes: Uint8Array): number {
    return this.socket.trySend(bytes);
  }

  /** Frame after frame, until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedCanFrame, void, void> {
    try {
      while (!this.closed) yield await this.recv();
    } catch (error) {
      if (!this.closed) throw error;
    }
  }

  /** Closes the socket; twice is fine. */
  close(): void {
    this.socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

function received(bytes: Uint8Array, ifindex: number): ReceivedCanFrame {
  return { ...decodeFrame(bytes), ifindex };
}

function interfaceOf({ bytes, length }: AddressBuffer): number {
  if (length === 0) return 0;
  const address = decode(bytes, 0, length, platform);
  return address.family === 'can' ? address.ifindex : 0;
}
