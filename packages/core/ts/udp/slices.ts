/** One after the other: what segmentation would do, as a batch of single datagrams. */
import { Batch } from '../batch.ts';

/** Datagrams of one call, and bytes of a batch of long ones. */
const MESSAGES = 64;
const MEMORY = 1 << 20;

const spare: Batch[] = [];
/** Batches that are kept for the next time. */
const KEPT = 4;

/** A batch with the first datagrams of `data` from `at`, each of `size` bytes, the last with what is left. Give it to {@link done}. */
export function slices(
  data: Uint8Array,
  at: number,
  end: number,
  size: number,
  address: Uint8Array | undefined,
  control: Uint8Array | undefined,
): Batch {
  const room = control?.length ?? 0;
  const batch = fitting(Math.min(size, end - at), room);
  let index = 0;
  do {
    const next = Math.min(at + size, end);
    batch.payload.set(data.subarray(at, next), index * batch.size);
    batch.lengths[index] = next - at;
    batch.addressLengths[index] = address?.length ?? 0;
    if (address !== undefined)
      batch.addresses.set(address, index * (batch.addresses.length / batch.capacity));
    batch.controlLengths[index] = room;
    if (control !== undefined) batch.control.set(control, index * batch.controlRoom);
    at = next;
    index += 1;
  } while (at < end && index < batch.capacity);
  batch.fill(index);
  return batch;
}

/** The bytes of datagrams number `from` to `to`, without the last. */
export function bytesOf(batch: Batch, from: number, to: number): number {
  let bytes = 0;
  for (let index = from; index < to; index++) bytes += batch.lengths[index] as number;
  return bytes;
}

/** The batch is not needed any more. */
export function done(batch: Batch): void {
  if (spare.length < KEPT) spare.push(batch);
}

function fitting(size: number, room: number): Batch {
  const index = spare.findIndex((batch) => batch.size >= size && batch.controlRoom >= room);
  if (index >= 0) return spare.splice(index, 1)[0] as Batch;
  spare.shift();
  // Most datagrams are as long as a link's frames.
  const each = Math.max(size, 2048);
  const messages = Math.max(1, Math.min(MESSAGES, Math.floor(MEMORY / each)));
  return new Batch({ messages, size: each, control: Math.max(room, 128) });
}
