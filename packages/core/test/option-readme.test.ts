import { readFileSync } from 'node:fs';
import { constants as c } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { allOptions, optionsTable, place } from '../scripts/options-table.ts';

const here = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the table of options', () => {
  it('is what the README has: npx tsx packages/core/scripts/options-table.ts writes it', () => {
    const readme = here('../README.md');
    const { from, to } = place(readme);
    expect(readme.slice(from, to)).toBe(optionsTable());
  });

  it('has every option there is, each with its numbers and its source', () => {
    expect(allOptions().length).toBeGreaterThan(190);
    for (const [name, option] of allOptions()) {
      expect([name, option.name]).toEqual([name, c[option.constant]]);
      expect([name, option.level]).toEqual([name, c[option.levels[0] as 'SOL_SOCKET']]);
      expect(option.page).toMatch(/^[\w./-]+(\(\d\)|\.(h|rst))$|^RFC \d+$/);
      expect(option.type).not.toBe('');
      if (option.since !== undefined) expect(option.since).toMatch(/^\d+\.\d+(\.\d+)?$/);
      if (option.capability !== undefined) expect(option.capability).toMatch(/^CAP_NET_(ADMIN|RAW)$/);
      expect('get' in option || 'set' in option).toBe(true);
    }
  });

  it('no two options are of one level and number, but for the two faces of two', () => {
    const seen = new Map<string, string[]>();
    for (const [name, { levels, constant }] of allOptions()) {
      const key = `${levels} ${constant}`;
      seen.set(key, [...(seen.get(key) ?? []), name]);
    }
    const twice = [...seen.values()].filter((names) => names.length > 1);
    expect(twice.map((names) => names.sort())).toEqual([
      ['ipMulticastAddress', 'ipMulticastInterface'],
      ['packetFanoutBpf', 'packetFanoutProgram'],
    ]);
  });
});
