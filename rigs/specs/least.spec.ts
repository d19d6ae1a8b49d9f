import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LEAST, type Least, PATH } from '../contracts/least.ts';
import { EVERY_MEDIUM as MEDIA } from '../contracts/media/every.ts';
import { count, grown, README, table, withTable } from '../contracts/tally.ts';
import type { InnerTest } from '../vm/results-reporter.ts';

const file = fileURLToPath(PATH);
const git = (...args: string[]): { status: number | null; stdout: string } =>
  spawnSync('git', args, { cwd: fileURLToPath(new URL('.', PATH)), encoding: 'utf8' });

/** Contracts by kernel and medium, added up. */
function totals(least: Least): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [kernel, media] of Object.entries(least))
    for (const [medium, cells] of Object.entries(media))
      sums.set(
        `${medium} on ${kernel}`,
        Object.values(cells).reduce((sum, cell) => sum + cell, 0),
      );
  return sums;
}

/** What became less, or is gone. */
function shrunk(before: Least, after: Least): string[] {
  const now = totals(after);
  return [...totals(before)]
    .filter(([row, due]) => (now.get(row) ?? 0) < due)
    .map(([row, due]) => `${row}: ${now.get(row) ?? 0}, and it was ${due}`);
}

describe('least.json', () => {
  it('has every medium on each of its kernels, and the table in the README is made of it', () => {
    for (const { name, kernels } of MEDIA)
      for (const kernel of kernels) expect(Object.keys(LEAST[kernel] ?? {})).toContain(name);
    const page = readFileSync(README, 'utf8');
    expect(page).toBe(withTable(page, table(LEAST)));
  });

  it('is no less than any version of it that was committed', (context) => {
    const { status, stdout } = git('log', '--format=%H', '--', file);
    if (status !== 0) context.skip('this is no checkout of git');
    const commits = stdout.split('\n').filter(Boolean);
    if (commits.length === 0) context.skip('it was never committed');
    for (const commit of commits) {
      const before: Least = JSON.parse(git('show', `${commit}:./least.json`).stdout);
      expect(shrunk(before, LEAST), `since ${commit}`).toEqual([]);
    }
  });

  it('a version with less, or without a medium, would be found', () => {
    const before: Least = { host: { a: { order: 2, end: 1 }, b: { order: 1 } } };
    expect(shrunk(before, { host: { a: { order: 2, end: 1 }, b: { order: 1, end: 4 } } })).toEqual([]);
    expect(shrunk(before, { host: { a: { order: 2 } } })).toEqual([
      'a on host: 2, and it was 3',
      'b on host: 0, and it was 1',
    ]);
  });
});

describe('what a run raises', () => {
  const test = (engine: string, name: string, state: InnerTest['state'] = 'passed'): InnerTest => ({
    file: 'contracts.spec.ts',
    names: [`contracts on host, ${engine} engine`, `tipc rdm, ${engine} engine`, name],
    state,
    note: '',
    ms: 1,
  });

  it('counts what passed under both engines, and never lowers', () => {
    const tests = [
      test('uv', 'order: a'),
      test('uv', 'order: b'),
      test('uv', 'end: c'),
      test('uv', 'half-close: d', 'failed'),
      test('uv', 'ran no fewer contracts than were ever due'),
      test('thread', 'order: a'),
      test('thread', 'order: b', 'skipped'),
    ];
    expect(grown({}, count(tests))).toEqual({ host: { 'tipc rdm': { order: 1 } } });
    expect(grown({ host: { 'tipc rdm': { order: 3 } } }, count(tests))).toEqual({
      host: { 'tipc rdm': { order: 3 } },
    });
  });
});
