import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as errorFrames from '../src/error-frame.ts';
import * as fd from '../src/fd.ts';
import * as filter from '../src/filter.ts';
import * as frame from '../src/frame.ts';
import * as id from '../src/id.ts';
import { formatFrame, parseFrame } from '../src/text.ts';
import * as xl from '../src/xl.ts';

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));

interface Vectors {
  readonly byteOrder: 'little' | 'big';
  readonly numbers: Readonly<Record<string, number>>;
  readonly errorClasses: Readonly<Record<string, number>>;
  readonly errorLocations: Readonly<Record<string, number>>;
  readonly frames: readonly { readonly text: string; readonly bytes: string }[];
  readonly filters: readonly {
    readonly id: number;
    readonly mask: number;
    inverted: boolean;
    bytes: string;
  }[];
}

const text = readFileSync(join(folder, 'linux.json'), 'utf8');
const vectors: Vectors = JSON.parse(text);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const host = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big';

describe('what the kernel headers say', () => {
  it('is still what vectors/record.c records', (ctx) => {
    if (process.platform !== 'linux') ctx.skip('linux/can.h is there on Linux only');
    if (host !== vectors.byteOrder) ctx.skip(`the vectors are from a ${vectors.byteOrder}-endian machine`);
    const probe = spawnSync('cc', ['-E', '-include', 'linux/can.h', '-x', 'c', '/dev/null']);
    if (probe.error !== undefined) ctx.skip('there is no C compiler (cc)');
    if (probe.status !== 0) ctx.skip("there are no kernel headers (linux/can.h, Debian's linux-libc-dev)");
    const scratch = mkdtempSync(join(tmpdir(), 'sockeye-can-'));
    try {
      const program = join(scratch, 'record');
      const made = spawnSync('cc', ['-Wall', '-Werror', '-o', program, join(folder, 'record.c')], {
        encoding: 'utf8',
      });
      expect(made.stderr).toBe('');
      expect(spawnSync(program, { encoding: 'utf8' }).stdout).toBe(text);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it('is what the constants say', () => {
    const ours: Record<string, unknown> = { ...id, ...frame, ...fd, ...filter, ...xl };
    const names = Object.keys(ours).filter((name) => /^CAN/.test(name));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(ours[name], name).toBe(vectors.numbers[name]);
  });

  it('is what errorMask and the words for locations say', () => {
    expect(errorFrames.errorMask([])).toBe(0);
    const classes = errorFrames.decodeErrorFrame({
      id: id.ext(id.CAN_EFF_MASK),
      error: true,
      data: new Uint8Array(8),
    }).classes;
    expect(classes.map((word) => errorFrames.errorMask([word]))).toEqual(Object.values(vectors.errorClasses));
    const words = Object.values(vectors.errorLocations).map((location) => {
      const data = Uint8Array.of(0, 0, 0, location, 0, 0, 0, 0);
      return errorFrames.decodeErrorFrame({
        id: id.ext(vectors.errorClasses.CAN_ERR_PROT ?? 0),
        error: true,
        data,
      });
    });
    for (const { protocolLocation } of words) expect(protocolLocation).not.toMatch(/^0x/);
    expect(new Set(words.map(({ protocolLocation }) => protocolLocation)).size).toBe(words.length);
  });

  it.each(vectors.frames)('frame $text', (vector) => {
    const bytes = Uint8Array.from(Buffer.from(vector.bytes, 'hex'));
    const decoded = parseFrame(vector.text);
    const into = new Uint8Array(bytes.length).fill(0xee);
    expect(frame.encodeFrame(decoded, into)).toBe(bytes.length);
    if (host === vectors.byteOrder) {
      expect(hex(into)).toBe(vector.bytes);
      expect(formatFrame(frame.decodeFrame(bytes))).toBe(vector.text);
    }
    expect(formatFrame(frame.decodeFrame(into))).toBe(vector.text);
  });

  it.each(vectors.filters)('filter $id $mask $inverted', (vector) => {
    const encoded = filter.encodeFilters([
      { canId: vector.id, canMask: vector.mask, inverted: vector.inverted },
    ]);
    if (host === vectors.byteOrder) expect(hex(encoded)).toBe(vector.bytes);
    const { id: canId, mask: canMask, inverted } = vector;
    expect(filter.decodeFilters(encoded)).toEqual([{ canId, canMask, inverted }]);
  });
});
