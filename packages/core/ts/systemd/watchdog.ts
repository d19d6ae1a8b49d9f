/** Whether the service manager expects signs of life: sd_watchdog_enabled(3). */
import { wrongValue } from '../check.ts';

/**
 * Milliseconds (fractions allowed) within which `watchdog()` is to be called, again and again, or the manager takes the
 * service for dead: WATCHDOG_USEC. Call it every half of that. Undefined when nobody watches, or watches another process
 * (WATCHDOG_PID).
 *
 * @throws TypeError ERR_INVALID_ARG_VALUE when a variable makes no sense
 */
export function watchdogInterval(): number | undefined {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = process.env;
  if (usec === undefined) return undefined;
  if (pid !== undefined && positive('WATCHDOG_PID', pid) !== process.pid) return undefined;
  return positive('WATCHDOG_USEC', usec) / 1000;
}

function positive(variable: string, value: string): number {
  const number = /^\d+$/.test(value) ? Number(value) : 0;
  if (number >= 1 && number <= Number.MAX_SAFE_INTEGER) return number;
  throw wrongValue(`The environment variable ${variable}`, 'a whole number above 0', value);
}
