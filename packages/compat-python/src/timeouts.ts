/** Timeouts in seconds, as Python has them: null for none, 0 for not waiting. */
import { toInteger } from './arguments.ts';
import { OverflowError, ValueError } from './errors.ts';

/** Seconds, or null for none. */
export type Timeout = number | null;

const NANOSECONDS = 1e9;
/** PyTime_t counts nanoseconds in 64 bits. */
const MOST = 2 ** 63;

/** Seconds as Python keeps them: whole nanoseconds, rounded up. */
export function toTimeout(value: unknown): Timeout {
  // A value that is missing is no None: who forgot it would wait for ever.
  if (value === null) return null;
  if (typeof value === 'number' && !Number.isInteger(value)) {
    if (Number.isNaN(value)) throw new ValueError('Invalid value NaN (not a number)');
    const scaled = value * NANOSECONDS;
    const rounded = scaled < 0 ? Math.floor(scaled) : Math.ceil(scaled);
    if (rounded >= MOST || rounded < -MOST) {
      throw new OverflowError('timestamp out of range for platform time_t');
    }
    if (rounded < 0) throw new ValueError('Timeout value out of range');
    return rounded / NANOSECONDS;
  }
  const seconds = toInteger(value);
  if (Math.abs(seconds) * NANOSECONDS >= MOST) {
    throw new OverflowError('timestamp too large to convert to C _PyTime_t');
  }
  if (seconds < 0) throw new ValueError('Timeout value out of range');
  return seconds === 0 ? 0 : seconds;
}

let byDefault: Timeout = null;

/**
 * The timeout of sockets made from now on: seconds, null for none. It is this thread's own.
 *
 * @throws ValueError when it is negative
 */
export function setdefaulttimeout(timeout: Timeout): void {
  byDefault = toTimeout(timeout);
}

/** The timeout that new sockets get, in seconds; null for none. */
export function getdefaulttimeout(): Timeout {
  return byDefault;
}
