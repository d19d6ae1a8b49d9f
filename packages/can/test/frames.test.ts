import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedFrameError } from '../src/errors.ts';
import { decodeFdFrame, encodeFdFrame, fdDlcToLength, fdLengthToDlc, fdPaddedLength } from '../src/fd.ts';
import { type CanFilter, decodeFilters, encodeFilters, kernelFilter, not } from '../src/filter.ts';
import {
  type CanFrame,
  type CanFrameFields,
  type ClassicFrame,
  decodeClassicFrame,
  decodeFrame,
  encodeFrame,
} from '../src/frame.ts';
import { type CanId, decodeCanId, encodeCanId, ext, sameId, std, toCanId } from '../src/id.ts';
import { formatFrame, parseFrame } from '../src/text.ts';
import { decodeXlFrame, type XlFrame } from '../src/xl.ts';

const refusal = (code: string): object =>
  expect.objectContaining({ code, message: expect.stringMatching(/^[\w.` ]+ must be .+; got .+$/) });
const range = refusal('ERR_OUT_OF_RANGE');
const value = refusal('ERR_INVALID_ARG_VALUE');
const type = refusal('ERR_INVALID_ARG_TYPE');

const id = fc.oneof(
  fc.record({ id: fc.nat(0x7ff).map(std), error: fc.constant(false) }),
  fc.record({ id: fc.nat(0x1fffffff).map(ext), error: fc.boolean() }),
);
const empty = new Uint8Array(0);

const classic: fc.Arbitrary<CanFrame> = fc
  .tuple(id, fc.boolean(), fc.uint8Array({ maxLength: 8 }), fc.nat(8), fc.constantFrom(0, 9, 12, 15))
  .map(([head, remote, data, asked, dlc]) => {
    const length = remote ? asked : data.length;
    const len8Dlc = length === 8 ? dlc : 0;
    return { fd: false, xl: false, ...head, remote, length, len8Dlc, data: remote ? empty : data };
  });

const flexible: fc.Arbitrary<CanFrame> = fc
  .record({
    head: id,
    bitRateSwitch: fc.boolean(),
    errorStateIndicator: fc.boolean(),
    data: fc.uint8Array({ maxLength: 64 }),
  })
  .map(({ head, ...rest }) => ({ fd: true, xl: false, remote: false, ...head, ...rest }));

const large: fc.Arbitrary<CanFrame> = fc
  .record({
    id: fc.nat(0x7ff).map(std),
    sdt: fc.nat(255),
    vcid: fc.nat(255),
    acceptance: fc.nat(0xffffffff),
    sec: fc.boolean(),
    rrs: fc.boolean(),
    data: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 70 }),
      fc.nat(2047).map((n) => new Uint8Array(n + 1).fill(n)),
    ),
  })
  .map((fields) => ({ fd: false, xl: true, remote: false, error: false, ...fields }));

const plain = (frame: CanFrame): object => ({ ...frame, data: [...frame.data] });

describe('frames', () => {
  it('come back whole, through bytes and through text', () => {
    fc.assert(
      fc.property(fc.oneof(classic, flexible, large), (frame) => {
        const into = new Uint8Array(2070).fill(0xee);
        const size = encodeFrame(frame, into, 4);
        expect(size).toBe(frame.fd ? 72 : frame.xl ? 12 + frame.data.length : 16);
        expect(into.subarray(0, 4).every((byte) => byte === 0xee)).toBe(true);
        expect(into.subarray(4 + size).every((byte) => byte === 0xee)).toBe(true);
        expect(plain(decodeFrame(into.subarray(4, 4 + size)))).toEqual(plain(frame));
        expect(
          plain((frame.fd ? decodeFdFrame : frame.xl ? decodeXlFrame : decodeClassicFrame)(into, 4)),
        ).toEqual(plain(frame));
        expect(plain(parseFrame(formatFrame(frame)))).toEqual(plain(frame));
      }),
    );
  });

  it('leave nothing of what was in the buffer before', () => {
    const into = new Uint8Array(16).fill(0xee);
    encodeFrame({ id: 0 }, into);
    expect([...into]).toEqual(Array(16).fill(0));
  });

  it('need no more than an identifier and data', () => {
    const into = new Uint8Array(16);
    encodeFrame({ id: 0x123, data: Uint8Array.of(1, 2) }, into);
    expect(plain(decodeFrame(into))).toEqual({
      fd: false,
      xl: false,
      id: std(0x123),
      remote: false,
      error: false,
      length: 2,
      len8Dlc: 0,
      data: [1, 2],
    });
  });

  const bytes = (length: number): Uint8Array => new Uint8Array(length);
  it.each<[string, CanFrameFields, object]>([
    ['a plain number of 12 bits', { id: 0x800 }, value],
    ['a plain number of 30 bits', { id: 0x20000000 }, range],
    ['a standard identifier of 12 bits', { id: { value: 0x800, extended: false } }, range],
    ['an extended identifier of 30 bits', { id: { value: 0x20000000, extended: true } }, range],
    ['an identifier of neither kind', { id: { value: 1 } as CanId }, type],
    ['an error frame whose class is a standard identifier', { id: std(1), error: true }, range],
    ['a negative identifier', { id: -1 }, range],
    ['an identifier that is text', { id: '1' as never }, type],
    ['9 bytes in a classic frame', { id: 1, data: bytes(9) }, range],
    ['65 bytes in an FD frame', { id: 1, fd: true, data: bytes(65) }, range],
    ['data that are no bytes', { id: 1, data: [1] as never }, type],
    ['a remote frame with data', { id: 1, remote: true, data: bytes(1) }, value],
    ['a remote FD frame', { id: 1, fd: true, remote: true as never }, value],
    ['a remote XL frame', { id: 1, xl: true, remote: true as never, data: bytes(1) }, value],
    ['an XL error frame', { id: 1, xl: true, error: true as never, data: bytes(1) }, value],
    ['an XL frame that is an FD frame too', { id: 1, xl: true, fd: true as never, data: bytes(1) }, value],
    ['an XL frame with an extended identifier', { id: ext(1), xl: true, data: bytes(1) }, value],
    ['an XL frame without data', { id: 1, xl: true, data: bytes(0) }, range],
    ['an XL frame with nothing for data', { id: 1, xl: true, data: undefined as never }, type],
    ['2049 bytes in an XL frame', { id: 1, xl: true, data: bytes(2049) }, range],
    ['a virtual network of 9 bits', { id: 1, xl: true, vcid: 256, data: bytes(1) }, range],
    ['an SDT of 9 bits', { id: 1, xl: true, sdt: 256, data: bytes(1) }, range],
    ['an acceptance field of 33 bits', { id: 1, xl: true, acceptance: 2 ** 32, data: bytes(1) }, range],
    ['a SEC that is a number', { id: 1, xl: true, sec: 1 as never, data: bytes(1) }, type],
    ['an XL frame that there is no room for', { id: 1, xl: true, data: bytes(61) }, range],
    ['a length that is not that of the data', { id: 1, data: bytes(2), length: 3 }, value],
    ['a remote frame that asks for 9', { id: 1, remote: true, length: 9 }, range],
    ['a raw DLC with 7 bytes', { id: 1, data: bytes(7), len8Dlc: 9 }, range],
    ['a raw DLC of 16', { id: 1, data: bytes(8), len8Dlc: 16 }, range],
  ])('%s is refused', (_, frame, error) => {
    const into = new Uint8Array(72).fill(0xee);
    expect(() => encodeFrame(frame, into)).toThrow(error);
    expect([...into]).toEqual(Array(72).fill(0xee));
  });

  it('are 16 or 72 bytes, or as long as an XL frame says, with a length that fits', () => {
    for (const size of [0, 4, 15, 17, 71, 73]) {
      expect(() => decodeFrame(new Uint8Array(size))).toThrow(MalformedFrameError);
    }
    const at4 = expect.objectContaining({ name: 'MalformedFrameError', offset: 4 });
    expect(() => decodeFrame(new Uint8Array(16).fill(9))).toThrow(at4);
    expect(() => decodeFrame(new Uint8Array(72).fill(65))).toThrow(at4);
    const xl = (bytes: string): Uint8Array => Uint8Array.from(Buffer.from(bytes, 'hex'));
    for (const [bytes, offset] of [
      ['000000008000010000000000', 0],
      ['00000000800002000000000011', 0],
      ['00000000800000000000000011', 6],
      [`000000008000010800000000${'11'.repeat(2049)}`, 6],
    ] as const) {
      expect(() => decodeFrame(xl(bytes))).toThrow(
        expect.objectContaining({ name: 'MalformedFrameError', offset }),
      );
    }
    expect(() => decodeXlFrame(new Uint8Array(20))).toThrow(at4);
    expect(() => encodeFrame({ id: 1 }, new Uint8Array(16), 1)).toThrow(range);
    expect(() => decodeFrame('x' as never)).toThrow(type);
  });

  it('are refused in words that say where, what it takes and what there is', () => {
    const words = (call: () => unknown, message: string): void => expect(call).toThrow(message);
    words(
      () => encodeFrame({ id: 0x800 }, bytes(16)),
      'id must be ext(0x800) where more than 11 bits are meant; got 2048',
    );
    words(
      () => encodeFrame({ id: 1, data: bytes(9) }, bytes(16)),
      'data must be at most 8 bytes (64 with `fd: true`); got 9 bytes',
    );
    words(() => decodeFrame(bytes(16).fill(9)), 'can_frame at offset 4 must be a length of at most 8; got 9');
    words(() => parseFrame('123#1'), "text at offset 4 must be pairs of hexadecimal digits; got '1'");
    words(() => parseFrame(''), 'text at offset 0 must be 3 or 8 hexadecimal digits and #; got the end');
  });

  it('any 16 or 72 bytes decode, or throw the typed error', () => {
    const any = fc.oneof(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.uint8Array({ minLength: 72, maxLength: 72 }),
    );
    fc.assert(
      fc.property(any, fc.nat(70), (content, length) => {
        content[4] = length;
        try {
          const frame = decodeFrame(content);
          if (frame.xl) throw new Error('the bit that tells XL frames is not set');
          expect(frame.data.length).toBe(frame.remote ? 0 : length);
          const again = new Uint8Array(content.length);
          encodeFrame(frame, again);
          expect(plain(decodeFrame(again))).toEqual(plain(frame));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFrameError);
          expect(length).toBeGreaterThan(content.length - 8);
        }
      }),
    );
  });
});

describe('what is no frame', () => {
  it.each([null, undefined, 5, 'x'])('%s is refused by name, as bytes and as text', (nothing) => {
    for (const call of [
      () => encodeFrame(nothing as never, new Uint8Array(72)),
      () => formatFrame(nothing as never),
    ]) {
      expect(call).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
    }
  });
});

describe('identifiers', () => {
  it('are values: made by number, compared, shown', () => {
    expect(std(0x123)).toBe(std(0x123));
    expect({ ...ext(0x123) }).toEqual({ value: 0x123, extended: true });
    expect([`${std(0x7f)}`, `${ext(0x7f)}`]).toEqual(['07F', '0000007F']);
    expect(inspect([std(0x7f), ext(0x7f)])).toBe('[ std(0x7f), ext(0x7f) ]');
    expect([sameId(ext(1), { value: 1, extended: true }), sameId(ext(1), std(1))]).toEqual([true, false]);
    expect(() => Object.assign(std(1), { value: 2 })).toThrow(TypeError);
    expect(() => std(0x800)).toThrow(range);
    expect(() => ext(2 ** 29)).toThrow(range);
    expect(() => std('1' as never)).toThrow(type);
  });

  it('keep their numbers, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x1fffffff), { maxLength: 500 }), (values) => {
        const ids = values.map(ext);
        expect(ids.map((id) => id.value)).toEqual(values);
        expect(ids.every((id) => id.extended)).toBe(true);
      }),
    );
  });

  it('are taken as plain numbers where that is not ambiguous', () => {
    expect(toCanId('id', 0x7ff)).toBe(std(0x7ff));
    expect(toCanId('id', { value: 0x7ff, extended: true })).toEqual(ext(0x7ff));
    expect(() => toCanId('rx', 0x18daf110)).toThrow(
      'rx must be ext(0x18daf110) where more than 11 bits are meant; got 417001744',
    );
    expect(() => toCanId('rx', 2 ** 29)).toThrow(range);
    expect(() => toCanId('rx', 800.5)).toThrow(range);
    expect(() => toCanId('rx', null as never)).toThrow(type);
  });

  it('come back from every canid_t, but for bits that a standard identifier has not', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (canId) => {
        const parts = decodeCanId(canId);
        // An error frame is neither standard nor extended.
        const bits = parts.error ? 0x7fffffff : parts.id.extended ? 0xffffffff : 0xc00007ff;
        expect(encodeCanId(parts.id, parts)).toBe((canId & bits) >>> 0);
      }),
    );
    expect(() => decodeCanId(2 ** 32)).toThrow(range);
  });
});

describe('CAN FD lengths', () => {
  it('map to codes and back as ISO 11898-1 has them', () => {
    const lengths = [...Array(16).keys()].map(fdDlcToLength);
    expect(lengths).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64]);
    for (let length = 0; length <= 64; length++) {
      expect(lengths).toContain(fdPaddedLength(length));
      expect(fdPaddedLength(length)).toBeGreaterThanOrEqual(length);
      const dlc = fdLengthToDlc(length);
      if (dlc > 0) expect(lengths[dlc - 1]).toBeLessThan(length);
    }
    for (const wrong of [-1, 16, 1.5]) expect(() => fdDlcToLength(wrong)).toThrow(range);
    expect(() => fdLengthToDlc(65)).toThrow(range);
  });

  it('are not forced on a frame: the kernel takes any up to 64', () => {
    const into = new Uint8Array(72);
    encodeFdFrame({ fd: true, id: 1, data: new Uint8Array(9) }, into);
    expect(decodeFdFrame(into).data.length).toBe(9);
  });
});

describe('filters', () => {
  it('come back whole', () => {
    const one = fc.record({
      canId: fc.nat(0xffffffff).map((bits) => (bits & ~0x20000000) >>> 0),
      canMask: fc.nat(0xffffffff),
      inverted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(one), (filters) => {
        expect(decodeFilters(encodeFilters(filters))).toEqual(filters);
      }),
    );
  });

  it('tell standard from extended, and requests from data where asked', () => {
    const bits = (filter: CanFilter): object => {
      const { canId, canMask, inverted } = kernelFilter(filter);
      return { id: canId.toString(16), mask: canMask.toString(16), inverted };
    };
    expect(bits(std(0x123))).toEqual({ id: '123', mask: '800007ff', inverted: false });
    expect(bits(ext(0x123))).toEqual({ id: '80000123', mask: '9fffffff', inverted: false });
    expect(bits({ id: 0x100, mask: 0x700 })).toEqual({ id: '100', mask: '80000700', inverted: false });
    expect(bits({ id: ext(1), mask: 0xff, remote: true })).toEqual({
      id: 'c0000001',
      mask: 'c00000ff',
      inverted: false,
    });
    expect(bits({ id: 1, remote: false })).toEqual({ id: '1', mask: 'c00007ff', inverted: false });
    expect(bits(not(ext(1)))).toEqual({ id: '80000001', mask: '9fffffff', inverted: true });
    expect(bits(not(not(ext(1))))).toEqual(bits(ext(1)));
    expect(bits(not({ id: 1, inverted: true }))).toEqual(bits(std(1)));
  });

  it('are refused when the kernel would read them otherwise than meant', () => {
    expect(() => encodeFilters([{ canId: 0x20000001, canMask: 0x7ff }])).toThrow(range);
    expect(() => encodeFilters([{ id: 1, mask: -1 }])).toThrow(range);
    expect(() => encodeFilters([{ id: 1, mask: 0x800 }])).toThrow(range);
    expect(() => encodeFilters([{ canId: 1, canMask: 2 ** 32 }])).toThrow(range);
    expect(() => encodeFilters([{ id: 0x800 }])).toThrow(value);
    expect(() => encodeFilters([{ id: 1, inverted: 1 as never }])).toThrow(type);
    expect(() => encodeFilters([5 as never])).toThrow(type);
    expect(() => encodeFilters({ id: 1, mask: 1 } as never)).toThrow(type);
    expect(() => decodeFilters(new Uint8Array(12))).toThrow(expect.objectContaining({ offset: 8 }));
  });
});

describe('text as candump writes it', () => {
  it('CAN FD frames of a kernel that sets CANFD_FDF, as candump prints them, are read without it', () => {
    expect(formatFrame(parseFrame('123##5AABB'))).toBe('123##1AABB');
    expect(formatFrame(parseFrame('123##4'))).toBe('123##0');
  });

  it.each<[string, Partial<ClassicFrame> | Partial<XlFrame>]>([
    ['123#de.ad.BE.ef', { id: std(0x123), data: Uint8Array.of(0xde, 0xad, 0xbe, 0xef) }],
    ['0000007f#r3', { id: ext(0x7f), remote: true, length: 3 }],
    ['20000004#0001000000000000', { id: ext(4), error: true }],
    [
      '45123#81:00:12345678#11223344.556677',
      { id: std(0x123), vcid: 0x45, sec: true, acceptance: 0x12345678 },
    ],
  ])('%s is read', (given, expected) => {
    expect(parseFrame(given)).toMatchObject(expected);
  });

  it.each([
    ['', 0],
    ['12#', 0],
    ['1234#', 0],
    ['800#', 0],
    ['40000000#', 0],
    ['123', 0],
    ['123#1', 4],
    ['123#11223', 8],
    ['123#112233445566778899', 4],
    ['123#R9', 5],
    ['123#R8_8', 6],
    ['123#11_9', 6],
    ['123##', 5],
    ['123##x', 5],
    ['123##1123', 8],
    ['123###', 5],
    ['123#11 ', 6],
    ['00123#80:00:00000000#', 21],
    ['00123#00:00:00000000#11', 0],
    ['00823#80:00:00000000#11', 0],
    ['00123#80:00:00000000#1', 21],
  ])('%j is refused at offset %i', (given, offset) => {
    expect(() => parseFrame(given)).toThrow(expect.objectContaining({ name: 'MalformedFrameError', offset }));
  });

  it('any text is read or refused with the typed error', () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789ABCDEFabcdefRr#_. '), maxLength: 40 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          near,
          near.map((rest) => `123#${rest}`),
        ),
        (given) => {
          try {
            const frame = parseFrame(given);
            expect(plain(parseFrame(formatFrame(frame)))).toEqual(plain(frame));
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedFrameError);
          }
        },
      ),
      { numRuns: 2000 },
    );
    expect(() => parseFrame(123 as never)).toThrow(type);
  });
});
