import { expect } from 'vitest';

const SHORT = 62_500;
const LONG = 16 * SHORT;
/** Microseconds below which a measurement says little. */
const LITTLE = 5000;

/** Microseconds of processor time: what others do on the machine counts less than on the clock. */
function spent(work: (length: number) => void, length: number): number {
  const before = process.cpuUsage();
  work(length);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/**
 * Fails when texts that are 16 times as long take much more than 16 times as long, as they do on any machine, however slow; a
 * quadratic scan takes 256 times as long.
 *
 * @param work is done on texts of this many characters, a million at most
 */
export function expectLinear(work: (length: number) => void): void {
  // What is compiled on the way counts neither here nor there.
  work(SHORT);
  const short = Math.max(LITTLE, spent(work, SHORT));
  expect(spent(work, LONG)).toBeLessThan(80 * short);
}
