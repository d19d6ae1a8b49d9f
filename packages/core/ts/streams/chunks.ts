/**
 * Memory for what streams receive: slices of slabs that all streams share, since a receive is over before the next one
 * begins. Small chunks are copied out, so that they hold no slab and its first pages stay in the processor's cache.
 */

/** Chunks below this are copied; Buffer.allocUnsafe takes them from a pool of its own. */
const SMALL = Buffer.poolSize >>> 1;

export class Chunks {
  readonly #size: number;
  #slab: Buffer = Buffer.alloc(0);
  #used = 0;

  /** @param size bytes of a slab */
  constructor(size: number) {
    this.#size = size;
  }

  /** A slab whose part from {@link at} on is free, at least `least` bytes. */
  room(least: number): Buffer {
    if (this.#slab.length - this.#used < least) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(this.#size, least));
      this.#used = 0;
      // Whoever transfers one chunk's memory away must not take the others' with it.
      process.getBuiltinModule('node:worker_threads').markAsUntransferable(this.#slab.buffer);
    }
    return this.#slab;
  }

  get at(): number {
    return this.#used;
  }

  /** The `count` bytes that were received at {@link at}, the stream's from now on. */
  take(count: number): Buffer {
    const from = this.#used;
    if (count < SMALL) {
      const copy = Buffer.allocUnsafe(count);
      this.#slab.copy(copy, 0, from, from + count);
      return copy;
    }
    this.#used = Math.min(this.#slab.length, (from + count + 7) & ~7);
    return this.#slab.subarray(from, from + count);
  }
}
