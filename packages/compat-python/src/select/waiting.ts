/** How long the calls of Python's select module wait. */
import { toInteger } from '../arguments.ts';
import { OverflowError, typeError, ValueError } from '../errors.ts';

/** The longest wait that core takes, in milliseconds: longer ones have no end. */
const LONGEST = 0x7fffffff;
const MOST_NANOSECONDS = 2 ** 63;

/** What a wait is told. */
export type Wait = { readonly timeout: number } | undefined;

/**
 * A timeout in units of `unit` milliseconds; undefined where there is no end. A negative one is left to the caller, who hears
 * of it as `negative`.
 */
export function toWait(timeout: unknown, unit: number, words: string, negative?: () => void): Wait {
  if (timeout === undefined || timeout === null) return undefined;
  if (typeof timeout !== 'number' && typeof timeout !== 'bigint' && typeof timeout !== 'boolean') {
    if (!(timeout instanceof Number)) throw typeError(words);
  }
  const number = Number(timeout);
  if (Number.isNaN(number)) throw new ValueError('Invalid value NaN (not a number)');
  if (Math.abs(number) * unit * 1e6 >= MOST_NANOSECONDS) {
    throw new OverflowError('timestamp too large to convert to C _PyTime_t');
  }
  if (number < 0) {
    negative?.();
    return undefined;
  }
  // Never earlier than was asked for.
  const milliseconds = Math.ceil(number * unit);
  return milliseconds > LONGEST ? undefined : { timeout: milliseconds };
}

/** An event mask, in so many bits. */
export function toMask(value: unknown, bits: 16 | 32): number {
  if (bits === 32) return Number(BigInt.asUintN(32, BigInt(toInteger(value))));
  if (!Number.isInteger(value) && typeof value !== 'boolean' && typeof value !== 'bigint') {
    throw typeError('an integer is required');
  }
  const number = Number(value);
  if (number < 0) throw new ValueError('value must be positive');
  if (number > 0xffff) throw new OverflowError('Python int too large for C unsigned short');
  return number;
}
