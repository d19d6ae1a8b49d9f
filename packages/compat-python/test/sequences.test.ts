/** Random sequences of calls do here what they do in CPython: results, errors, words, and what is open afterwards. */
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROGRAM, run, type Sequence, sequence } from './sequences.ts';
import { needsPython311, python } from './support.ts';

/** One process of CPython does as many, so they are drawn at once; a seed and a number name one that differs. */
const COUNT = 150;

function first(sequences: readonly Sequence[]): string | undefined {
  const expected = JSON.parse(python(PROGRAM, JSON.stringify(sequences))) as unknown[][];
  for (const [number, one] of sequences.entries()) {
    const got = run(one);
    const at = got.findIndex(
      (result, index) => JSON.stringify(result) !== JSON.stringify(expected[number]?.[index]),
    );
    if (at < 0) continue;
    const { kind, timeout, ops } = one;
    const [ours, theirs] = [got[at], expected[number]?.[at]].map((result) => JSON.stringify(result));
    return `${number}: ${kind}, timeout ${timeout}, ${JSON.stringify(ops.slice(0, at + 1))}: ${ours}, CPython ${theirs}`;
  }
  return undefined;
}

describe('sequences of calls', () => {
  it.for([1, 2, 3, Math.floor(Math.random() * 2 ** 31)])('seed %i', (seed, context) => {
    needsPython311(context);
    const before = readdirSync('/proc/self/fd').length;
    expect(first(fc.sample(sequence, { seed, numRuns: COUNT }))).toBe(undefined);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
