import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  encodeJ1939Filters,
  J1939_FILTER_MAX,
  type J1939Filter,
  nothingPasses,
} from '../src/j1939/filter.ts';
import * as pgn from '../src/j1939/pgn.ts';

interface Vectors {
  readonly filters: readonly {
    readonly fields: J1939Filter & { readonly fromName?: string };
    readonly bytes: string;
  }[];
  readonly numbers: Readonly<Record<string, number>>;
}

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));
const text = readFileSync(join(folder, 'j1939.json'), 'utf8');
const vectors: Vectors = JSON.parse(text);
const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('what linux/can/j1939.h says', () => {
  it('is still what vectors/j1939-record.c records', (context) => {
    if (process.platform !== 'linux') context.skip('linux/can/j1939.h is there on Linux only');
    if (!little) context.skip('the vectors are from a little-endian machine');
    const probe = spawnSync('cc', ['-E', '-include', 'linux/can/j1939.h', '-x', 'c', '/dev/null']);
    if (probe.error !== undefined) context.skip('there is no C compiler (cc)');
    if (probe.status !== 0)
      context.skip("there are no kernel headers (linux/can/j1939.h, Debian's linux-libc-dev)");
    const scratch = mkdtempSync(join(tmpdir(), 'sockeye-j1939-'));
    try {
      const program = join(scratch, 'record');
      const source = join(folder, 'j1939-record.c');
      const made = spawnSync('cc', ['-Wall', '-Werror', '-o', program, source], { encoding: 'utf8' });
      expect(made.stderr).toBe('');
      expect(spawnSync(program, { encoding: 'utf8' }).stdout).toBe(text);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it('is what the numbers say', () => {
    expect({
      J1939_MAX_UNICAST_ADDR: pgn.MAX_ADDRESS,
      J1939_IDLE_ADDR: pgn.NULL_ADDRESS,
      J1939_NO_ADDR: pgn.BROADCAST,
      J1939_PGN_REQUEST: pgn.PGN_REQUEST,
      J1939_PGN_ADDRESS_CLAIMED: pgn.PGN_ADDRESS_CLAIMED,
      J1939_PGN_ADDRESS_COMMANDED: pgn.PGN_COMMANDED_ADDRESS,
      J1939_PGN_MAX: pgn.MAX_PGN,
      J1939_FILTER_MAX,
    }).toEqual(vectors.numbers);
  });

  it('is how filters are laid out', (context) => {
    if (!little) context.skip('the vectors are from a little-endian machine');
    const filters = vectors.filters.map(({ fields: { fromName, ...fields } }) =>
      fromName === undefined ? fields : { ...fields, from: BigInt(fromName) },
    );
    expect(hex(encodeJ1939Filters(filters))).toBe(vectors.filters.map(({ bytes }) => bytes).join(''));
    expect(hex(nothingPasses())).toBe(`${'00'.repeat(16)}0000040000000400${'00'.repeat(8)}`);
  });
});

it('filters that are none are refused', () => {
  expect(() => encodeJ1939Filters(Array(513).fill({}))).toThrow(/^filters must be at most 512/);
  expect(() => encodeJ1939Filters(JSON.parse('{}'))).toThrow(/^filters must be an array/);
  expect(() => encodeJ1939Filters(JSON.parse('[null]'))).toThrow(/^filters\[0\] must be an object/);
  expect(() => encodeJ1939Filters([{}, { pgn: 0xef01 }])).toThrow(/^filters\[1\]\.pgn must be 0xef00/);
  expect(() => encodeJ1939Filters([{ from: 256 }])).toThrow(/^filters\[0\]\.from must be/);
  expect(() => encodeJ1939Filters([{ from: 5n, fromMask: 5 }])).toThrow(
    /^filters\[0\]\.fromMask must be a bigint/,
  );
});
