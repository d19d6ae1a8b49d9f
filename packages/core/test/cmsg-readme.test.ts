import { readFileSync } from 'node:fs';
import * as core from '@sockeye/core';
import * as cmsg from '@sockeye/core/cmsg';
import { describe, expect, it } from 'vitest';
import { DECODERS } from '../ts/cmsg/control.ts';
import { descriptors } from './support.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, section = ''] = /\n## Control messages\n(.*?)\n## /s.exec(readme) ?? [];
const [, table = ''] = /\n\| kind \|[^\n]*\n\| ---[^\n]*\n(.*?)\n\n/s.exec(section) ?? [];

const names = (cell: string): string[] => [...cell.matchAll(/`([\w-]+)/g)].map(([, name]) => name as string);

/** Kinds, C names, options and makers; a row without a kind is of the one above. */
const rows: string[][][] = [];
for (const line of table.split('\n')) {
  const [, kinds = '', ...rest] = line.split('|');
  rows.push([
    names(kinds).length > 0 ? names(kinds) : (rows.at(-1)?.[0] ?? []),
    ...rest.slice(0, 3).map(names),
  ]);
}

describe('the README’s table of control messages', () => {
  it('has every kind with its C names', () => {
    const told = rows.flatMap(([kinds = [], types = []]) =>
      kinds.flatMap((kind) => types.map((type) => `${kind} ${type}`)),
    );
    const read = new Set(DECODERS.flatMap(({ kinds, type }) => kinds.map((kind) => `${kind} ${type}`)));
    expect(told.sort()).toEqual([...read].sort());
  });

  it('names options that there are', () => {
    const options = rows.flatMap(([, , after = []]) => after);
    expect(options.length).toBeGreaterThan(30);
    expect(options.filter((name) => !(name in core.constants))).toEqual([]);
  });

  it('has every function that makes one, and the section the rest', () => {
    const makers = rows.flatMap(([, , , made = []]) => made);
    const others = ['readControl', 'writeControl', 'controlSpace', 'decodeControl', 'toDate'];
    const helpers = ['timestampStage', 'droppedTransmitTime'];
    expect([...makers, ...others, ...helpers].sort()).toEqual(Object.keys(cmsg).sort());
    for (const name of [...others, ...helpers]) expect(section).toContain(`\`${name}`);
  });
});

it('the README’s example of control messages says what it should', async () => {
  const [, code = ''] = /```ts\n(.*?)```/s.exec(section) ?? [];
  const body = code
    .replace(/^import (\{[^}]*\}) from '@sockeye\/core';$/m, 'const $1 = core;')
    .replace(/^import (\{[^}]*\}) from '@sockeye\/core\/cmsg';$/m, 'const $1 = cmsg;');
  expect(body).not.toMatch(/^import /m);
  const AsyncFunction = (async () => {}).constructor as new (
    ...code: string[]
  ) => (...given: unknown[]) => Promise<void>;
  const said: unknown[][] = [];
  const before = descriptors();
  const run = new AsyncFunction('core', 'cmsg', 'console', body);
  await run(core, cmsg, { log: (...words: unknown[]) => said.push(words) });
  expect(said.sort()).toEqual([[1, 1], [true]]);
  expect(descriptors()).toBe(before);
});
