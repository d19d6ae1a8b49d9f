import { endianness } from 'node:os';
import { type ControlMessage, controlSpace, readControl, writeControl } from '@sockeye/core/cmsg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thrown } from './support.ts';

const LITTLE = endianness() === 'LE';

/** cmsg(3), slowly: what readControl is compared with. */
function slowly(bytes: Uint8Array): ControlMessage[] {
  const messages: ControlMessage[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0n; at + 16n <= bytes.length; ) {
    const start = Number(at);
    const length = view.getBigUint64(start, LITTLE);
    if (length < 16n) break;
    const level = view.getInt32(start + 8, LITTLE);
    const type = view.getInt32(start + 12, LITTLE);
    const end = at + length > bytes.length ? bytes.length : Number(at + length);
    messages.push({ level, type, data: Uint8Array.from(bytes.subarray(start + 16, end)) });
    at += (length + 7n) & ~7n;
  }
  return messages;
}

const int = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const message = fc.record({ level: int, type: int, data: fc.uint8Array({ maxLength: 60 }) });
const messages = fc.array(message, { maxLength: 12 });

/** Bytes that look like control messages: lengths that are right, too small, too large or absurd, and what is cut. */
const hostile = fc
  .tuple(
    fc.array(
      fc.tuple(
        message,
        fc.oneof(
          fc.constant(undefined),
          fc.integer({ min: 0, max: 100 }),
          fc.constantFrom(2 ** 31, 2 ** 32 - 1),
        ),
        fc.constantFrom(0, 0, 0, 1, 0x80000000, 0xffffffff),
      ),
      { maxLength: 6 },
    ),
    fc.uint8Array({ maxLength: 20 }),
    fc.nat(400),
  )
  .map(([parts, tail, cut]) => {
    const chunks = parts.map(([one, low, high]) => {
      const bytes = Uint8Array.from(writeControl([one]));
      const view = new DataView(bytes.buffer);
      if (low !== undefined) view.setUint32(LITTLE ? 0 : 4, low, LITTLE);
      view.setUint32(LITTLE ? 4 : 0, high, LITTLE);
      return bytes;
    });
    const whole = Buffer.concat([...chunks, tail]);
    return Uint8Array.from(whole.subarray(0, Math.max(0, whole.length - (cut > 200 ? cut - 200 : 0))));
  });

describe('control messages in one buffer', () => {
  it('what is written is read, and takes the room that controlSpace says', () => {
    fc.assert(
      fc.property(messages, (given) => {
        const bytes = writeControl(given);
        expect(bytes.length).toBe(controlSpace(...given.map(({ data }) => data.length)));
        expect(readControl(bytes)).toEqual(given);
        expect(slowly(bytes)).toEqual(given);
      }),
    );
  });

  it('reads whatever bytes there are as cmsg(3) says, and nothing beside them', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.uint8Array({ maxLength: 200 })), fc.nat(9), (bytes, before) => {
        const room = new Uint8Array(before + bytes.length + 64).fill(0xff);
        room.set(bytes, before);
        const view = room.subarray(before, before + bytes.length);
        const expected = slowly(bytes);
        for (const read of [
          readControl(view),
          readControl(room.subarray(before), bytes.length),
          readControl(Buffer.from(room.buffer, before, bytes.length)),
        ]) {
          expect(read).toEqual(expected);
          let last = before;
          for (const { data } of read) {
            expect(data.buffer).toBe(room.buffer);
            expect(data.byteOffset).toBeGreaterThanOrEqual(last + 16);
            last = data.byteOffset + data.length;
            expect(last).toBeLessThanOrEqual(before + bytes.length);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('cut anywhere, has what was whole and the bytes that there are of the last', () => {
    fc.assert(
      fc.property(messages, fc.nat(400), (given, cut) => {
        const bytes = writeControl(given);
        const length = Math.min(cut, bytes.length);
        const read = readControl(bytes, length);
        let at = 0;
        given.forEach(({ level, type, data }, i) => {
          const there = length - at - 16;
          if (there < 0) expect(read[i]).toBeUndefined();
          else expect(read[i]).toEqual({ level, type, data: data.slice(0, there) });
          at += controlSpace(data.length);
        });
        expect(read.length).toBeLessThanOrEqual(given.length);
      }),
    );
  });

  it('reads many small messages in one pass', () => {
    const many = Array.from({ length: 50_000 }, (_, i) => ({ level: i, type: ~i, data: Uint8Array.of(i) }));
    expect(readControl(writeControl(many))).toEqual(many);
  });

  it('reads shared memory, and messages out of a generator', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    const given = { level: 1, type: 2, data: Uint8Array.of(3, 4) };
    shared.set(
      writeControl(
        (function* () {
          yield given;
        })(),
      ),
    );
    expect(readControl(shared, 24)).toEqual([given]);
    expect(readControl(shared)).toEqual([given]);
    expect(writeControl([]).length).toBe(0);
  });

  it('asks a message for its data once, and gives its error', () => {
    let asked = 0;
    const once = {
      level: 1,
      type: 1,
      get data() {
        asked++;
        return new Uint8Array(4);
      },
    };
    expect(writeControl([once, once]).length).toBe(48);
    expect(asked).toBe(2);
    const failing = {
      level: 1,
      type: 1,
      get data(): Uint8Array {
        throw new Error('mine');
      },
    };
    expect(() => writeControl([failing])).toThrow('mine');
  });

  it('refuses data that are taken away meanwhile', () => {
    const data = new Uint8Array(8);
    const thief = {
      level: 1,
      type: 1,
      get data() {
        structuredClone(data.buffer, { transfer: [data.buffer] });
        return new Uint8Array(1);
      },
    };
    const error = thrown(() => writeControl([{ level: 1, type: 1, data }, thief]));
    expect(error.message).toContain('messages[0].data');
    expect(error.code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => writeControl([{ level: 1, type: 1, data }])).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => readControl(data)).code).toBe('ERR_INVALID_ARG_VALUE');
  });

  it('names what is wrong', () => {
    const data = new Uint8Array(1);
    const cases: [() => unknown, string, string][] = [
      [() => writeControl(null as never), 'messages', 'ERR_INVALID_ARG_TYPE'],
      [() => writeControl('text' as never), 'messages', 'ERR_INVALID_ARG_TYPE'],
      [() => writeControl({ level: 1, type: 1, data } as never), 'messages', 'ERR_INVALID_ARG_TYPE'],
      [() => writeControl([{ level: 1, type: 1, data }, 5 as never]), 'messages[1]', 'ERR_INVALID_ARG_TYPE'],
      [
        () => writeControl([{ level: 1n as never, type: 1, data }]),
        'messages[0].level',
        'ERR_INVALID_ARG_TYPE',
      ],
      [() => writeControl([{ level: 2 ** 31, type: 1, data }]), 'messages[0].level', 'ERR_OUT_OF_RANGE'],
      [() => writeControl([{ level: 1, type: 0.5, data }]), 'messages[0].type', 'ERR_OUT_OF_RANGE'],
      [
        () => writeControl([{ level: 1, type: 1, data: 'x' as never }]),
        'messages[0].data',
        'ERR_INVALID_ARG_TYPE',
      ],
      [() => readControl([1] as never), 'bytes', 'ERR_INVALID_ARG_TYPE'],
      [() => readControl(data, 2), 'length', 'ERR_OUT_OF_RANGE'],
      [() => readControl(data, -1), 'length', 'ERR_OUT_OF_RANGE'],
      [() => readControl(data, null as never), 'length', 'ERR_INVALID_ARG_TYPE'],
      [() => controlSpace(1, -1), 'lengths[1]', 'ERR_OUT_OF_RANGE'],
      [() => controlSpace('1' as never), 'lengths[0]', 'ERR_INVALID_ARG_TYPE'],
    ];
    for (const [call, argument, code] of cases) {
      const error = thrown(call);
      expect([error.message.split(' must be ')[0], error.code]).toEqual([argument, code]);
    }
  });
});
