/** Whatever is given to a codec: what it throws names the argument, and is of the kinds that are promised. */
import { describe, expect, it } from 'vitest';
import * as bcm from '../src/bcm-message.ts';
import * as error from '../src/error-frame.ts';
import * as fd from '../src/fd.ts';
import * as filter from '../src/filter.ts';
import * as frame from '../src/frame.ts';
import * as id from '../src/id.ts';
import * as text from '../src/text.ts';
import * as xl from '../src/xl.ts';

const junk: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  Number.NaN,
  2 ** 53,
  12n,
  '',
  'x',
  '123#',
  Symbol('s'),
  () => 1,
  {},
  [],
  [null],
  [{}],
  new Uint8Array(0),
  new Uint8Array(16),
  new Uint8Array(72).fill(0xff),
  new Float64Array(4),
  new ArrayBuffer(16),
  { id: null },
  { id: 1, data: 'x' },
  { id: 1, data: [1, 2] },
  { id: { value: 1 } },
  { id: { value: 1, extended: 1 } },
  { id: 1, fd: true, xl: true },
  { id: 1, length: 'x' },
  { id: 1, len8Dlc: null },
  { id: 1, xl: true, data: null },
  { id: 1, opcode: 1, canId: 1, frames: {} },
  { opcode: 1, canId: 1, frames: [null] },
  { canId: 'x', canMask: {} },
  Object.create(null),
  new Proxy({}, { get: () => undefined }),
];

/** Those whose first argument is no input. */
const called: Readonly<Record<string, (...given: unknown[]) => unknown>> = {
  'id.toCanId': (one) => id.toCanId('id', one as number),
};

/** For decoders, on what they have read: 32 bits. */
const UNCHECKED: ReadonlySet<string> = new Set(['id.idOfCanId']);

const modules = { bcm, error, fd, filter, frame, id, text, xl };
const functions = Object.entries(modules).flatMap(([module, exported]) =>
  Object.entries(exported as Record<string, unknown>)
    .filter((entry): entry is [string, (...given: unknown[]) => unknown] => {
      const [, value] = entry;
      return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
    })
    .map(([name, call]) => [`${module}.${name}`, called[`${module}.${name}`] ?? call] as const)
    .filter(([name]) => !UNCHECKED.has(name)),
);

describe('whatever is given', () => {
  it.each(functions)('%s refuses it in words, or takes it', (_name, call) => {
    for (const one of junk) {
      for (const two of [undefined, null, 1, 'x', {}, new Uint8Array(100)]) {
        for (const three of [undefined, null, -1, 99.5, 'x']) {
          try {
            call(one, two, three);
          } catch (thrown) {
            const said = thrown as { code?: unknown; message?: unknown };
            const of = `${String(said.message)} of ${String(typeof one)}, ${String(typeof two)}, ${String(three)}`;
            expect(said.code, of).toMatch(/^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/);
            expect(said.message, of).toMatch(/ must be |expected|: .* at /);
          }
        }
      }
    }
  });
});
