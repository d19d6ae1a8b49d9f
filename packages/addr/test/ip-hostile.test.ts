import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../src/errors.ts';
import { formatIP, inetAton, parseIP, scopeOf } from '../src/ip.ts';
import { parseBluetooth } from '../src/mac.ts';
import { prefix } from '../src/prefix.ts';
import { PrefixTable } from '../src/prefix-table.ts';
import { expectLinear } from './linear.ts';
import { addressText, seeded } from './many.ts';

const table = new PrefixTable<number>();
const parsers: Record<string, (text: string) => unknown> = {
  inetAton,
  parseIP,
  parseBluetooth,
  prefix: (text) => prefix(text),
  'prefix, clearing': (text) => prefix(text, { clear: true }),
  scopeOf,
  'PrefixTable.lookup': (text) => table.lookup(text),
};

const nearlyGood = fc.integer().map((seed) => {
  const random = seeded(seed);
  const text = addressText(random);
  return random(2) ? text : `${text}/${random(3) ? random(140) : addressText(random)}`;
});

describe.each(Object.keys(parsers))('%s', (name) => {
  const parse = parsers[name]!;

  it('gives a value or a typed error with offset for any text', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), nearlyGood), (text) => {
        try {
          parse(text);
        } catch (error) {
          refused++;
          if (!(error instanceof ParseError)) throw error;
          expect(error.code).toBe('ERR_INVALID_ARG_VALUE');
          expect(error.offset).toBeGreaterThanOrEqual(0);
          expect(error.offset).toBeLessThanOrEqual(text.length);
          expect(error.message).toContain(error.expected);
          expect(error.message.length).toBeLessThan(200);
        }
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('takes no quadratic time on a million characters', () => {
    expectLinear((length) => {
      for (const head of ['', '::', '::1%', '10.0.0.0/', '::/', '1.', '0x', '00:']) {
        for (const piece of [
          '0',
          '1.',
          '1:',
          ':',
          '::',
          '%',
          'a',
          '00:',
          '/',
          '/0',
          '.',
          'é',
          '\ud800',
          ' ',
        ]) {
          const text = head + piece.repeat(Math.ceil(length / piece.length));
          // Nothing of that length is an address, but for zeros before an octal or hex number.
          const zeros = piece === '0' && ['', '1.', '0x'].includes(head);
          if (name === 'inetAton' && zeros) expect(formatIP(inetAton(text))).toMatch(/^[01]\.0\.0\.0$/);
          else expect(() => parse(text)).toThrow(ParseError);
        }
      }
    });
  });
});
