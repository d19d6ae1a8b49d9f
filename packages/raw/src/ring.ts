import { EventEmitter } from 'node:events';
import { checkObject, wrongType, wrongValue } from '@sockeye/addr/check';
import { constants, errnos, type Socket, type SyncOptions, type WaitOptions } from '@sockeye/core';
import { Mapping } from '@sockeye/core/mapping';
import { filter } from '@sockeye/core/options';
import type { CaptureEnd } from './capture.ts';
import { interfaceIndex } from './interface-request.ts';
import { setUpVirtio, standingError } from './packet-options.ts';
import { RingBlock, type RingBlockPlace } from './ring-block.ts';
import { NOTHING } from './ring-filter.ts';
import { BLOCK, KERNEL, RingMemory, USER } from './ring-layout.ts';
import { checkCapture, createSocket, failure, type RingCaptureOptions, startReceiving } from './ring-open.ts';
import { type RingShape, type RingShapeOptions, shapeOf } from './ring-shape.ts';
import { canceled, lastPackets, longer, Patience, sleep, sleepSync, turn } from './ring-wait.ts';
import { virtioLength } from './virtio.ts';

export interface PacketRingOptions extends RingCaptureOptions, RingShapeOptions {
  /**
   * Copy blocks out of the ring when they come, and give them back at once. By itself where the runtime allows no views of
   * memory that is not its own (Electron). Default false.
   */
  readonly copy?: boolean | undefined;
}

/** What the kernel counted since it was last asked. */
export interface RingStatistics {
  /** Packets that passed the filter, dropped ones included. */
  readonly packets: number;
  /** Of these, dropped because the ring was full. */
  readonly drops: number;
  /** How often the ring was full; 0 in a ring of low latency, of which the kernel does not count it. */
  readonly freezes: number;
}

/** So many blocks, or bytes of them, are given out in a row before the event loop has its turn. */
const BLOCKS_AT_ONCE = 64;
const BYTES_AT_ONCE = 1 << 22;

/**
 * A packet socket whose packets lie in memory that the kernel and JavaScript share (TPACKET_V3; with `lowLatency` V2): they are
 * read where the kernel put them, without a system call or a copy for each; packet(7), packet_mmap.rst. It needs CAP_NET_RAW.
 *
 * When the interface goes down the ring emits `'down'` with a {@link CaptureEnd}, gives what had come before, and its iterators end; it can be iterated again
 * when the interface is up again, unless it is gone. A reader that is slow has the kernel drop packets, and count them.
 */
export class PacketRing extends EventEmitter<{ down: [CaptureEnd] }> implements Disposable, AsyncDisposable {
  /** The socket below, for its options. */
  readonly socket: Socket;
  /** Index of the interface it is open on; 0 for all. */
  readonly ifindex: number;
  /** Whether packets are copied out of the ring as they come. */
  readonly copies: boolean;
  readonly #name: string;
  readonly #mapping: Mapping;
  readonly #shape: RingShape;
  readonly #cooked: boolean;
  readonly #virtio: boolean;
  /** Of the whole ring; undefined where blocks are copied. */
  readonly #memory: RingMemory | undefined;
  /** Memory that copies go to, and went back. */
  readonly #spare: RingMemory[] = [];
  readonly #header: RingMemory = new RingMemory(new ArrayBuffer(BLOCK.size));
  /** Blocks that the reader has; by index those whose memory is the ring's. */
  readonly #out = new Set<RingBlock>();
  readonly #held: boolean[];
  #next = 0;
  /** Given out since the event loop had its turn. */
  #blocks = 0;
  #bytes = 0;
  #gone = false;
  /** Until when the last packets of an interface that is down may come. */
  #end = Number.POSITIVE_INFINITY;

  private constructor(
    socket: Socket,
    { name, ifindex }: { name: string; ifindex: number },
    shape: RingShape,
    { mode, virtioHeader, copy = false }: PacketRingOptions,
  ) {
    super();
    this.socket = socket;
    this.ifindex = ifindex;
    this.#name = name;
    this.#shape = shape;
    this.#cooked = mode === 'cooked';
    this.#virtio = virtioLength(virtioHeader) !== 0;
    this.#mapping = new Mapping(socket, shape.blocks * shape.blockSize);
    const buffer = copy ? undefined : this.#mapping.buffer();
    this.#memory = buffer === undefined ? undefined : new RingMemory(buffer);
    this.copies = buffer === undefined;
    this.#held = new Array(shape.slots).fill(false);
  }

  /**
   * Opens a ring on an interface, or on all of them without a name. It receives from when it is resolved, and nothing from before
   * its filter stood.
   * @throws ENODEV for an interface that does not exist, ENETDOWN for one that is down, EPERM without CAP_NET_RAW, ENOMEM; EINVAL for sizes that
   * the kernel does not take; ENOTSUP on other systems than Linux; ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE.
   */
  static async open(interfaceName?: string, options: PacketRingOptions = {}): Promise<PacketRing> {
    checkObject('options', options);
    const shape = shapeOf(options);
    const receiving = checkCapture(options);
    const { copy = false, promiscuous = false } = options;
    if (typeof copy !== 'boolean') throw wrongType('copy', 'a boolean', copy);
    if (promiscuous && interfaceName === undefined) {
      throw wrongValue('promiscuous', 'false without an interface', promiscuous);
    }
    const socket = createSocket(options);
    let ring: PacketRing | undefined;
    try {
      const ifindex = interfaceName === undefined ? 0 : interfaceIndex(socket, interfaceName);
      socket.setsockopt(constants.SOL_PACKET, constants.PACKET_VERSION, shape.layout.version);
      setUpVirtio(socket, virtioLength(options.virtioHeader));
      socket.setsockopt(constants.SOL_PACKET, constants.PACKET_RX_RING, shape.request);
      ring = new PacketRing(socket, { name: interfaceName ?? '', ifindex }, shape, options);
      startReceiving(socket, ifindex, options, receiving);
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

  /**
   * The next block, if there is one: undefined when the kernel is still at it, or the reader has them all. Allocates two small
   * objects.
   * @throws EBADF when the ring is closed
   */
  tryTake(): RingBlock | undefined {
    const slot = this.#next;
    const { slots, stride, statusOffset } = this.#shape;
    if (this.#held[slot] === true) return undefined;
    const place = slot * stride;
    // A ring of frames gives as many as are ready, up to its end.
    const most = this.#shape.frames ? Math.min(slots - slot, this.#shape.most) : 1;
    const ready = this.#mapping.match(place + statusOffset, stride, most, USER, USER);
    if (ready === 0) return undefined;
    const count = this.#free(slot, ready);
    this.#next = slot + count === slots ? 0 : slot + count;
    const block = this.copies ? this.#copied(slot, count) : this.#lent(slot, count);
    this.#out.add(block);
    return block;
  }

  /** How many of these the reader does not have yet. */
  #free(slot: number, ready: number): number {
    for (let count = 1; count < ready; count++) if (this.#held[slot + count] === true) return count;
    return ready;
  }

  /** A block that the reader looks into where it is. */
  #lent(slot: number, count: number): RingBlock {
    const memory = this.#memory!;
    for (let at = slot; at < slot + count; at++) this.#held[at] = true;
    const start = slot * this.#shape.stride;
    const length = count * this.#shape.stride;
    this.#bytes += this.#shape.frames ? length : memory.words[(start + BLOCK.length) >>> 2]!;
    return new RingBlock(this.#placeOf(memory, slot, start, start + length, count), (block) => {
      this.#out.delete(block);
      for (let at = slot; at < slot + count; at++) this.#held[at] = false;
      if (!this.#mapping.closed) this.#return(slot, count);
    });
  }

  /** A copy of a block, which has gone back already. */
  #copied(slot: number, count: number): RingBlock {
    const start = slot * this.#shape.stride;
    let length = count * this.#shape.stride;
    if (!this.#shape.frames) {
      this.#mapping.read(start, this.#header.bytes);
      const used = this.#header.words[BLOCK.length >>> 2]!;
      if (used >= BLOCK.size && used < length) length = used;
    }
    const memory =
      this.#spare.pop() ?? new RingMemory(new ArrayBuffer(this.#shape.most * this.#shape.stride));
    this.#mapping.read(start, memory.bytes.subarray(0, length));
    this.#return(slot, count);
    this.#bytes += length;
    return new RingBlock(this.#placeOf(memory, slot, 0, length, count), (block) => {
      this.#out.delete(block);
      this.#spare.push(memory);
    });
  }

  #placeOf(memory: RingMemory, index: number, start: number, end: number, count: number): RingBlockPlace {
    const { layout, frames, stride } = this.#shape;
    return {
      memory,
      layout,
      cooked: this.#cooked,
      virtio: this.#virtio,
      index,
      start,
      end,
      frames: frames ? count : 0,
      frameSize: stride,
    };
  }

  /** Gives memory back to the kernel. */
  #return(slot: number, count: number): void {
    const { stride, statusOffset } = this.#shape;
    this.#mapping.store(slot * stride + statusOffset, stride, count, KERNEL);
  }

  /**
   * Waits for a block: undefined when the interface is down and nothing is left. A reader that keeps the block which came last waits
   * with pauses of up to 64 ms: poll(2) tells of that one.
   * @throws ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED when the ring is closed meanwhile, EBADF when it is closed
   */
  async take(options?: WaitOptions): Promise<RingBlock | undefined> {
    if (this.#blocks >= BLOCKS_AT_ONCE || this.#bytes >= BYTES_AT_ONCE) {
      await turn();
      if (this.closed) throw canceled();
      this.#blocks = 0;
      this.#bytes = 0;
    }
    const patience = new Patience(options?.timeout, this.#end);
    let pause = 0;
    for (let waited = false; ; waited = true) {
      const block = this.tryTake();
      if (block !== undefined) {
        this.#blocks += 1;
        return block;
      }
      const limit = patience.next(waited);
      if (limit < 0) return this.#ended();
      try {
        if (waited) {
          pause = longer(pause);
          await sleep(Math.min(pause, limit), options?.signal);
        }
        await this.socket.wait({ read: true, signal: options?.signal, timeout: patience.left(limit) });
      } catch (error) {
        if (!patience.ends(error)) throw error;
      }
      this.#blocks = 0;
      this.#bytes = 0;
      if (this.closed) throw canceled();
      if (this.#down()) patience.until(this.#end);
    }
  }

  /** As {@link take}, blocking this thread. */
  takeSync(options?: SyncOptions): RingBlock | undefined {
    const patience = new Patience(options?.timeout, this.#end);
    let pause = 0;
    for (let waited = false; ; waited = true) {
      const block = this.tryTake();
      if (block !== undefined) return block;
      const limit = patience.next(waited);
      if (limit < 0) return this.#ended();
      try {
        if (waited) {
          pause = longer(pause);
          sleepSync(Math.min(pause, limit));
        }
        this.socket.waitSync({ ...options, read: true, timeout: patience.left(limit) });
      } catch (error) {
        if (!patience.ends(error)) throw error;
      }
      if (this.#down()) patience.until(this.#end);
    }
  }

  /** What had come is through; those of an interface that is up again may come. */
  #ended(): undefined {
    if (!this.#gone) this.#end = Number.POSITIVE_INFINITY;
    return undefined;
  }

  /** Whether the interface is down or gone, as far as the socket has not told it before; and tells it. */
  #down(): boolean {
    const errno = standingError(this.socket);
    if (errno === 0) return false;
    if (errno !== errnos.ENETDOWN) throw failure(errno, 'recvmsg');
    // sockaddr_ll of an interface that is gone: sll_ifindex -1.
    const index = new Int32Array(this.socket.getsockname().slice(4, 8).buffer)[0];
    this.#gone = index === -1;
    this.#end = lastPackets(this.#shape.retireMs);
    const reason = this.#gone ? 'gone' : 'down';
    this.emit('down', Object.freeze({ reason, name: this.#name, ifindex: this.ifindex }));
    return true;
  }

  /** Block after block, until the interface is down or the ring is closed. The block before goes back at each step. */
  async *blocks(options?: WaitOptions): AsyncGenerator<RingBlock, void, void> {
    try {
      while (!this.closed) {
        const block = await this.take(options);
        if (block === undefined) return;
        try {
          yield block;
        } finally {
          block.release();
        }
      }
    } catch (error) {
      if (!this.closed || (error as { code?: unknown }).code !== 'ECANCELED') throw error;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<RingBlock, void, void> {
    return this.blocks();
  }

  /** What the kernel counted since the last call, or since the ring was opened: PACKET_STATISTICS. */
  statistics(): RingStatistics {
    // struct tpacket_stats_v3; that of version 2 has no third.
    const bytes = this.socket.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12);
    const [packets = 0, drops = 0, freezes = 0] = new Uint32Array(Uint8Array.from(bytes).buffer);
    return { packets, drops, freezes };
  }

  /** Closes the ring: blocks go back, their packets are gone, and what waits fails with ECANCELED. Twice is fine. */
  close(): void {
    for (const block of [...this.#out]) block.release();
    this.#spare.length = 0;
    if (!this.#mapping.close() && !this.closed) {
      // The kernel has the socket receive as long as its memory is mapped, which may be until views are collected.
      try {
        filter.set(this.socket, NOTHING);
      } catch {
        // A filter that is locked stays.
      }
    }
    this.socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the ring, and waits until the kernel has its memory back, as far as the runtime gives it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    for (let turns = 0; turns < 10 && !this.#mapping.close(); turns++) {
      await turn();
    }
  }
}
