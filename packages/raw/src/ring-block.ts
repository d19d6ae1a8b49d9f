import { SocketError } from '@sockeye/core';
import { MalformedPacketError } from './errors.ts';
import {
  ADDRESS_LENGTH,
  BLOCK,
  type FrameLayout,
  type RingMemory,
  statusBits,
  TPACKET_V3,
} from './ring-layout.ts';
import { RingPacket } from './ring-packet.ts';

/** What a block is made of: the ring knows. */
export interface RingBlockPlace {
  readonly memory: RingMemory;
  readonly layout: FrameLayout;
  readonly cooked: boolean;
  /** Whether a virtio header is in front of each packet. */
  readonly virtio: boolean;
  /** Which block of the ring it is, or which frame it begins with. */
  readonly index: number;
  /** Where in the memory it begins, and ends. */
  readonly start: number;
  readonly end: number;
  /** How many frames of `frameSize`, in a ring of frames. */
  readonly frames: number;
  readonly frameSize: number;
}

/** To whom a block goes back. */
export type GiveBack = (block: RingBlock) => void;

/**
 * Packets that came together: a block of a ring, or of one of low latency the frames that were ready. It is the
 * reader's until {@link release}, or the end of the scope with `using`, or the next step of the ring's iterator; its packets throw
 * ERR_SOCKET_STALE from then on.
 */
export class RingBlock implements Iterable<RingPacket>, Disposable {
  readonly #place: RingBlockPlace;
  readonly #giveBack: GiveBack;
  #released = false;

  /** Not for callers: rings make them. */
  constructor(place: RingBlockPlace, giveBack: GiveBack) {
    this.#place = place;
    this.#giveBack = giveBack;
  }

  /**
   * Where the bytes are; not for callers.
   * @internal
   */
  get memory(): RingMemory {
    if (this.#released) throw stale();
    return this.#place.memory;
  }

  /** @internal */
  get layout(): FrameLayout {
    return this.#place.layout;
  }

  /** @internal */
  get virtio(): boolean {
    return this.#place.virtio;
  }

  /** Whether its packets come without their link-layer header. */
  get cooked(): boolean {
    return this.#place.cooked;
  }

  /** Which block of the ring it is; in one of low latency, the frame that it begins with. */
  get index(): number {
    return this.#place.index;
  }

  /** Whether it has gone back. */
  get released(): boolean {
    return this.#released;
  }

  /** How many packets it has. */
  get packets(): number {
    const { layout, frames } = this.#place;
    return layout.version === TPACKET_V3 ? this.#field(BLOCK.packets) : frames;
  }

  /** The block's number since the ring was made, from 1 on; 0 in a ring of low latency. */
  get sequence(): number {
    if (this.#place.layout.version !== TPACKET_V3) return 0;
    const halves = [this.#field(BLOCK.sequence) >>> 0, this.#field(BLOCK.sequence + 4) >>> 0] as const;
    const [low, high] = LITTLE_ENDIAN ? halves : [halves[1], halves[0]];
    return high * 2 ** 32 + low;
  }

  /** Whether it came because its time was over, not because it was full. */
  get timedOut(): boolean {
    return (this.#status() & statusBits.BLOCK_TIMED_OUT) !== 0;
  }

  /** Whether packets had been dropped when it was begun. */
  get losing(): boolean {
    return (this.#status() & statusBits.LOSING) !== 0;
  }

  #status(): number {
    const { layout, start } = this.#place;
    return this.memory.words[(start + (layout.version === TPACKET_V3 ? BLOCK.status : layout.status)) >>> 2]!;
  }

  #field(offset: number): number {
    return this.memory.words[(this.#place.start + offset) >>> 2]!;
  }

  /**
   * Its packets, in order; again from the first for each iterator.
   * @throws MalformedPacketError when a header does not lie within the block: something wrote into the ring's memory
   */
  [Symbol.iterator](): IterableIterator<RingPacket> {
    const { layout, start, end, frameSize } = this.#place;
    const { packets } = this;
    if (layout.version !== TPACKET_V3) return new RingPackets(this, start, end, packets, frameSize);
    const first = this.#field(BLOCK.firstOffset);
    if (packets < 0 || (packets > 0 && first < BLOCK.size)) throw malformed(start + first, end);
    return new RingPackets(this, start + first, end, packets, 0);
  }

  /** Gives the memory back to the kernel. Twice is fine. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#giveBack(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Walks the frames of a block, and finds each one's header within it. */
class RingPackets implements IterableIterator<RingPacket> {
  readonly #block: RingBlock;
  readonly #end: number;
  /** 0 where each header says how far the next one is. */
  readonly #stride: number;
  /** From the header to what follows it. */
  readonly #headerLength: number;
  #at: number;
  #left: number;

  constructor(block: RingBlock, at: number, end: number, left: number, stride: number) {
    this.#block = block;
    this.#at = at;
    this.#end = end;
    this.#left = left;
    this.#stride = stride;
    this.#headerLength = block.layout.address + ADDRESS_LENGTH;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<RingPacket, undefined> {
    if (this.#left === 0) return { done: true, value: undefined };
    const block = this.#block;
    const { words, halves } = block.memory;
    const at = this.#at;
    const end = this.#stride === 0 ? this.#end : at + this.#stride;
    const { layout } = block;
    if ((at & 3) !== 0 || at < 0 || at > end - this.#headerLength) throw malformed(at, end);
    const mac = halves[(at + layout.mac) >>> 1]!;
    const length = words[(at + layout.length) >>> 2]!;
    if (length < 0 || at + mac + length > end) throw malformed(at, end);
    this.#left -= 1;
    if (this.#stride > 0) this.#at = end;
    else if (this.#left > 0) {
      // The last one of a block says 0.
      const step = words[at >>> 2]!;
      if (step < this.#headerLength) throw malformed(at, end);
      this.#at = at + step;
    }
    return { done: false, value: new RingPacket(block, at) };
  }
}

function malformed(at: number, end: number): MalformedPacketError {
  return new MalformedPacketError('ring frame', at, 'a header and a packet within the block', end - at);
}

function stale(): SocketError {
  return new SocketError('this packet is gone: its block went back to the ring; copy() keeps one', {
    code: 'ERR_SOCKET_STALE',
  });
}
