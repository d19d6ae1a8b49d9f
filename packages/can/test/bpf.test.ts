/** Programs of filters, run by the host's kernel: a Unix socket takes one as a CAN socket does. */
import { constants, errnos, platform, Socket } from '@sockeye/core';
import { filter } from '@sockeye/core/options';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BPF_MAXINSNS, filterProgram } from '../src/bpf.ts';
import { type CanFilter, type KernelFilter, not } from '../src/filter.ts';
import { encodeFrame } from '../src/frame.ts';
import { decodeCanId, ext, std } from '../src/id.ts';
import { canIdOf, matcher } from '../src/match.ts';
import { decodeXlFrame } from '../src/xl.ts';

const refusal = (code: string): object => expect.objectContaining({ code });

/** Which of these frames pass the program. */
function passing(filters: readonly CanFilter[], joined: boolean, canIds: readonly number[]): number[] {
  const [near, far] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_DGRAM);
  try {
    filter.set(far, filterProgram(filters, joined));
    const passed: number[] = [];
    const bytes = new Uint8Array(16);
    for (const canId of canIds) {
      const { id, remote, error } = decodeCanId(canId);
      encodeFrame({ id, remote, error, data: error ? new Uint8Array(8) : undefined }, bytes);
      near.sendSync(bytes);
      const count = far.tryRecvInto(bytes);
      if (count === 16) passed.push(canId);
      else expect(count).toBe(-errnos.EAGAIN);
    }
    return passed;
  } finally {
    near.close();
    far.close();
  }
}

/** Identifiers that are like each other, with flags. */
const canId = fc
  .record({
    value: fc.oneof(fc.nat(40), fc.nat(0x7ff), fc.nat(0x1fffffff)),
    extended: fc.boolean(),
    remote: fc.boolean(),
  })
  .map(({ value, extended, remote }) => {
    const base = extended ? (value | 0x80000000) >>> 0 : value & 0x7ff;
    return remote ? (base | 0x40000000) >>> 0 : base;
  });
const one: fc.Arbitrary<KernelFilter> = fc.record({
  canId,
  canMask: fc.constantFrom(0xdfffffff, 0x9fffffff, 0x800007ff, 0x700, 0),
  inverted: fc.boolean(),
});

describe('a program of filters', () => {
  it('lets pass what the kernel’s own filters would', (context) => {
    if (platform !== 'linux') context.skip('classic BPF is Linux only here');
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 60 }),
        fc.boolean(),
        fc.array(canId, { minLength: 1, maxLength: 30 }),
        (filters, joined, others) => {
          const canIds = [...others, ...filters.map((each) => each.canId).slice(0, 30)];
          const passes = matcher(filters, { joined });
          expect(passing(filters, joined, canIds)).toEqual(canIds.filter(passes));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('finds one among thousands', (context) => {
    if (platform !== 'linux') context.skip('classic BPF is Linux only here');
    const values = Array.from({ length: 2800 }, (_, n) => (n * 40503) % 0x1fffffff);
    const filters = values.map(ext);
    const near = values.flatMap((value) => [value, value + 1]).map((value) => (value | 0x80000000) >>> 0);
    const passes = matcher(filters);
    const some = near.filter((_, at) => at % 40 < 2);
    expect(passing(filters, false, some)).toEqual(some.filter(passes));
    expect(passing(filters.map(not), true, some)).toEqual(some.filter((each) => !passes(each)));
    expect(some.filter(passes).length).toBeGreaterThan(100);
  });

  it('lets error frames pass, which the error mask is for', (context) => {
    if (platform !== 'linux') context.skip('classic BPF is Linux only here');
    expect(passing([std(1)], false, [0x20000040, 1, 2])).toEqual([0x20000040, 1]);
    expect(passing([], false, [0x20000040, 1])).toEqual([0x20000040]);
  });

  it('takes neighbours as one, and refuses what the kernel has no room for', () => {
    const row = Array.from({ length: 100_000 }, (_, n) => ext(n));
    expect(filterProgram(row).length).toBeLessThan(40);
    const apart = (count: number): CanFilter[] => Array.from({ length: count }, (_, n) => ext(2 * n));
    expect(filterProgram(apart(3000)).length).toBeLessThanOrEqual(BPF_MAXINSNS);
    expect(() => filterProgram(apart(4000))).toThrow(refusal('ERR_OUT_OF_RANGE'));
    expect(() => filterProgram([{ canId: 0, canMask: 0x20000000 }])).toThrow(
      refusal('ERR_INVALID_ARG_VALUE'),
    );
    expect(() => filterProgram(5 as never)).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
  });
});

describe('filters in JavaScript', () => {
  it('take the virtual network of an XL frame for a part of its number, as the kernel does', () => {
    const bytes = new Uint8Array(13);
    encodeFrame({ id: 0x123, xl: true, vcid: 5, data: Uint8Array.of(1) }, bytes);
    const canId = canIdOf(decodeXlFrame(bytes));
    expect(canId).toBe(0x50123);
    expect(matcher([std(0x123)])(canId)).toBe(true);
    expect(matcher([{ canId: 0x123, canMask: 0xdfffffff }])(canId)).toBe(false);
  });

  it('let error frames pass by their class, or by filters that are for them', () => {
    expect(matcher(undefined)(0x20000004)).toBe(false);
    expect(matcher(undefined, { errorMask: 4 })(0x20000004)).toBe(true);
    expect(matcher([{ canId: 0, canMask: 0 }], { errorMask: 4 })(0x20000008)).toBe(false);
    expect(matcher([{ canId: 0, canMask: 0x20000008 }])(0x20000008)).toBe(true);
    expect(matcher([{ canId: 0, canMask: 0x20000008 }])(0x20000004)).toBe(false);
    expect(matcher([{ canId: 0, canMask: 0x20000008 }])(8)).toBe(false);
  });
});
