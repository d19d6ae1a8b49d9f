/** Python's struct module, against CPython's, value by value and word by word. */
import * as struct from '@sockeye/compat-python/struct';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needsPython311, python, thrown } from './support.ts';

/** Bytes go as `{ bytes }`, integers as `{ int }`, floats as `{ float }`, buffers as `{ room }`. */
type Sent =
  | { bytes: string }
  | { int: string }
  | { float: string }
  | { room: number }
  | null
  | string
  | boolean;
interface Call {
  readonly call: 'pack' | 'unpack' | 'calcsize' | 'pack_into' | 'unpack_from' | 'iter_unpack';
  readonly format: string;
  readonly args: readonly Sent[];
}

const PROGRAM = `
import json, struct, sys, math
def decode(v):
    if isinstance(v, dict):
        if 'bytes' in v: return bytes.fromhex(v['bytes'])
        if 'int' in v: return int(v['int'])
        if 'float' in v: return float(v['float'])
        if 'room' in v: return bytearray(v['room'])
    return v
def encode(v):
    if isinstance(v, (bytes, bytearray)): return {'bytes': v.hex()}
    if isinstance(v, bool) or v is None: return v
    if isinstance(v, int): return {'int': str(v)}
    if isinstance(v, float): return {'float': struct.pack('>d', math.nan if v != v else v).hex()}
    return [encode(x) for x in v]
out = []
for c in json.load(sys.stdin):
    args = [decode(a) for a in c['args']]
    try:
        got = getattr(struct, c['call'])(c['format'], *args)
        out.append(encode(args[0] if c['call'] == 'pack_into' else got))
    except Exception as e:
        out.append({'error': type(e).__name__, 'message': str(e)})
json.dump(out, sys.stdout)
`;

function theirs(calls: readonly Call[]): unknown[] {
  return JSON.parse(python(PROGRAM, JSON.stringify(calls))) as unknown[];
}

function decode(value: Sent): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('bytes' in value) return Buffer.from(value.bytes, 'hex');
  if ('int' in value) {
    const number = Number(value.int);
    return Number.isSafeInteger(number) ? number : BigInt(value.int);
  }
  if ('float' in value) return Object(Number(value.float.replace('inf', 'Infinity')));
  return Buffer.alloc(value.room);
}

/** Which items of a format are floats: JavaScript cannot tell 1 from 1.0. */
function encode(value: unknown, floats: boolean): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return { int: String(value) };
  if (typeof value === 'number') {
    if (!floats) return { int: String(value) };
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return { float: bytes.toString('hex') };
  }
  return [...(value as Iterable<unknown>)].map((one) => encode(one, floats));
}

function ours({ call, format, args }: Call): unknown {
  const values = args.map(decode);
  const known: Readonly<Record<string, unknown>> = { ...struct };
  const called = known[call];
  if (typeof called !== 'function') throw new Error(`struct has no ${call}`);
  try {
    const got: unknown = Reflect.apply(called, undefined, [format, ...values]);
    return encode(call === 'pack_into' ? values[0] : got, /[efd]/.test(format));
  } catch (error) {
    const { name, message } = error as Error;
    return { error: name, message };
  }
}

/** Those that differ, the first few: thousands would never be printed. */
function compare(calls: readonly Call[]): void {
  const expected = theirs(calls);
  expect(expected).toHaveLength(calls.length);
  const all = calls.map((call, at) => ({ ...call, ours: ours(call), theirs: expected[at] }));
  const differing = all.filter((one) => JSON.stringify(one.ours) !== JSON.stringify(one.theirs));
  expect(differing.slice(0, 12).map((one) => JSON.stringify(one).slice(0, 300))).toEqual([]);
}

const orders = ['', '@', '=', '<', '>', '!'];
const int = (value: bigint | number): Sent => ({ int: String(value) });
const edges = [0n, 1n, -1n, 7n, 8n, 15n, 16n, 31n, 32n, 63n, 64n, 70n].flatMap((bits) =>
  bits < 7n ? [bits] : [2n ** bits, 2n ** bits - 1n, -(2n ** bits), -(2n ** bits) - 1n],
);
const floats = [
  '0.0',
  '-0.0',
  '1.5',
  'nan',
  'inf',
  '-inf',
  '65504',
  '65519.99',
  '65520',
  '6e-8',
  '2.98e-8',
  '1e40',
];

describe('as CPython does', () => {
  it('integers at the ends of their ranges, in every order', (context) => {
    needsPython311(context);
    compare(
      orders.flatMap((order) =>
        [...'bBhHiIlLqQnNP?'].flatMap((code) =>
          edges.map((edge): Call => ({ call: 'pack', format: order + code, args: [int(edge)] })),
        ),
      ),
    );
  });

  it('floats', (context) => {
    needsPython311(context);
    compare(
      orders.flatMap((order) =>
        [...'efd'].flatMap((code) =>
          floats.map((value): Call => ({ call: 'pack', format: order + code, args: [{ float: value }] })),
        ),
      ),
    );
  });

  it('every half there is', (context) => {
    needsPython311(context);
    const all = Buffer.alloc(0x20000);
    for (let bits = 0; bits < 0x10000; bits++) all.writeUInt16LE(bits, bits * 2);
    const format = '<65536e';
    const values = struct.unpack(format, all);
    const again = Buffer.concat(values.map((value) => struct.pack('<e', value)));
    // Not a number is one number here.
    const kept = values.filter((value, at) => Number.isNaN(value) || again.readUInt16LE(at * 2) === at);
    expect(kept).toHaveLength(0x10000);
    for (let at = 0; at < all.length; at += 0x4000) {
      const args = [{ bytes: all.toString('hex', at, at + 0x4000) }];
      compare([{ call: 'unpack', format: '<8192e', args }]);
    }
  });

  it('halves between halves are rounded to even', (context) => {
    needsPython311(context);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -65519, max: 65519, noNaN: true }), { minLength: 200 }),
        (numbers) => {
          compare(
            numbers.map((value): Call => ({ call: 'pack', format: '<e', args: [{ float: String(value) }] })),
          );
        },
      ),
      { numRuns: 3, endOnFailure: true },
    );
  });

  it('formats: alignment, counts, padding, bad ones', (context) => {
    needsPython311(context);
    const formats = [
      '',
      'bq',
      '@bi',
      '=bq',
      'qb0q',
      'b0i',
      '3B',
      ' 3B\t',
      '3 B',
      '3',
      'x<B',
      'z',
      '<n',
      '<P',
      'é',
      '😀',
      '€',
      'Bé€h',
    ];
    const more = ['99999999999999999999s', '9223372036854775807h', '1x0s', '\0', '12p', 'c', '0c', '@'];
    compare([...formats, ...more].map((format): Call => ({ call: 'calcsize', format, args: [] })));
  });

  it('random formats and bytes', (context) => {
    needsPython311(context);
    const code = fc.constantFrom(...'xbBhHiIlLqQ?csp');
    const part = fc
      .tuple(fc.option(fc.integer({ min: 0, max: 5 }), { nil: '' }), code)
      .map((both) => both.join(''));
    const whole = fc
      .tuple(fc.constantFrom(...orders), fc.array(part, { maxLength: 6 }))
      .map(([order, parts]) => order + parts.join(''));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(whole, fc.uint8Array({ minLength: 300, maxLength: 300 })), { minLength: 50 }),
        (some) => {
          compare(
            // CPython 3.11 breaks over an empty Pascal string.
            some
              .filter(([format]) => !format.includes('0p'))
              .map(([format, bytes]): Call => {
                const size = struct.calcsize(format);
                return {
                  call: 'unpack',
                  format,
                  args: [{ bytes: Buffer.from(bytes.subarray(0, size)).toString('hex') }],
                };
              }),
          );
          for (const [format, bytes] of some) {
            if (/[?px]/.test(format) || /[@]|^[^=<>!]/.test(format)) continue;
            const exact = bytes.subarray(0, struct.calcsize(format));
            expect(struct.pack(format, ...struct.unpack(format, exact))).toEqual(Buffer.from(exact));
          }
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
  });

  it('text, truth, and what is refused', (context) => {
    needsPython311(context);
    const abc: Sent = { bytes: '616263' };
    const calls: [Call['call'], string, ...Sent[]][] = [
      ['pack', '=IB3x8s', int(0x123), int(3), abc],
      ['pack', '2s', abc],
      ['pack', '5p', { bytes: '616263646566' }],
      ['pack', '0p', abc],
      ['pack', '300p', { bytes: '61'.repeat(300) }],
      ['pack', 's', 'x'],
      ['pack', 'p', int(1)],
      ['pack', 'c', abc],
      ['pack', 'c', 'x'],
      ['pack', '?', ''],
      ['pack', '?', null],
      ['pack', 'B', 'x'],
      ['pack', 'B', { float: '1.5' }],
      ['pack', 'B', null],
      ['pack', 'f', 'x'],
      ['pack', 'B'],
      ['pack', 'B', int(1), int(2)],
      ['unpack', 'B', { bytes: '' }],
      ['unpack', 'BB', { bytes: '01' }],
      ['unpack', 'B', 'x'],
      ['unpack', '4p', { bytes: '09616263' }],
      ['unpack', '0s', { bytes: '' }],
      ['unpack_from', 'B', abc, int(3)],
      ['unpack_from', 'B', abc, int(-1)],
      ['unpack_from', 'B', abc, int(-4)],
      ['unpack_from', 'I', { bytes: '000102030405' }, int(-3)],
      ['unpack_from', 'I', { bytes: '000102030405' }, int(3)],
      ['unpack_from', 'I', { bytes: '000102030405' }, 'x'],
      ['pack_into', 'I', { room: 4 }, int(1), int(5)],
      ['pack_into', 'I', { room: 4 }, int(-4), int(5)],
      ['pack_into', 'I', { room: 4 }, int(-3), int(5)],
      ['pack_into', 'I', { room: 4 }, int(-9), int(5)],
      ['pack_into', 'I', { room: 9 }, int(4), int(0x01020304)],
      ['pack_into', 'I', { room: 4 }],
      ['pack_into', 'I', { room: 4 }, int(0)],
      ['pack_into', 'I', 'x', int(0), int(1)],
      ['pack_into', 'I'],
      ['iter_unpack', 'H', { bytes: '01020304' }],
      ['iter_unpack', 'H', abc],
      ['iter_unpack', '', abc],
    ];
    compare(calls.map(([call, format, ...args]) => ({ call, format, args })));
  });

  it('keeps what is beside the struct in pack_into', () => {
    const buffer = Buffer.alloc(6, 0xff);
    struct.pack_into('<H', buffer, 2, 1);
    expect([...buffer]).toEqual([255, 255, 1, 0, 255, 255]);
  });

  it('a Struct is a format read once', () => {
    const made = new struct.Struct('=IB3x8s');
    expect([made.format, made.size]).toEqual(['=IB3x8s', 16]);
    expect(made.unpack(made.pack(1, 2, Buffer.from('abcdefgh')))).toEqual([1, 2, Buffer.from('abcdefgh')]);
    expect(thrown(() => new struct.Struct('z'))).toBeInstanceOf(struct.error);
  });
});
