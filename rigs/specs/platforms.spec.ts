import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { README, withTable } from '../contracts/tally.ts';
import { BEHAVIOURS } from '../platforms/behaviours.ts';
import { declarePlatform } from '../platforms/declare.ts';
import { differing, PLATFORMS, type Platform, table } from '../platforms/table.ts';
import { facilities } from '../probe/facilities/index.ts';

declarePlatform('host');

describe('the table of platforms', () => {
  it('is made of what was seen, and in the README', () => {
    const page = readFileSync(README, 'utf8');
    expect(page).toBe(withTable(page, table(PLATFORMS), 'platforms'));
  });

  it('has all three kernels, every facility and every behaviour', () => {
    expect(Object.keys(PLATFORMS)).toEqual(['host', '6.1', '6.12']);
    for (const { facilities: found, behaviours } of Object.values(PLATFORMS)) {
      expect(Object.keys(found).sort()).toEqual(facilities.map(({ name }) => name).sort());
      expect(Object.keys(behaviours)).toEqual(BEHAVIOURS.map(({ name }) => name));
    }
  });

  it('shows what differs as a row, and what does not below', () => {
    const platform = (kernel: string, tipc: boolean, words: string): Platform => ({
      kernel,
      facilities: { tipc, tcp: true },
      behaviours: { 'a look': words, UDP: 'yes' },
    });
    const three = {
      host: platform('6.18.4-x', false, '-'),
      '6.1': platform('6.1.0-9', true, 'ENOMEM'),
      '6.12': platform('6.12.9', true, 'seen'),
    };
    expect(differing(three)).toEqual(['tipc']);
    expect(table(three).split('\n')).toEqual([
      '| | the host’s 6.18 | Debian’s 6.1 | Debian’s 6.12 |',
      '| --- | --- | --- | --- |',
      '| `tipc` | no | yes | yes |',
      '| a look | - | ENOMEM | seen |',
      '',
      '- On all: UDP: yes.',
      '- All have `tcp`.',
    ]);
  });
});
