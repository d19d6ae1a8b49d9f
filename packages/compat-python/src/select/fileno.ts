/** What Python's select module takes for a descriptor. */
import { toInt } from '../arguments.ts';
import { typeError, ValueError } from '../errors.ts';

/** A descriptor's number, a socket, or anything else with `fileno()`. */
export type HasFileno = number | { fileno(): number };

function isInteger(value: unknown): boolean {
  return Number.isInteger(value) || typeof value === 'bigint' || typeof value === 'boolean';
}

/**
 * The number of a descriptor.
 *
 * @throws TypeError for what has none; ValueError for a negative one, as a closed socket's
 */
export function toFileno(object: unknown): number {
  let number: unknown = object;
  if (!isInteger(object)) {
    const fileno: unknown =
      typeof object === 'object' && object !== null ? (object as { fileno?: unknown }).fileno : undefined;
    if (typeof fileno !== 'function') throw typeError('argument must be an int, or have a fileno() method.');
    number = fileno.call(object) as unknown;
    if (!isInteger(number)) throw typeError('fileno() returned a non-integer');
  }
  const fd = toInt(number, 'Python int too large to convert to C int');
  if (fd < 0) throw new ValueError(`file descriptor cannot be a negative integer (${fd})`);
  return fd;
}
