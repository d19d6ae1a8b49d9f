import { EventEmitter } from 'node:events';
import { checkObject, checkUint, wrongType } from '@sockeye/addr/check';
import { constants, errnos, SocketError, type WaitOptions } from '@sockeye/core';
import { type FilterProgram, filter } from '@sockeye/core/options';
import { type CapturedPacket, PacketBatch } from './captured-packet.ts';
import { interfaceName } from './interface-request.ts';
import { standingError } from './packet-options.ts';
import { PacketSocket, type PacketSocketOptions } from './packet-socket.ts';
import { virtioLength } from './virtio.ts';

/** Room for the largest frame without BIG TCP: 65,535 bytes of IP, and the longest link-layer header that is usual. */
const WHOLE = 65_536 + 64;
const MESSAGES = 64;

export interface CaptureOptions
  extends Omit<PacketSocketOptions, 'interface' | 'ifindex' | 'auxiliaryData' | 'timestamps'> {
  /** Bytes of each packet that are kept, 1 to 1,048,560. Default 65,600: all of it. */
  readonly snapLength?: number | undefined;
  /** Packets that one system call brings at most, 1 to 1,024. Default 64. */
  readonly messages?: number | undefined;
  /** By whose clock packets are stamped, as `PacketSocketOptions` has it, or not at all. Default `software`. */
  readonly timestamps?: 'software' | 'hardware' | 'none' | undefined;
}

/** Why a capture ended by itself: its interface went `down`, or is `gone`. */
export interface CaptureEnd {
  readonly reason: 'down' | 'gone';
  /** Of the interface, as it was when the capture began. */
  readonly name: string;
  readonly ifindex: number;
}

interface CaptureEvents {
  down: [end: CaptureEnd];
}

/**
 * Packets as they pass an interface, many with each system call. When the interface goes down or away, what had come before is
 * still delivered; then there is a `'down'` event, and an end. `capture` makes one.
 */
export class Capture extends EventEmitter<CaptureEvents> implements Disposable, AsyncDisposable {
  /** The socket below. */
  readonly socket: PacketSocket;
  readonly #name: string;
  readonly #make: () => PacketBatch;
  /** Made to see that it can be; whoever receives first takes it. */
  #first: PacketBatch | undefined;
  #batch: PacketBatch | undefined;
  #one: PacketBatch | undefined;
  /** Where in the batch of `packets` the next packet is. */
  #next = 0;
  #falling = false;
  #end: CaptureEnd | undefined;
  #packets = 0;
  #drops = 0;

  /** Not for callers: {@link capture} makes them. */
  constructor(socket: PacketSocket, name: string, make: () => PacketBatch) {
    super();
    this.socket = socket;
    this.#name = name;
    this.#first = make();
    this.#make = () => {
      const batch = this.#first ?? make();
      this.#first = undefined;
      return batch;
    };
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  /** Why it ended by itself; undefined as long as it has not. */
  get end(): CaptureEnd | undefined {
    return this.#end;
  }

  /**
   * Packet after packet, until the capture is closed, or its interface goes down or away. Each is a view that is good until the
   * loop asks for more and others are received into the memory; a loop that is left and begun again loses none.
   * @throws ABORT_ERR, ERR_SOCKET_TIMEOUT when there is none for so long.
   */
  async *packets(options?: WaitOptions): AsyncGenerator<CapturedPacket, void, void> {
    this.#one ??= this.#make();
    const batch = this.#one;
    for (;;) {
      while (this.#next < batch.length) yield batch.at(this.#next++);
      try {
        if (!(await this.#receive(batch, options))) return;
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
      this.#next = 0;
    }
  }

  /**
   * The packets that are there, at least one: recvmmsg(2). They are good until the next call; undefined when the capture has
   * ended since the interface went down or away. One call at a time.
   * @throws ABORT_ERR, ERR_SOCKET_TIMEOUT, EBADF or ECANCELED when it is closed.
   */
  async recvBatch(options?: WaitOptions): Promise<PacketBatch | undefined> {
    this.#batch ??= this.#make();
    return (await this.#receive(this.#batch, options)) ? this.#batch : undefined;
  }

  /** {@link recvBatch} again and again, until the capture is closed or has ended. */
  async *batches(options?: WaitOptions): AsyncGenerator<PacketBatch, void, void> {
    for (;;) {
      try {
        const batch = await this.recvBatch(options);
        if (batch === undefined) return;
        yield batch;
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
    }
  }

  /** Changes the filter: what was queued before it stood is not delivered. See {@link PacketSocket.setFilter}. */
  setFilter(program: FilterProgram | undefined): void {
    this.socket.setFilter(program);
  }

  /** Packets since the capture began, dropped ones included, and those dropped since its reader was too slow (PACKET_STATISTICS). */
  statistics(): { packets: number; drops: number } {
    const { packets, drops } = this.socket.statistics();
    this.#packets += packets;
    this.#drops += drops;
    return { packets: this.#packets, drops: this.#drops };
  }

  /** Closes it; twice is fine. */
  close(): void {
    this.socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Whether there were packets; false at the end. */
  async #receive(batch: PacketBatch, options: WaitOptions | undefined): Promise<boolean> {
    if (this.#end !== undefined) return false;
    const { socket } = this.socket;
    if (!this.#falling) {
      try {
        await socket.recvBatch(batch.slab, { ...options, flags: constants.MSG_TRUNC });
        batch.received();
        return true;
      } catch (error) {
        if (!(error instanceof SocketError) || error.code !== 'ENETDOWN') throw error;
        this.#falling = true;
        this.#stop();
      }
    }
    let count: number;
    do count = socket.tryRecvBatch(batch.slab, constants.MSG_TRUNC);
    while (count === -errnos.ENETDOWN);
    if (count > 0) {
      batch.received();
      return true;
    }
    this.#end = Object.freeze({ reason: this.#reason(), name: this.#name, ifindex: this.socket.ifindex });
    this.emit('down', this.#end);
    return false;
  }

  /** Lets nothing more in, should the interface come up again: what is there is to come to an end. */
  #stop(): void {
    try {
      filter.set(this.socket.socket, [{ code: 6, jt: 0, jf: 0, k: 0 }]);
    } catch {
      // Somebody locked the filter.
    }
  }

  #reason(): CaptureEnd['reason'] {
    const { socket, ifindex } = this.socket;
    // The kernel says that an interface is down before it takes it away, both under one lock. Dropping a membership waits for
    // that lock, also one that cannot be: of no interface.
    this.socket.dropMembership({ type: 'unicast', ifindex: 0, address: new Uint8Array(0) });
    const bound = socket.getsockname();
    const now = new DataView(bound.buffer, bound.byteOffset).getInt32(4, LITTLE_ENDIAN);
    return now === ifindex ? 'down' : 'gone';
  }
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Begins to capture on an interface, by its name or index, or on all of them (undefined). When the Promise is fulfilled, every packet
 * that passes from then on is captured, and none from before: of another interface, or that the filter would not have let in.
 * `await using cap = await capture('eth0', { snapLength: 256 })`.
 * @throws EPERM without CAP_NET_RAW, ENODEV for an interface that does not exist, ENETDOWN for one that is down, ENOTSUP on other
 * systems than Linux.
 */
export async function capture(
  target: string | number | undefined,
  options: CaptureOptions = {},
): Promise<Capture> {
  checkObject('options', options);
  if (target !== undefined && typeof target !== 'string' && typeof target !== 'number') {
    throw wrongType('interface', 'a name, an index or undefined', target);
  }
  const { snapLength = WHOLE, messages = MESSAGES, timestamps = 'software', ...rest } = options;
  const raw = options.mode !== 'cooked';
  const virtioHeader = virtioLength(options.virtioHeader);
  checkUint('snapLength', snapLength, 31);
  const make = (): PacketBatch => new PacketBatch({ messages, snapLength, virtioHeader, raw });
  const socket = PacketSocket.open({
    ...rest,
    ...(typeof target === 'string' ? { interface: target } : { ifindex: target }),
    auxiliaryData: true,
    timestamps: timestamps === 'none' ? undefined : timestamps,
  });
  try {
    const { ifindex } = socket;
    const name = ifindex === 0 ? '' : interfaceName(socket.socket, ifindex);
    if (standingError(socket.socket) === errnos.ENETDOWN) {
      const words = `bind ENETDOWN: the interface ${name} is down; run "sudo ip link set ${name} up"`;
      throw new SocketError(words, { code: 'ENETDOWN', errno: -errnos.ENETDOWN, syscall: 'bind' });
    }
    return new Capture(socket, name, make);
  } catch (error) {
    socket.close();
    throw error;
  }
}
