import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as bcm from '../src/bcm-message.ts';
import { formatFrame, parseFrame as parseAny } from '../src/text.ts';

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));
const text = readFileSync(join(folder, 'bcm.json'), 'utf8');

interface Vectors {
  readonly byteOrder: 'little' | 'big';
  readonly numbers: Readonly<Record<string, number>>;
  readonly offsets: Readonly<Record<string, number>>;
  readonly messages: readonly (Omit<bcm.BcmMessage, 'frames'> & { bytes: string; frames: string[] })[];
}

/** A frame that is no XL one. */
function parseFrame(text: string): bcm.BcmFrame {
  const frame = parseAny(text);
  if (frame.xl) throw new Error(`${text} is an XL frame`);
  return frame;
}

const vectors: Vectors = JSON.parse(text);
const host = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big';
const refusal = (code: string): object => expect.objectContaining({ code });

const encoded = (message: bcm.BcmMessageFields): Uint8Array => {
  const bytes = new Uint8Array(bcm.bcmMessageSize(message)).fill(0xee);
  expect(bcm.encodeBcmMessage(message, bytes)).toBe(bytes.length);
  return bytes;
};

describe('what linux/can/bcm.h says', () => {
  it('is still what vectors/bcm.c records', (context) => {
    if (process.platform !== 'linux') context.skip('linux/can/bcm.h is there on Linux only');
    if (host !== vectors.byteOrder)
      context.skip(`the vectors are from a ${vectors.byteOrder}-endian machine`);
    const probe = spawnSync('cc', ['-E', '-include', 'linux/can/bcm.h', '-x', 'c', '/dev/null']);
    if (probe.error !== undefined) context.skip('there is no C compiler (cc)');
    if (probe.status !== 0)
      context.skip("there are no kernel headers (linux/can/bcm.h, Debian's linux-libc-dev)");
    const scratch = mkdtempSync(join(tmpdir(), 'sockeye-bcm-'));
    try {
      const program = join(scratch, 'record');
      const made = spawnSync('cc', ['-Wall', '-Werror', '-o', program, join(folder, 'bcm.c')], {
        encoding: 'utf8',
      });
      expect(made.stderr).toBe('');
      expect(spawnSync(program, { encoding: 'utf8' }).stdout).toBe(text);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it('is what the constants say', () => {
    const ours: Record<string, unknown> = { ...bcm };
    for (const [name, value] of Object.entries(vectors.numbers)) expect(ours[name], name).toBe(value);
  });

  it.each(vectors.messages)('opcode $opcode, flags $flags, of $canId', (vector) => {
    const { bytes: hex, frames: texts, ...head } = vector;
    const frames = texts.map((one) => parseFrame(one));
    const bytes = encoded({ ...head, frames });
    if (host === vectors.byteOrder) expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    const { frames: back, ...rest } = bcm.decodeBcmMessage(bytes);
    expect(rest).toEqual(head);
    expect(back.map((frame) => formatFrame(frame))).toEqual(texts);
  });
});

describe('messages', () => {
  it('are read back as they were written, wherever they stand', () => {
    const word = fc.nat({ max: 0xffffffff });
    const interval = fc.nat({ max: bcm.BCM_MAX_INTERVAL });
    const data = (most: number): fc.Arbitrary<string> =>
      fc.uint8Array({ maxLength: most }).map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());
    const frames = fc.oneof(
      fc.array(
        data(8).map((hex) => `123#${hex}`),
        { maxLength: 5 },
      ),
      fc.array(
        data(64).map((hex) => `00000123##1${hex}`),
        { minLength: 1, maxLength: 5 },
      ),
    );
    fc.assert(
      fc.property(word, word, word, word, interval, interval, frames, fc.nat(9), (...given) => {
        const [opcode, bits, count, canId, ival1, ival2, texts, offset] = given;
        const fd = texts[0]?.includes('##') === true;
        const flags = ((bits & ~bcm.CAN_FD_FRAME) | (fd ? bcm.CAN_FD_FRAME : 0)) >>> 0;
        const head = { opcode, flags, count, ival1, ival2, canId };
        const message = { ...head, frames: texts.map((one) => parseFrame(one)) };
        const size = bcm.bcmMessageSize(message);
        const bytes = new Uint8Array(offset + size);
        expect(bcm.encodeBcmMessage(message, bytes, offset)).toBe(size);
        const back = bcm.decodeBcmMessage(bytes, offset);
        expect(back).toMatchObject(head);
        expect(back.frames.map((frame) => formatFrame(frame))).toEqual(texts);
      }),
    );
  });

  it('that are cut, too long or nonsense are malformed, and nothing else is thrown', () => {
    const whole = encoded({
      opcode: bcm.TX_SETUP,
      canId: 1,
      frames: [parseFrame('001#01'), parseFrame('001#02')],
    });
    for (let length = 0; length < whole.length; length++) {
      expect(() => bcm.decodeBcmMessage(whole.subarray(0, length))).toThrow(refusal('ERR_INVALID_ARG_VALUE'));
    }
    expect(() => bcm.decodeBcmMessage(Buffer.concat([whole, whole]))).toThrow(/for 2 frames/);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          bcm.decodeBcmMessage(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'MalformedFrameError' });
        }
      }),
    );
  });

  it('that cannot be are refused by the name of what is wrong', () => {
    const into = new Uint8Array(20_000);
    const write = (fields: object): (() => number) => {
      return () => bcm.encodeBcmMessage({ opcode: bcm.TX_SETUP, canId: 1, ...fields }, into);
    };
    const frame = parseFrame('001#01');
    expect(write({ frames: Array(257).fill(frame) })()).toBe(56 + 257 * 16);
    expect(write({ frames: Array(258).fill(frame) })).toThrow(/^frames must be at most 257 frames/);
    expect(write({ frames: [frame], flags: bcm.CAN_FD_FRAME })).toThrow(/^frame\.fd must be true/);
    expect(write({ frames: [parseFrame('001##0')] })).toThrow(/^frame\.fd must be false/);
    const xl = { xl: true, id: 1, data: new Uint8Array(1) };
    expect(write({ frames: [xl] })).toThrow(/^frame\.xl must be false/);
    expect(write({ frames: 'x' })).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
    expect(write({ frames: [null] })).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
    for (const name of ['opcode', 'flags', 'count', 'canId'])
      expect(write({ [name]: 2 ** 32 })).toThrow(new RegExp(`^${name} must be`));
    for (const name of ['ival1', 'ival2']) {
      expect(write({ [name]: -1 })).toThrow(new RegExp(`^${name} must be`));
      expect(write({ [name]: bcm.BCM_MAX_INTERVAL + 1 })).toThrow(refusal('ERR_OUT_OF_RANGE'));
    }
    expect(() => bcm.encodeBcmMessage({ opcode: 1, canId: 1 }, new Uint8Array(55))).toThrow(/^into must be/);
  });
});
