/** ISO-TP by the kernel: sockets of can-isotp. */
import { readFileSync } from 'node:fs';
import { canIsotp } from '@sockeye/addr';
import { checkUint, wrongValue } from '@sockeye/addr/check';
import { constants, errnos, ifNameToIndex, platform, Socket, SocketError } from '@sockeye/core';
import { CAN_EFF_FLAG, type CanId } from '../id.ts';
import { Connection } from './connection.ts';
import { IsoTpError, systemError } from './error.ts';
import type { Settings } from './options.ts';
import { singleFrameRoom } from './pci.ts';
import {
  CAN_ISOTP_LL_OPTS,
  CAN_ISOTP_OPTS,
  CAN_ISOTP_RECV_FC,
  CAN_ISOTP_RX_STMIN,
  CAN_ISOTP_TX_STMIN,
  encodeFlowOptions,
  encodeGap,
  encodeLinkOptions,
  encodeOptions,
  SOL_CAN_ISOTP,
} from './struct.ts';
import type { Patience } from './waiting.ts';

/** The most that max_pdu_size of any kernel allows. */
const MOST = 1025 * 1024;
/** MAX_MSG_LENGTH of kernels without that parameter (net/can/isotp.c). */
const MOST_BEFORE = 66_000;

const { POLLOUT } = constants;

/** How often a send is tried again whose kernel told of another's failure instead. */
const TRIES = 8;

/** Messages that did not arrive and nobody has heard of yet; of more the oldest are forgotten. */
const FAULTS = 64;

/** What is the kernel's word for a failure, and whose it is. */
type Fault = { readonly of: 'send' | 'recv'; readonly error: IsoTpError };

const canId = ({ value, extended }: CanId): number => (extended ? (value | CAN_EFF_FLAG) >>> 0 : value);

/** The kernel's limit for one message, where it says so (module parameter max_pdu_size, Linux 6.4). */
function limit(): number | undefined {
  try {
    return Number(readFileSync('/sys/module/can_isotp/parameters/max_pdu_size', 'latin1'));
  } catch {
    return undefined;
  }
}

export class KernelIsoTp extends Connection {
  readonly implementation = 'kernel';
  /** The socket below. */
  readonly socket: Socket;
  /** A transmission that its caller gave up on, but not the kernel. */
  #orphan = false;
  #sending: Uint8Array | undefined;
  #sendFault: IsoTpError | undefined;
  readonly #faults: IsoTpError[] = [];
  /** Aborted with this connection as its reason when a send has found a failure that is a receiver's. */
  #news = new AbortController();
  /** Room for a message each, which no receive uses just now. */
  readonly #rooms: Uint8Array[] = [];

  private constructor(settings: Settings, socket: Socket) {
    super(settings);
    this.socket = socket;
  }

  /**
   * Opens a socket and sets its options before it is bound.
   * @throws ENOTSUP on other systems than Linux; EPROTONOSUPPORT, EAFNOSUPPORT where the kernel has no can-isotp; ENODEV
   */
  static open(interfaceNameOrIndex: string | number, settings: Settings): KernelIsoTp {
    if (settings.ownOnly !== undefined) {
      throw wrongValue(
        settings.ownOnly,
        "left out with can-isotp, which has nothing for it (implementation: 'own' has)",
        settings.ownOnly,
      );
    }
    const tx = canId(settings.tx);
    const rx = settings.rx === undefined ? 0 : canId(settings.rx);
    canIsotp({ ifindex: 0, rxId: rx, txId: tx }).toSockaddr(platform);
    const socket = Socket.create(constants.AF_CAN, constants.SOCK_DGRAM, constants.CAN_ISOTP);
    try {
      const set = (name: number, value: Uint8Array): void => socket.setsockopt(SOL_CAN_ISOTP, name, value);
      set(CAN_ISOTP_OPTS, encodeOptions(settings));
      set(CAN_ISOTP_RECV_FC, encodeFlowOptions(settings));
      set(CAN_ISOTP_LL_OPTS, encodeLinkOptions(settings));
      const { forceTxStMin, forceRxStMin } = settings;
      if (forceTxStMin !== undefined) set(CAN_ISOTP_TX_STMIN, encodeGap(forceTxStMin));
      if (forceRxStMin !== undefined) set(CAN_ISOTP_RX_STMIN, encodeGap(forceRxStMin));
      const ifindex =
        typeof interfaceNameOrIndex === 'string'
          ? ifNameToIndex(interfaceNameOrIndex)
          : checkUint('interfaceNameOrIndex', interfaceNameOrIndex, 31);
      socket.bind(canIsotp({ ifindex, rxId: rx, txId: tx }));
      return new KernelIsoTp(settings, socket);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  protected override transmit(message: Uint8Array, patience: Patience): Promise<void> | undefined {
    const { socket } = this;
    if (this.#orphan || this.settings.waitTxDone) return this.#transmit(message, patience);
    // Mostly the kernel takes it at once, and a single frame has left by then.
    const count = socket.trySend(message);
    if (count <= 0) return this.#transmit(message, patience, -count);
    return socket.tryWait(POLLOUT) === POLLOUT ? undefined : this.#transmit(message, patience, 0);
  }

  /** @param tried the errno of a try that was made; 0: the kernel has taken it */
  async #transmit(message: Uint8Array, patience: Patience, tried?: number): Promise<void> {
    try {
      if (this.#orphan) {
        await this.#finished(patience);
        this.#orphan = false;
      }
      if (tried === 0) this.#sending = message;
      else await this.#hand(message, patience, tried);
      await this.#finished(patience);
    } catch (error) {
      // The kernel goes on with what its caller has given up.
      if (!(error instanceof IsoTpError) && !this.socket.closed) {
        this.#orphan = (this.socket.tryWait(POLLOUT) & POLLOUT) === 0;
      }
      throw error;
    } finally {
      this.#sending = undefined;
      this.#sendFault = undefined;
    }
  }

  /** Gives a message to the kernel, which may tell of failures that are another's instead. */
  async #hand(message: Uint8Array, patience: Patience, tried?: number): Promise<void> {
    const { waitTxDone } = this.settings;
    for (let tries = 0; ; tries++) {
      // Until the kernel has taken the message, what it tells of is older.
      this.#sending = undefined;
      if (waitTxDone) {
        this.#settle(this.socket.getsockopt(constants.SOL_SOCKET, constants.SO_ERROR), 'send');
        this.#sending = message;
      }
      let errno = tries === 0 && tried !== undefined ? tried : -this.socket.trySend(message);
      if (errno === errnos.EAGAIN || errno === errnos.ENOBUFS) {
        this.#sending = message;
        try {
          await this.socket.send(message, patience.options);
          return;
        } catch (error) {
          if (!(error instanceof SocketError) || error.errno === undefined) throw error;
          errno = -error.errno;
        }
      } else if (errno <= 0) {
        this.#sending = message;
        return;
      }
      const fault = this.#fault(errno);
      if (fault === undefined || tries === TRIES) throw this.#refused(errno, message);
      if (fault.of === 'recv') this.#toReceivers(fault.error);
      else if (waitTxDone) throw fault.error;
    }
  }

  #refused(errno: number, message: Uint8Array): SocketError {
    if (errno !== errnos.EINVAL) return systemErrorOf(errno, 'send');
    const most = limit();
    const words =
      most === undefined
        ? 'this kernel takes no message so long: 8,300 bytes unless its module was loaded with another max_pdu_size (Linux 6.4 and later), 66,000 before'
        : `this kernel takes at most ${most} bytes: load its module with more ("sudo modprobe can-isotp max_pdu_size=${Math.min(message.length, MOST)}", its most is ${MOST})`;
    return systemError('EINVAL', 'send', `${message.length} bytes: ${words}; or use implementation: 'own'`);
  }

  /** Waits until the kernel has sent what it was given. */
  async #finished(patience: Patience): Promise<void> {
    for (;;) {
      const stands = this.socket.tryWait(POLLOUT);
      if (stands < 0) throw systemErrorOf(-stands, 'send');
      if ((stands & constants.POLLERR) !== 0) {
        this.#settle(this.socket.getsockopt(constants.SOL_SOCKET, constants.SO_ERROR), 'send');
      }
      if (this.#sendFault !== undefined) throw this.#sendFault;
      if ((stands & POLLOUT) !== 0) return;
      await this.socket.wait({ write: true, ...patience.options });
    }
  }

  protected override async receive(patience: Patience): Promise<Uint8Array> {
    const room = this.#room();
    try {
      for (;;) {
        const fault = this.#faults.shift();
        if (fault !== undefined) throw fault;
        try {
          return room.slice(0, await this.#received(room, patience));
        } catch (error) {
          if (!(error instanceof SocketError)) throw error;
          // One was given to another receive, or it is this one's.
          if (error.code === 'ABORT_ERR' && error.cause === this) continue;
          const errno = -(error.errno ?? 0);
          if (this.#fault(errno) === undefined && HINTS[error.code] === undefined) throw error;
          this.#settle(errno, 'recv');
        }
      }
    } finally {
      this.#rooms.push(room);
    }
  }

  /** Memory for the longest message that this kernel receives. */
  #room(): Uint8Array {
    return this.#rooms.pop() ?? new Uint8Array((limit() ?? MOST_BEFORE) + 1);
  }

  /** Waits for a message, or until a send has found a failure that is a receiver's. */
  #received(room: Uint8Array, patience: Patience): Promise<number> {
    const { left: timeout, signal } = patience;
    const news = this.#news.signal;
    if (signal === undefined) return this.socket.recvInto(room, { timeout, signal: news });
    const either = new AbortController();
    const onAbort = (): void => either.abort(signal.reason);
    const onNews = (): void => either.abort(this);
    signal.addEventListener('abort', onAbort);
    news.addEventListener('abort', onNews);
    return this.socket.recvInto(room, { timeout, signal: either.signal }).finally(() => {
      signal.removeEventListener('abort', onAbort);
      news.removeEventListener('abort', onNews);
    });
  }

  #toReceivers(fault: IsoTpError): void {
    if (this.#faults.push(fault) > FAULTS) this.#faults.shift();
    const news = this.#news;
    this.#news = new AbortController();
    news.abort(this);
  }

  /** Takes a failure that the socket told of to whom it concerns; `asked` is thrown what concerns the socket. */
  #settle(errno: number, asked: 'send' | 'recv'): void {
    if (errno === 0) return;
    const fault = this.#fault(errno);
    if (fault === undefined) throw systemErrorOf(errno, asked);
    if (fault.of === 'recv') this.#toReceivers(fault.error);
    // Of a message that was given up nobody wants to know.
    else if (this.#sending !== undefined) this.#sendFault = fault.error;
  }

  #fault(errno: number): Fault | undefined {
    const long = this.#sending !== undefined && this.#sending.length > singleFrameRoom(this.settings.layout);
    const sends = (result: IsoTpError['result']): Fault => ({
      of: 'send',
      error: new IsoTpError(result, 'send', 'kernel'),
    });
    const receives = (result: IsoTpError['result']): Fault => ({
      of: 'recv',
      error: new IsoTpError(result, 'recv', 'kernel'),
    });
    switch (errno) {
      case errnos.ECOMM:
        return sends(long ? 'N_TIMEOUT_Bs' : 'N_TIMEOUT_A');
      case errnos.EMSGSIZE:
        return sends('N_BUFFER_OVFLW');
      case errnos.ETIMEDOUT:
        return receives('N_TIMEOUT_Cr');
      case errnos.EILSEQ:
        return receives('N_WRONG_SN');
      case errnos.EBADMSG:
        // Of both directions; that of a send has ended it.
        return long && (this.socket.tryWait(POLLOUT) & POLLOUT) !== 0
          ? sends('N_ERROR')
          : receives('N_ERROR');
      default:
        return undefined;
    }
  }

  protected override discard(): void {
    this.#faults.length = 0;
    const room = this.#room();
    this.#rooms.push(room);
    for (;;) {
      const count = this.socket.tryRecvInto(room);
      if (count === -errnos.EAGAIN) return;
      if (count < 0 && this.#fault(-count) === undefined) throw systemErrorOf(-count, 'recv');
    }
  }

  protected override async end(): Promise<void> {
    const { socket } = this;
    const sent = (one: Socket): boolean => (one.tryWait(POLLOUT) & POLLOUT) !== 0;
    if (sent(socket)) {
      socket.close();
      return;
    }
    // A second descriptor waits for the end of the transmission, since closing the last one would block.
    const last = socket.dup();
    socket.close();
    try {
      while (!sent(last)) {
        await last.wait({ write: true });
        last.getsockopt(constants.SOL_SOCKET, constants.SO_ERROR);
      }
    } finally {
      last.close();
    }
  }
}

/** As core makes it of `-errno`. */
function systemErrorOf(errno: number, syscall: string): SocketError {
  const code = Object.entries(errnos).find(([, number]) => number === errno)?.[0] ?? `E${errno}`;
  return systemError(code, syscall, HINTS[code] ?? code);
}

const HINTS: Readonly<Record<string, string>> = {
  ENETDOWN: 'the interface is down: run "sudo ip link set <interface> up"',
  ENODEV: 'the interface is gone; open the connection again when it is back',
  EADDRNOTAVAIL: 'the interface is gone; open the connection again when it is back',
  ENXIO: 'the interface is gone; open the connection again when it is back',
};
