/**
 * CAN bit timing for a given clock: ISO 11898-1, CiA's sample points. The results are those of Linux 4.8 and later
 * (drivers/net/can/dev/calc_bittiming.c), and of can-calc-bit-timing(1) where that hits bit rate and sample point; where it does not,
 * its older releases are further off.
 */
import { checkInteger, checkObject, outOfRange, wrongType } from '@sockeye/addr/check';

/** What a controller can be set to: struct can_bittiming_const (linux/can/netlink.h). In time quanta, but for `brp`. */
export interface BitTimingLimits {
  /** The driver's name; not used in calculations. */
  readonly name?: string | undefined;
  readonly tseg1Min: number;
  readonly tseg1Max: number;
  readonly tseg2Min: number;
  readonly tseg2Max: number;
  readonly sjwMax: number;
  /** Of the prescaler. */
  readonly brpMin: number;
  readonly brpMax: number;
  readonly brpIncrement: number;
}

export interface BitTimingRequest {
  /** Of the controller, in Hz. */
  readonly clock: number;
  /** In bit/s. */
  readonly bitrate: number;
  /** Part of the bit before it is sampled, 0 to 1. Default CiA's: 0.875, above 500 kbit/s 0.8, above 800 kbit/s 0.75. */
  readonly samplePoint?: number | undefined;
  /** Synchronisation jump width, in time quanta. Default as of Linux 6.3: half of phase segment 2, at least 1; before, it was 1. */
  readonly sjw?: number | undefined;
  readonly limits: BitTimingLimits;
}

/** Struct can_bittiming, and how far it is from what was asked for. */
export interface BitTiming {
  /** The one that there is, in bit/s. */
  readonly bitrate: number;
  /** 0 to 1, in steps of a thousandth. */
  readonly samplePoint: number;
  /** Time quantum, in nanoseconds. */
  readonly tq: number;
  /** The segments, in time quanta; the first one, of synchronisation, is always one. */
  readonly propSeg: number;
  readonly phaseSeg1: number;
  readonly phaseSeg2: number;
  readonly sjw: number;
  /** The prescaler. */
  readonly brp: number;
}

export interface CalculatedBitTiming extends BitTiming {
  /** Parts of one: 0.01 is one per cent. */
  readonly bitrateError: number;
  readonly samplePointError: number;
}

const U32 = 0xffffffff;
/** CAN_CALC_MAX_ERROR: what the kernel refuses, five per cent. */
const MOST_ERROR = 0.05;

/** CiA's, in thousandths. */
function usualSamplePoint(bitrate: number): number {
  if (bitrate > 800_000) return 750;
  return bitrate > 500_000 ? 800 : 875;
}

/** A sample point as thousandths. */
export function samplePointOf(argument: string, value: number): number {
  if (typeof value !== 'number') throw wrongType(argument, 'a number', value);
  if (!(value > 0 && value < 1)) throw outOfRange(argument, 'a part of one, above 0 and below 1', value);
  return Math.round(value * 1000);
}

interface Segments {
  readonly tseg1: number;
  readonly tseg2: number;
  readonly samplePoint: number;
  readonly error: number;
}

/** Both segments of a bit of `quanta`, so that the sample point is the wanted one or as little before it as can be. */
function segments(wanted: number, quanta: number, limits: BitTimingLimits): Segments | undefined {
  const before = Math.floor((wanted * quanta) / 1000);
  let best: Segments | undefined;
  for (const rest of [quanta - before, quanta - before - 1]) {
    let tseg2 = Math.min(Math.max(rest, limits.tseg2Min), limits.tseg2Max);
    let tseg1 = quanta - 1 - tseg2;
    if (tseg1 > limits.tseg1Max) {
      tseg1 = limits.tseg1Max;
      tseg2 = quanta - 1 - tseg1;
    }
    if (tseg1 < limits.tseg1Min) continue;
    const samplePoint = Math.floor((1000 * (quanta - tseg2)) / quanta);
    const error = wanted - samplePoint;
    if (error >= 0 && (best === undefined || error < best.error)) best = { tseg1, tseg2, samplePoint, error };
  }
  return best;
}

/**
 * The timing nearest to a bit rate: the least error of the rate first, of the sample point then, and the most quanta of equals.
 *
 * @throws ERR_INVALID_ARG_TYPE; ERR_OUT_OF_RANGE also for a bit rate that this clock and these limits miss by more than 5 %, which the
 * kernel refuses (EDOM)
 */
export function calculateBitTiming(request: BitTimingRequest): CalculatedBitTiming {
  checkObject('request', request);
  const { limits } = request;
  checkObject('limits', limits);
  const clock = checkInteger('clock', request.clock, 1, U32);
  const bitrate = checkInteger('bitrate', request.bitrate, 1, U32);
  const wanted =
    request.samplePoint === undefined
      ? usualSamplePoint(bitrate)
      : samplePointOf('samplePoint', request.samplePoint);
  const { tseg1Min, tseg1Max, tseg2Min, tseg2Max, brpMin, brpMax, brpIncrement, sjwMax } = limits;
  checkInteger('limits.tseg1Max', tseg1Max, checkInteger('limits.tseg1Min', tseg1Min, 0, 0xffff), 0xffff);
  checkInteger('limits.tseg2Max', tseg2Max, checkInteger('limits.tseg2Min', tseg2Min, 0, 0xffff), 0xffff);
  checkInteger('limits.brpMax', brpMax, checkInteger('limits.brpMin', brpMin, 1, U32), U32);
  checkInteger('limits.brpIncrement', brpIncrement, 1, U32);
  checkInteger('limits.sjwMax', sjwMax, 1, 0xffff);
  let best: (Segments & { brp: number; rateError: number }) | undefined;
  search: for (let quanta = 1 + tseg1Max + tseg2Max; quanta > tseg1Min + tseg2Min; quanta--) {
    // The prescalers on both sides of the one that would be exact: the slower bit first.
    const exact = Math.floor(clock / (quanta * bitrate));
    for (const near of [exact + 1, exact]) {
      const brp = Math.floor(near / brpIncrement) * brpIncrement;
      if (brp < brpMin || brp > brpMax) continue;
      const rateError = Math.abs(bitrate - Math.floor(clock / (brp * quanta)));
      if (best !== undefined && rateError > best.rateError) continue;
      const split = segments(wanted, quanta, limits);
      if (split === undefined) continue;
      if (best !== undefined && rateError === best.rateError && split.error >= best.error) continue;
      best = { ...split, brp, rateError };
      if (rateError === 0 && split.error === 0) break search;
    }
  }
  if (best === undefined || best.rateError / bitrate > MOST_ERROR) {
    throw outOfRange('bitrate', `one that a clock of ${clock} Hz gives within 5 %`, bitrate);
  }
  const { tseg1, tseg2, brp, rateError, error, samplePoint } = best;
  const propSeg = Math.floor(tseg1 / 2);
  const phaseSeg1 = tseg1 - propSeg;
  const usual = Math.max(1, Math.min(phaseSeg1, Math.floor(tseg2 / 2)));
  const sjw = request.sjw === undefined ? usual : checkInteger('sjw', request.sjw, 1, sjwMax);
  return {
    bitrate: Math.floor(clock / (brp * (1 + tseg1 + tseg2))),
    samplePoint: samplePoint / 1000,
    tq: Math.floor((brp * 1e9) / clock),
    propSeg,
    phaseSeg1,
    phaseSeg2: tseg2,
    sjw: Math.min(sjw, sjwMax, tseg2),
    brp,
    bitrateError: rateError / bitrate,
    samplePointError: error / wanted,
  };
}
