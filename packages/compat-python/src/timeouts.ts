/** Timeouts in seconds, as Python has them: null for none, 0 for not waiting. */
import { toInteger } from './arguments.ts';
import { OverflowError, ValueError } from './errors.ts';
import { threads } from './runtime.ts';
import { takesNone, takesOne } from './signature.ts';

/** Seconds, or null for none. */
export type Timeout = number | null;

const NANOSECONDS = 1e9;
/** PyTime_t counts nanoseconds in 64 bits. */
const MOST = 2 ** 63;

/** Seconds as Python keeps them: whole nanoseconds, rounded up. */
export function toTimeout(value: unknown): Timeout {
  // A value that is missing is no None: who forgot it would wait for ever.
  if (value === null) return null;
  const float = value instanceof Number || (typeof value === 'number' && !Number.isInteger(value));
  if (float) {
    const number = Number(value);
    if (Number.isNaN(number)) throw new ValueError('Invalid value NaN (not a number)');
    const scaled = number * NANOSECONDS;
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

/** Under this name the threads of a process find the timeout that all of them have. */
const SHARED = 'sockeye:compat-python: default timeout';

/** One number, NaN for None: threads that this one starts see the same. */
function shared(): Float64Array {
  const { getEnvironmentData, setEnvironmentData } = threads();
  const given: unknown = getEnvironmentData(SHARED);
  if (given instanceof SharedArrayBuffer) return new Float64Array(given);
  const memory = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
  setEnvironmentData(SHARED, memory);
  return new Float64Array(memory).fill(Number.NaN);
}

let known: Float64Array | undefined;

/** Made when it is first looked at: what threads share is in a module whose loading takes a millisecond. */
function byDefault(): Float64Array {
  known ??= shared();
  return known;
}

/**
 * The timeout of sockets made from now on: seconds, null for none. It is that of all threads which were started after it was
 * first set or asked for, or the first socket made.
 *
 * @throws ValueError when it is negative
 */
export function setdefaulttimeout(timeout: Timeout, ...surplus: never[]): void {
  takesOne('_socket.setdefaulttimeout', [timeout, ...surplus]);
  byDefault()[0] = toTimeout(timeout) ?? Number.NaN;
}

/** The timeout that new sockets get, in seconds; null for none. */
export function getdefaulttimeout(...surplus: never[]): Timeout {
  takesNone('_socket.getdefaulttimeout', surplus);
  return defaultTimeout();
}

/** The same, for those who know that they give no argument. */
export function defaultTimeout(): Timeout {
  const seconds = byDefault()[0] as number;
  return Number.isNaN(seconds) ? null : seconds;
}
