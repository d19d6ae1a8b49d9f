import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BitTimingLimits, calculateBitTiming } from '../src/bit-timing.ts';

const limits = (tseg1Min: number, tseg2Min: number, brpMin: number, brpMax: number): BitTimingLimits => ({
  tseg1Min,
  tseg1Max: 16,
  tseg2Min,
  tseg2Max: 8,
  sjwMax: 4,
  brpMin,
  brpMax,
  brpIncrement: 1,
});

/** As can-calc-bit-timing has them, after the kernel's drivers. */
const controllers: Record<string, BitTimingLimits> = {
  sja1000: limits(1, 1, 1, 64),
  mcp251x: limits(3, 2, 1, 64),
  flexcan: limits(4, 2, 1, 256),
};

const CLOCKS = [
  8_000_000, 16_000_000, 20_000_000, 24_000_000, 30_000_000, 40_000_000, 49_875_000, 66_500_000, 80_000_000,
];
const BITRATES = [
  1_000_000, 800_000, 500_000, 333_333, 250_000, 125_000, 100_000, 83_333, 50_000, 20_000, 10_000,
];

/** A line of can-calc-bit-timing's table; undefined where it has no timing. */
function judged(
  name: string,
  clock: number,
  bitrate: number,
  point: number,
): Record<string, number> | undefined {
  const options = ['-q', '-c', String(clock), '-b', String(bitrate), '-s', String(point), name];
  const { stdout } = spawnSync('can-calc-bit-timing', options, { encoding: 'utf8' });
  const line = /^ *\d+ +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +[\d.]+% +[\d.]+% +([\d.]+)%/m.exec(
    stdout,
  );
  if (line === null) {
    expect(stdout).toContain('not possible');
    return undefined;
  }
  const [tq, propSeg, phaseSeg1, phaseSeg2, sjw, brp, real] = line.slice(1, 8).map(Number);
  return {
    tq,
    propSeg,
    phaseSeg1,
    phaseSeg2,
    sjw,
    brp,
    bitrate: real,
    samplePoint: Number(line[8]) / 100,
  } as Record<string, number>;
}

function ours(request: Parameters<typeof calculateBitTiming>[0]): Record<string, number> | undefined {
  try {
    const { bitrateError, samplePointError, ...timing } = calculateBitTiming(request);
    return timing;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining('bitrate') });
    return undefined;
  }
}

const usual = (bitrate: number): number => (bitrate > 800_000 ? 0.75 : bitrate > 500_000 ? 0.8 : 0.875);

/** How far a timing is off, in bit/s and in thousandths. */
function off(timing: Record<string, number> | undefined, bitrate: number, point: number): [number, number] {
  return [
    Math.abs((timing?.bitrate ?? Number.NaN) - bitrate),
    Math.abs(Math.round(1000 * ((timing?.samplePoint ?? Number.NaN) - point))),
  ];
}

describe('bit timing', () => {
  it.for(Object.keys(controllers))('is what can-calc-bit-timing says for %s, or nearer', (name, context) => {
    if (spawnSync('can-calc-bit-timing', ['-l']).error !== undefined) {
      context.skip('there is no can-calc-bit-timing (can-utils)');
    }
    const of = controllers[name] as BitTimingLimits;
    let same = 0;
    for (const clock of CLOCKS) {
      for (const point of [0, 750, 800]) {
        for (const bitrate of BITRATES) {
          const theirs = judged(name, clock, bitrate, point);
          const samplePoint = point === 0 ? undefined : point / 1000;
          const timing = ours({ clock, bitrate, samplePoint, sjw: 1, limits: of });
          const text = `${name} ${clock} ${bitrate} ${point}`;
          if (theirs === undefined) {
            expect(timing, text).toBeUndefined();
            continue;
          }
          const wanted = samplePoint ?? usual(bitrate);
          const [rateError, pointError] = off(timing, bitrate, wanted);
          const [theirRateError, theirPointError] = off(theirs, bitrate, wanted);
          expect(rateError, text).toBeLessThanOrEqual(theirRateError);
          if (rateError === theirRateError) expect(pointError, text).toBeLessThanOrEqual(theirPointError);
          if (theirRateError === 0 && theirPointError === 0) {
            expect(timing, text).toEqual(theirs);
            same++;
          }
        }
      }
    }
    expect(same).toBeGreaterThan(50);
  });

  it('keeps to the limits, and says how far it is off', () => {
    const request = fc.record({
      clock: fc.integer({ min: 1_000_000, max: 200_000_000 }),
      bitrate: fc.integer({ min: 5_000, max: 8_000_000 }),
      samplePoint: fc.option(
        fc.integer({ min: 500, max: 950 }).map((n) => n / 1000),
        { nil: undefined },
      ),
      limits: fc.constantFrom(...Object.values(controllers)),
    });
    fc.assert(
      fc.property(request, (one) => {
        const timing = ours(one);
        if (timing === undefined) return;
        const { propSeg = 0, phaseSeg1 = 0, phaseSeg2 = 0, brp = 0, sjw = 0, bitrate = 0 } = timing;
        const tseg1 = propSeg + phaseSeg1;
        const { limits } = one;
        expect(tseg1).toBeGreaterThanOrEqual(limits.tseg1Min);
        expect(tseg1).toBeLessThanOrEqual(limits.tseg1Max);
        expect(phaseSeg2).toBeGreaterThanOrEqual(limits.tseg2Min);
        expect(phaseSeg2).toBeLessThanOrEqual(limits.tseg2Max);
        expect(brp).toBeGreaterThanOrEqual(limits.brpMin);
        expect(brp).toBeLessThanOrEqual(limits.brpMax);
        expect(sjw).toBeGreaterThanOrEqual(1);
        expect(sjw).toBeLessThanOrEqual(Math.min(limits.sjwMax, phaseSeg2));
        expect(bitrate).toBe(Math.floor(one.clock / (brp * (1 + tseg1 + phaseSeg2))));
        expect(Math.abs(bitrate - one.bitrate) / one.bitrate).toBeLessThanOrEqual(0.05);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what is none', () => {
    const of = controllers.sja1000 as BitTimingLimits;
    const attempt = (change: object) => () =>
      calculateBitTiming({ clock: 8_000_000, bitrate: 500_000, limits: of, ...change });
    expect(attempt({ bitrate: 0 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(attempt({ clock: '8' })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(attempt({ samplePoint: 875 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(attempt({ sjw: 5 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(attempt({ limits: { ...of, tseg1Max: 0 } })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining('tseg1Max') }),
    );
    expect(attempt({ bitrate: 3_000_000 })).toThrow(/within 5 %/);
    expect(attempt({})()).toMatchObject({
      bitrate: 500_000,
      samplePoint: 0.875,
      bitrateError: 0,
      samplePointError: 0,
    });
  });
});
