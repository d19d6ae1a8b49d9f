import { checkInteger } from '@sockeye/addr/check';

/** A time in milliseconds, without its fraction. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function checkTime(now: number): number {
  return checkInteger('now', typeof now === 'number' ? Math.floor(now) : now, 0, Number.MAX_SAFE_INTEGER);
}
