import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedPacketError } from '../src/errors.ts';
import { ESP_HEADER_LENGTH, EspView, encodeEsp } from '../src/esp.ts';
import {
  encodeGeneve,
  encodeGeneveOption,
  GENEVE_HEADER_LENGTH,
  GeneveOptionCursor,
  GeneveView,
} from '../src/geneve.ts';
import { parseHex } from './hex.ts';

const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const words = (most: number) =>
  fc.nat(most).chain((count) => fc.uint8Array({ minLength: count * 4, maxLength: count * 4 }));
const range = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });

describe('GENEVE', () => {
  const header = fc.record({
    oam: fc.boolean(),
    critical: fc.boolean(),
    protocol: u16,
    networkId: fc.nat(0xffffff),
    options: words(63),
  });

  it('comes back whole, wherever it stands, and touches nothing beside it', () => {
    const view = new GeneveView();
    fc.assert(
      fc.property(header, fc.nat(9), (given, offset) => {
        const length = GENEVE_HEADER_LENGTH + given.options.length;
        const bytes = new Uint8Array(offset + length + 5).fill(0xee);
        expect(encodeGeneve(given, bytes, offset)).toBe(length);
        expect([...bytes.subarray(0, offset), ...bytes.subarray(-5)]).toEqual(Array(offset + 5).fill(0xee));
        const { oam, critical, protocol, networkId, options } = view.decode(bytes, offset);
        expect({ oam, critical, protocol, networkId, options }).toEqual(given);
        expect([view.headerLength, view.payload.length]).toEqual([length, 5]);
        expect(() => encodeGeneve(given, bytes.subarray(0, offset + length - 1), offset)).toThrow(range);
        for (const end of [offset, offset + GENEVE_HEADER_LENGTH - 1, offset + length - 1])
          expect(() => new GeneveView().decode(bytes, offset, end)).toThrow(MalformedPacketError);
      }),
    );
  });

  it('is as RFC 8926 lays it out', () => {
    const bytes = new Uint8Array(16);
    const options = bytes.slice(0, 8);
    expect(encodeGeneveOption(0x0102, 0x80, Uint8Array.of(1, 2, 3, 4), options)).toBe(8);
    encodeGeneve({ protocol: 0x6558, networkId: 0xabcdef, critical: true, options }, bytes);
    expect(bytes).toEqual(parseHex('02 40 6558 abcdef 00 0102 80 01 01020304'));
    const small = new Uint8Array(8);
    encodeGeneve({ protocol: 0x0800, networkId: 1, oam: true }, small);
    expect(small).toEqual(parseHex('00 80 0800 000001 00'));
  });

  it('refuses other versions, and options that do not fit', () => {
    expect(() => new GeneveView().decode(parseHex('4000 6558 00000000'))).toThrow(/version 0; got 1/);
    const fields = { protocol: 1, networkId: 1 };
    const into = new Uint8Array(400);
    expect(() => encodeGeneve({ ...fields, options: new Uint8Array(3) }, into)).toThrow(value);
    expect(() => encodeGeneve({ ...fields, options: new Uint8Array(256) }, into)).toThrow(range);
    expect(() => encodeGeneve({ ...fields, networkId: 1 << 24 }, into)).toThrow(/networkId/);
    expect(() => encodeGeneveOption(1, 1, new Uint8Array(5), into)).toThrow(value);
    expect(() => encodeGeneveOption(1, 1, new Uint8Array(128), into)).toThrow(range);
    expect(() => encodeGeneveOption(1, 256, new Uint8Array(4), into)).toThrow(/type/);
  });

  it('options come back in order', () => {
    const option = fc.record({ optionClass: u16, type: fc.nat(255), data: words(31) });
    fc.assert(
      fc.property(fc.array(option, { maxLength: 4 }), (given) => {
        const bytes = new Uint8Array(1000);
        let end = 0;
        for (const { optionClass, type, data } of given)
          end += encodeGeneveOption(optionClass, type, data, bytes, end);
        const cursor = new GeneveOptionCursor().start(bytes, 0, end);
        const list: unknown[] = [];
        while (cursor.next()) {
          const { optionClass, type, data, critical } = cursor;
          expect(critical).toBe(type > 127);
          list.push({ optionClass, type, data });
        }
        expect(list).toEqual(given);
      }),
    );
  });

  it('whatever the bytes are, options end, within them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const cursor = new GeneveOptionCursor().start(bytes);
        let at = 0;
        try {
          while (cursor.next()) {
            expect(cursor.offset).toBe(at);
            at += 4 + cursor.data.length;
          }
          expect(at).toBe(bytes.length);
        } catch (error) {
          if (!(error instanceof MalformedPacketError)) throw error;
          expect([error.offset, error.offset < bytes.length]).toEqual([at, true]);
        }
      }),
    );
  });
});

describe('ESP', () => {
  it('comes back whole, as RFC 4303 lays it out', () => {
    fc.assert(
      fc.property(u32, u32, fc.nat(9), (securityParametersIndex, sequence, offset) => {
        const bytes = new Uint8Array(offset + ESP_HEADER_LENGTH + 3).fill(0xee);
        expect(encodeEsp({ securityParametersIndex, sequence }, bytes, offset)).toBe(8);
        const view = new EspView().decode(bytes, offset);
        expect([view.securityParametersIndex, view.sequence]).toEqual([securityParametersIndex, sequence]);
        expect([view.headerLength, [...view.payload]]).toEqual([8, [0xee, 0xee, 0xee]]);
        expect(() => new EspView().decode(bytes, offset, offset + 7)).toThrow(MalformedPacketError);
      }),
    );
    const bytes = new Uint8Array(8);
    encodeEsp({ securityParametersIndex: 0x100, sequence: 2 }, bytes);
    expect(bytes).toEqual(parseHex('00000100 00000002'));
    expect(() => encodeEsp({ securityParametersIndex: 2 ** 32, sequence: 1 }, bytes)).toThrow(range);
    expect(() => encodeEsp({ securityParametersIndex: 1, sequence: 1 }, bytes, 1)).toThrow(range);
  });
});
