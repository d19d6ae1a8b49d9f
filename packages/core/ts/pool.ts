/**
 * Where `recv` and `recvFrom` put their messages: slices of slabs. A Buffer of its own for every message costs about a
 * microsecond; a slice a fraction of it.
 */
const SLAB = 64 * 1024;

let slab: Buffer | undefined;
let used = 0;

/** Room for `size` bytes, which the next call may get too: {@link keep} what was used of it. */
export function room(size: number): Buffer {
  if (size > SLAB / 2) return Buffer.allocUnsafeSlow(size);
  if (slab === undefined || slab.length - used < size) {
    slab = Buffer.allocUnsafeSlow(SLAB);
    // Whoever transfers one message's memory away must not take the others' with it.
    process.getBuiltinModule('node:worker_threads').markAsUntransferable(slab.buffer);
    used = 0;
  }
  return slab;
}

/** Where in {@link room} to write. */
export function start(buffer: Buffer): number {
  return buffer === slab ? used : 0;
}

/** The part that was filled, the caller's from now on. */
export function keep(buffer: Buffer, count: number): Buffer {
  if (buffer !== slab) {
    // A large buffer that stayed almost empty would hold its memory for as long as the message lives.
    return count < buffer.length / 2 ? Buffer.from(buffer.subarray(0, count)) : buffer.subarray(0, count);
  }
  const from = used;
  // Messages start at multiples of eight, so that views of larger integers fit.
  used = Math.min(slab.length, (used + count + 7) & ~7);
  return slab.subarray(from, from + count);
}
