import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ext, std } from '../src/id.ts';
import {
  decodeName,
  encodeName,
  formatName,
  nameFromBytes,
  nameToBytes,
  parseName,
} from '../src/j1939/name.ts';
import { decodePduId, encodePduId, isPdu1, pgnFromBytes, pgnToBytes } from '../src/j1939/pgn.ts';

const name64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const code = (word: string): object => expect.objectContaining({ code: word });

describe('a NAME', () => {
  it('has each field where linux/can/j1939.h has it', () => {
    expect(encodeName({ identity: 0x1fffff })).toBe(0x1fffffn);
    expect(encodeName({ manufacturer: 0x7ff })).toBe(0x7ffn << 21n);
    expect(encodeName({ ecuInstance: 7 })).toBe(7n << 32n);
    expect(encodeName({ functionInstance: 31 })).toBe(31n << 35n);
    expect(encodeName({ function: 255 })).toBe(255n << 40n);
    expect(encodeName({ reserved: true })).toBe(1n << 48n);
    expect(encodeName({ vehicleSystem: 127 })).toBe(127n << 49n);
    expect(encodeName({ vehicleSystemInstance: 15 })).toBe(15n << 56n);
    expect(encodeName({ industryGroup: 7 })).toBe(7n << 60n);
    expect(encodeName({ arbitrary: true })).toBe(1n << 63n);
    expect(encodeName({})).toBe(0n);
  });

  it('is split and made again, whatever it is; as text and as bytes too', () => {
    fc.assert(
      fc.property(name64, (name) => {
        expect(encodeName(decodeName(name))).toBe(name);
        expect(parseName(formatName(name))).toBe(name);
        expect(parseName(`0x${name.toString(16)}`)).toBe(name);
        expect(parseName(name.toString())).toBe(name);
        expect(nameFromBytes(nameToBytes(name))).toBe(name);
      }),
    );
  });

  it('as text says what is not 0', () => {
    const name = encodeName({
      arbitrary: true,
      industryGroup: 4,
      function: 130,
      manufacturer: 275,
      identity: 9,
    });
    expect(formatName(name)).toBe('arbitrary/industryGroup=4/function=130/manufacturer=275/identity=9');
    expect(formatName(0n)).toBe('identity=0');
    expect(parseName('identity=0x9/arbitrary')).toBe((1n << 63n) | 9n);
    expect([...nameToBytes(0x0102030405060708n)]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(nameFromBytes(new Uint8Array(7))).toBeUndefined();
  });

  it('that is none is refused, by name of the field or where in the text', () => {
    expect(() => encodeName({ identity: 0x200000 })).toThrow(
      /^identity must be a whole number from 0 to 2097151/,
    );
    expect(() => encodeName({ function: -1 })).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => encodeName(JSON.parse('{"arbitrary":1}'))).toThrow(/^arbitrary must be true or false/);
    expect(() => encodeName(JSON.parse('null'))).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => decodeName(2n ** 64n)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => decodeName(-1n)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => decodeName(JSON.parse('5'))).toThrow(code('ERR_INVALID_ARG_TYPE'));
    for (const [text, offset] of [
      ['', 0],
      ['identity', 0],
      ['identity=1/nonesuch=2', 11],
      ['identity=1/identity=2', 11],
      ['arbitrary=1', 0],
      ['manufacturer=2048', 0],
      ['reserved/ecuInstance=-1', 9],
      ['0x10000000000000000', 0],
    ] as const) {
      expect(() => parseName(text), text).toThrow(expect.objectContaining({ name: 'ParseError', offset }));
    }
  });
});

describe('an identifier', () => {
  it('of PDU1 format has the destination, of PDU2 none', () => {
    // As candump shows a request of everybody for address claims, and an engine's speed.
    expect(decodePduId(0x18eafffe)).toEqual({ priority: 6, pgn: 0xea00, source: 0xfe, destination: 0xff });
    expect(decodePduId(0x0cf00400)).toEqual({ priority: 3, pgn: 0xf004, source: 0, destination: 0xff });
    expect(encodePduId({ pgn: 0xea00, source: 0xfe })).toBe(ext(0x18eafffe));
    expect(encodePduId({ pgn: 0xf004, source: 0, priority: 3 })).toBe(ext(0x0cf00400));
    expect(encodePduId({ pgn: 0xef00, source: 0x80, destination: 0x20 })).toBe(ext(0x18ef2080));
    expect([isPdu1(0xef00), isPdu1(0xf000), isPdu1(0x1ef00), isPdu1(0x1ff00)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('is split and made again, whatever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x1fffffff }), (id) => {
        const parts = decodePduId(id);
        expect(encodePduId(parts)).toEqual(ext(id));
        expect(decodePduId(ext(id))).toEqual(parts);
        expect(pgnFromBytes(pgnToBytes(parts.pgn))).toBe(parts.pgn);
      }),
    );
  });

  it('that is none is refused', () => {
    expect(() => encodePduId({ pgn: 0xea01, source: 1 })).toThrow(
      /^pgn must be 0xea00, or one of PDU2 format/,
    );
    expect(() => encodePduId({ pgn: 0x40000, source: 1 })).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => encodePduId({ pgn: 0xf004, source: 1, destination: 3 })).toThrow(
      /^destination must be 0xff/,
    );
    expect(() => encodePduId({ pgn: 0xf004, source: 256 })).toThrow(/^source must be/);
    expect(() => encodePduId({ pgn: 0xf004, source: 1, priority: 8 })).toThrow(/^priority must be/);
    expect(() => decodePduId(0x20000000)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => decodePduId(std(0x123))).toThrow(/^id must be an extended one/);
    expect(pgnFromBytes(Uint8Array.of(1, 2))).toBeUndefined();
  });
});
