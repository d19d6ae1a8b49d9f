/** `struct timeval` as milliseconds. */
import { checkInteger, wrongType } from '../check.ts';
import type { Codec } from './codec.ts';
import { struct } from './struct.ts';

const SIZE = 16;
/** 24.8 days, as for all timeouts of this package. */
const MOST = 0x7fffffff;

/** Milliseconds, fractions allowed, as a timeval of 64 bits: microseconds, rounded up so that no wait is too short. */
export const milliseconds: Codec<number> = /* @__PURE__ */ struct(
  'struct timeval',
  SIZE,
  (bytes) => {
    const [seconds = 0n, micros = 0n] = new BigInt64Array(bytes.slice().buffer);
    return Number(seconds) * 1000 + Number(micros) / 1000;
  },
  (value: number) => {
    if (typeof value !== 'number') throw wrongType('value', 'a number of milliseconds', value);
    if (!(value >= 0 && value <= MOST)) checkInteger('value', value, 0, MOST);
    const micros = Math.ceil(value * 1000);
    const parts = [BigInt(Math.floor(micros / 1_000_000)), BigInt(micros % 1_000_000)];
    return new Uint8Array(BigInt64Array.from(parts).buffer);
  },
);
