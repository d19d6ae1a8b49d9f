import { checkInteger } from './check.ts';
import { type Held, type Kind, uint } from './kinds.ts';
import { readDecimal, readNumber } from './text.ts';

/** How far a TIPC address reaches: a signed byte, below zero in a bind that takes another back. */
export const tipcScope = (none: Held): Kind => ({
  ...uint(1, none),
  check: (argument, value) => checkInteger(argument, value, -128, 127),
  get: (b, at) => (b[at]! << 24) >> 24,
  scan: (part, fail, _most, what) =>
    part[0] === '-'
      ? -readDecimal(part.slice(1), (expected) => fail(expected, 1), 128, what)
      : readNumber(part, fail, 127, what),
});
