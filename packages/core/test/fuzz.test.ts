/** Every native function, called with whatever there is: an answer or a refusal each time, and nothing left behind. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('programs/native-fuzz.mjs', import.meta.url));

describe('the native functions', () => {
  const chance = Math.floor(Math.random() * 1e9);
  it.each([1, 2, chance])('survive 20,000 calls with any arguments, seed %i', (seed) => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, String(seed), '20000'], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect([status, signal, stderr]).toEqual([0, null, '']);
    const { made, answers, left } = JSON.parse(stdout) as { made: number; answers: number; left: number };
    expect([made, left]).toEqual([20_000, 0]);
    // Enough of them got as far as the kernel, and were answered.
    expect(answers).toBeGreaterThan(500);
  }, 90_000);
});
