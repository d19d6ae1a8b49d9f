/** A socket of the kernel's broadcast manager: messages out, and in one place, whoever asked, messages in. */
import { can, decode } from '@sockeye/addr';
import {
  constants,
  errnos,
  MessageBuffer,
  type NamespaceOptions,
  platform,
  Socket,
  SocketError,
  strerror,
} from '@sockeye/core';
import { controlSpace, decodeControl } from '@sockeye/core/cmsg';
import {
  BCM_HEAD_SIZE,
  type BcmMessage,
  type BcmMessageFields,
  bcmMessageSize,
  decodeBcmMessage,
  encodeBcmMessage,
} from '../bcm-message.ts';
import { CANFD_MTU } from '../layout.ts';

/** A message from the kernel. */
export interface Told {
  readonly message: BcmMessage;
  readonly ifindex: number;
  readonly timestampNs: bigint | undefined;
  /** How many this socket had to drop since it was made. */
  readonly dropped: number;
}

/** Whoever a socket is read for. */
export interface Receiver {
  /** Whether more is to be read. */
  wants(): boolean;
  told(told: Told): void;
  /** The interface went down. */
  down(): void;
  /** The socket is of no more use: the interface vanished. */
  failed(error: Error): void;
}

/** Of SO_TIMESTAMPNS (a timespec) and SO_RXQ_OVFL. */
const CONTROL: number = controlSpace(16, 4);
/** sizeof(struct ifreq), and where what is asked for stands behind the name (net/if.h). */
const IFREQ_SIZE = 40;
const IFNAMSIZ = 16;
/** How often a question is asked whose answer found no room. */
const TRIES = 3;

export class BcmSocket {
  readonly socket: Socket;
  readonly ifindex: number;
  readonly #receiver: Receiver;
  readonly #room: Uint8Array;
  readonly #beside: MessageBuffer = new MessageBuffer({ control: CONTROL });
  #reading = false;
  #dropped = 0;
  #meant: BcmMessage | undefined;
  #gone: Error | undefined;

  /**
   * @param ifindex 0 for all interfaces
   * @param frames the most that a message to us has
   * @param options in which namespace the interface is
   * @throws SocketError EAFNOSUPPORT, EPROTONOSUPPORT where the kernel has no broadcast manager, ENODEV
   */
  constructor(ifindex: number, frames: number, receiver: Receiver, options?: NamespaceOptions) {
    this.ifindex = ifindex;
    this.#receiver = receiver;
    this.#room = new Uint8Array(BCM_HEAD_SIZE + frames * CANFD_MTU);
    const address = can(ifindex);
    address.toSockaddr(platform);
    const { AF_CAN, SOCK_DGRAM, CAN_BCM, SOL_SOCKET, SO_TIMESTAMPNS, SO_RXQ_OVFL } = constants;
    this.socket = Socket.create(AF_CAN, SOCK_DGRAM, CAN_BCM, options);
    try {
      this.socket.setsockopt(SOL_SOCKET, SO_TIMESTAMPNS, 1);
      this.socket.setsockopt(SOL_SOCKET, SO_RXQ_OVFL, 1);
      this.socket.connectSync(address);
    } catch (error) {
      this.socket.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  /** Why it is of no more use. */
  get gone(): Error | undefined {
    return this.#gone;
  }

  /** Asks the kernel for something, which it does or refuses at once. */
  request(message: BcmMessageFields): void {
    if (this.#gone !== undefined) throw this.#gone;
    const bytes = new Uint8Array(bcmMessageSize(message));
    encodeBcmMessage(message, bytes);
    try {
      this.socket.sendSync(bytes, { timeout: 0 });
    } catch (error) {
      // A vanished interface leaves the socket without one; why is with the messages.
      if ((error as SocketError).code === 'ENOTCONN') this.#drain();
      throw this.#gone ?? error;
    }
  }

  /** Asks, and gives the answer: a message with this `opcode`. What else is there is told as ever. */
  ask(message: BcmMessageFields, opcode: number): BcmMessage {
    for (let tries = 0; tries < TRIES; tries++) {
      // What waits takes room that the answer needs.
      this.#drain();
      this.request(message);
      const answer = this.#drain(opcode, message.canId);
      if (answer !== undefined) return answer;
    }
    if (this.#gone !== undefined) throw this.#gone;
    const words = `recvmsg ENOBUFS: ${TRIES} answers of the broadcast manager found no room in the receive buffer`;
    throw new SocketError(words, { code: 'ENOBUFS', errno: -errnos.ENOBUFS, syscall: 'recvmsg' });
  }

  /** Bytes of the largest frame that the interface takes: netdevice(7), SIOCGIFMTU. Throws SocketError ENODEV. */
  mtu(): number {
    const request = new Uint8Array(IFREQ_SIZE);
    const value = new Int32Array(request.buffer, IFNAMSIZ, 1);
    value[0] = this.ifindex;
    // Its name too as the socket's own namespace has it.
    this.socket.ioctl(constants.SIOCGIFNAME, request);
    this.socket.ioctl(constants.SIOCGIFMTU, request);
    return value[0]!;
  }

  /** Sees to it that messages are read for as long as the receiver wants any. */
  read(): void {
    if (!this.#reading) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#reading = true;
    const wants = (): boolean => !this.closed && this.#gone === undefined && this.#receiver.wants();
    while (wants()) {
      // Told one by one: what nobody waits for stays in the kernel, which counts what it has no room for.
      while (wants() && this.#take());
      if (!wants()) break;
      try {
        await this.socket.wait({ read: true });
      } catch (error) {
        // Closing it is how a wait ends that nobody needs.
        if (!this.closed) this.#fault(error as SocketError);
      }
    }
    this.#reading = false;
  }

  /** Reads what is there. Gives the message that is meant, and tells all others. */
  #drain(opcode?: number, canId?: number): BcmMessage | undefined {
    this.#meant = undefined;
    while (!this.closed && this.#gone === undefined && this.#take(opcode, canId));
    return this.#meant;
  }

  /** Reads a message, or an error, if one is there. */
  #take(opcode?: number, canId?: number): boolean {
    const size = this.socket.tryRecvMsgInto(this.#room, this.#beside);
    if (size === -errnos.EAGAIN) return false;
    if (size < 0) this.#fault(faultOf(size));
    else this.#deliver(size, opcode, canId);
    return true;
  }

  #fault(error: SocketError): void {
    if (error.code === 'ENETDOWN') {
      this.#receiver.down();
      return;
    }
    this.#gone = error;
    this.#receiver.failed(error);
  }

  #deliver(size: number, opcode?: number, canId?: number): void {
    const message = decodeBcmMessage(this.#room.slice(0, size));
    let timestampNs: bigint | undefined;
    for (const control of this.#beside.control().map(decodeControl)) {
      if (control.kind === 'timestamp') timestampNs = control.time;
      if (control.kind === 'overflow') this.#dropped = control.dropped;
    }
    if (message.opcode === opcode && message.canId === canId) this.#meant = message;
    else this.#receiver.told({ message, ifindex: this.#interface(), timestampNs, dropped: this.#dropped });
  }

  #interface(): number {
    if (this.ifindex !== 0) return this.ifindex;
    const { bytes, length } = this.#beside.address;
    const address = decode(bytes, 0, length, platform);
    return address.family === 'can' ? address.ifindex : 0;
  }

  /** The kernel ends all that was asked for on it. */
  close(): void {
    this.socket.close();
  }
}

/** The error of a call that does not throw. */
function faultOf(result: number): SocketError {
  const [code = `E${-result}`] = Object.entries(errnos).find(([, errno]) => errno === -result) ?? [];
  return new SocketError(`recvmsg ${code}: ${strerror(-result)}`, {
    code,
    errno: result,
    syscall: 'recvmsg',
  });
}
