import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../src/isotp/options.ts';
import * as struct from '../src/isotp/struct.ts';
import type { IsoTpOptions } from '../src/isotp.ts';

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));
const text = readFileSync(join(folder, 'isotp.json'), 'utf8');
const vectors: {
  readonly byteOrder: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly structs: Readonly<Record<string, string>>;
} = JSON.parse(text);
const host = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big';
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('what linux/can/isotp.h says', () => {
  it('is still what vectors/isotp.c records', (context) => {
    if (process.platform !== 'linux') context.skip('linux/can/isotp.h is there on Linux only');
    if (host !== vectors.byteOrder)
      context.skip(`the vectors are from a ${vectors.byteOrder}-endian machine`);
    const probe = spawnSync('cc', ['-E', '-include', 'linux/can/isotp.h', '-x', 'c', '/dev/null']);
    if (probe.error !== undefined) context.skip('there is no C compiler (cc)');
    if (probe.status !== 0) context.skip("there are no kernel headers (Debian's linux-libc-dev)");
    const scratch = mkdtempSync(join(tmpdir(), 'sockeye-can-'));
    try {
      const program = join(scratch, 'isotp');
      const made = spawnSync('cc', ['-Wall', '-Werror', '-o', program, join(folder, 'isotp.c')], {
        encoding: 'utf8',
      });
      expect(made.stderr).toBe('');
      expect(spawnSync(program, { encoding: 'utf8' }).stdout).toBe(text);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it('is what the constants say', () => {
    // Newer than the headers that the vectors are from.
    const { CAN_ISOTP_DYN_FC_PARMS, ...ours } = struct;
    expect(CAN_ISOTP_DYN_FC_PARMS).toBe(0x2000);
    const numbers = Object.fromEntries(Object.entries(ours).filter(([, value]) => typeof value === 'number'));
    expect(numbers).toEqual(vectors.numbers);
  });

  const ids = { tx: 0x7e0, rx: 0x7e8 };
  it.each<[string, (settings: ReturnType<typeof settingsOf>) => Uint8Array, IsoTpOptions]>([
    ['none', struct.encodeOptions, ids],
    [
      'all',
      struct.encodeOptions,
      {
        ...ids,
        listen: true,
        address: 0x12,
        rxAddress: 0x78,
        padding: 0x34,
        rxPadding: 0x56,
        checkPadding: 'both',
        halfDuplex: true,
        forceTxStMin: 1,
        forceRxStMin: 1,
        waitTxDone: true,
        frameTxTime: 1.5,
      },
    ],
    ['functional', struct.encodeOptions, { ...ids, functional: true }],
    ['noFlowControl', struct.encodeOptions, { ...ids, noFlowControl: true }],
    ['zero', struct.encodeOptions, { ...ids, frameTxTime: 0 }],
    ['address', struct.encodeOptions, { ...ids, address: 0x9a }],
    ['flow', struct.encodeFlowOptions, { ...ids, blockSize: 8, stMin: 0.3, maxWaits: 5 }],
    ['classic', struct.encodeLinkOptions, ids],
    ['fd', struct.encodeLinkOptions, { ...ids, fd: true, txDl: 24, bitRateSwitch: true }],
  ])('the struct %s', (name, encode, options) => {
    if (host !== vectors.byteOrder) return;
    expect(hex(encode(settingsOf(options)))).toBe(vectors.structs[name]);
  });

  it('a gap in nanoseconds, and the flag that newer kernels know', () => {
    if (host === vectors.byteOrder) expect(hex(struct.encodeGap(0.3))).toBe(vectors.structs.gap);
    const settings = settingsOf({ ...ids, dynamicFlowControl: true });
    expect(struct.optionFlags(settings)).toBe(struct.CAN_ISOTP_DYN_FC_PARMS);
  });
});
