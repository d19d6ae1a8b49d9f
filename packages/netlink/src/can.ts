/** CAN controllers: what IFLA_INFO_DATA and IFLA_INFO_XSTATS of an interface of kind `can` hold, linux/can/netlink.h. */
import { checkInteger, checkObject, checkUint, wrongType, wrongValue } from '@sockeye/addr/check';
import { Attributes, AttributeWriter } from './attributes.ts';
import { type BitTiming, type BitTimingLimits, samplePointOf } from './bit-timing.ts';
import { MalformedNetlinkError } from './errors.ts';
import { LITTLE, textOf, viewOf, wordOf } from './host.ts';

/** IFLA_CAN_… */
export const IFLA_CAN = {
  BITTIMING: 1,
  BITTIMING_CONST: 2,
  CLOCK: 3,
  STATE: 4,
  CTRLMODE: 5,
  RESTART_MS: 6,
  RESTART: 7,
  BERR_COUNTER: 8,
  DATA_BITTIMING: 9,
  DATA_BITTIMING_CONST: 10,
  TERMINATION: 11,
  TERMINATION_CONST: 12,
  BITRATE_CONST: 13,
  DATA_BITRATE_CONST: 14,
  BITRATE_MAX: 15,
  TDC: 16,
  CTRLMODE_EXT: 17,
} as const;

/** IFLA_CAN_TDC_… */
export const IFLA_CAN_TDC = {
  TDCV_MIN: 1,
  TDCV_MAX: 2,
  TDCO_MIN: 3,
  TDCO_MAX: 4,
  TDCF_MIN: 5,
  TDCF_MAX: 6,
  TDCV: 7,
  TDCO: 8,
  TDCF: 9,
} as const;

/** IFLA_CAN_CTRLMODE_SUPPORTED */
export const IFLA_CAN_CTRLMODE_SUPPORTED = 1;

/** CAN_CTRLMODE_…, by the names that ip-link(8) gives them, in camelCase. */
export const CAN_CTRLMODE = {
  loopback: 0x01,
  listenOnly: 0x02,
  tripleSampling: 0x04,
  oneShot: 0x08,
  berrReporting: 0x10,
  fd: 0x20,
  presumeAck: 0x40,
  fdNonIso: 0x80,
  ccLen8Dlc: 0x100,
  tdcAuto: 0x200,
  tdcManual: 0x400,
} as const;

/** enum can_state */
export const CAN_STATE = {
  'error-active': 0,
  'error-warning': 1,
  'error-passive': 2,
  'bus-off': 3,
  stopped: 4,
  sleeping: 5,
} as const;

/** sizeof the structures of linux/can/netlink.h */
const BITTIMING_SIZE = 32;
const BITTIMING_CONST_SIZE = 48;
const NAME_SIZE = 16;
const STATS_SIZE = 24;

export type CanMode = keyof typeof CAN_CTRLMODE;
export type CanState = keyof typeof CAN_STATE;

/** Transmitter delay compensation, in time quanta of the clock. */
export interface CanTdc {
  readonly value: number | undefined;
  readonly offset: number | undefined;
  readonly filter: number | undefined;
  readonly limits: {
    readonly valueMin: number | undefined;
    readonly valueMax: number | undefined;
    readonly offsetMin: number | undefined;
    readonly offsetMax: number | undefined;
    readonly filterMin: number | undefined;
    readonly filterMax: number | undefined;
  };
}

/** How often each has happened since the controller came up: struct can_device_stats. */
export interface CanStatistics {
  readonly busErrors: number;
  readonly errorWarnings: number;
  readonly errorPassives: number;
  readonly busOffs: number;
  readonly arbitrationsLost: number;
  readonly restarts: number;
}

/** What the kernel tells of a controller; undefined is what this one has not, or what was never set. */
export interface CanParameters {
  readonly state: CanState | number | undefined;
  readonly timing: BitTiming | undefined;
  readonly limits: BitTimingLimits | undefined;
  readonly dataTiming: BitTiming | undefined;
  readonly dataLimits: BitTimingLimits | undefined;
  /** In Hz. */
  readonly clock: number | undefined;
  /** Bit rates that there are, where a controller has no timing to set. */
  readonly bitrates: readonly number[];
  readonly dataBitrates: readonly number[];
  readonly bitrateMax: number | undefined;
  /** Those that are on. */
  readonly modes: readonly CanMode[];
  /** Those that can be switched, Linux 5.17. */
  readonly supportedModes: readonly CanMode[] | undefined;
  /** Pause before it restarts by itself after bus-off; 0 for never. */
  readonly restartMs: number | undefined;
  /** Errors as the controller counts them now: CAN's own counters. */
  readonly errorCounters: { readonly tx: number; readonly rx: number } | undefined;
  /** In ohms; 0 for none. */
  readonly termination: number | undefined;
  readonly terminations: readonly number[];
  readonly tdc: CanTdc | undefined;
}

function timingOf(bytes: Uint8Array | undefined): BitTiming | undefined {
  if (bytes === undefined) return undefined;
  const view = viewOf(bytes);
  const u32 = (at: number): number => view.getUint32(at, LITTLE);
  return {
    bitrate: u32(0),
    samplePoint: u32(4) / 1000,
    tq: u32(8),
    propSeg: u32(12),
    phaseSeg1: u32(16),
    phaseSeg2: u32(20),
    sjw: u32(24),
    brp: u32(28),
  };
}

function limitsOf(bytes: Uint8Array | undefined): BitTimingLimits | undefined {
  if (bytes === undefined) return undefined;
  const view = viewOf(bytes);
  const u32 = (index: number): number => view.getUint32(NAME_SIZE + 4 * index, LITTLE);
  return {
    name: textOf(bytes.subarray(0, NAME_SIZE)),
    tseg1Min: u32(0),
    tseg1Max: u32(1),
    tseg2Min: u32(2),
    tseg2Max: u32(3),
    sjwMax: u32(4),
    brpMin: u32(5),
    brpMax: u32(6),
    brpIncrement: u32(7),
  };
}

function modesOf(bits: number): CanMode[] {
  return (Object.keys(CAN_CTRLMODE) as CanMode[]).filter((mode) => (bits & CAN_CTRLMODE[mode]) !== 0);
}

function u32s(bytes: Uint8Array | undefined): number[] {
  if (bytes === undefined) return [];
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length >> 2 }, (_, index) => view.getUint32(4 * index, LITTLE));
}

function u16s(bytes: Uint8Array | undefined): number[] {
  if (bytes === undefined) return [];
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length >> 1 }, (_, index) => view.getUint16(2 * index, LITTLE));
}

function tdcOf(tdc: Attributes | undefined): CanTdc | undefined {
  if (tdc === undefined) return undefined;
  return {
    value: tdc.u32(IFLA_CAN_TDC.TDCV),
    offset: tdc.u32(IFLA_CAN_TDC.TDCO),
    filter: tdc.u32(IFLA_CAN_TDC.TDCF),
    limits: {
      valueMin: tdc.u32(IFLA_CAN_TDC.TDCV_MIN),
      valueMax: tdc.u32(IFLA_CAN_TDC.TDCV_MAX),
      offsetMin: tdc.u32(IFLA_CAN_TDC.TDCO_MIN),
      offsetMax: tdc.u32(IFLA_CAN_TDC.TDCO_MAX),
      filterMin: tdc.u32(IFLA_CAN_TDC.TDCF_MIN),
      filterMax: tdc.u32(IFLA_CAN_TDC.TDCF_MAX),
    },
  };
}

/**
 * Reads the data of an interface of kind `can`: `Link.data`.
 * @throws MalformedNetlinkError
 */
export function decodeCanParameters(data: Uint8Array): CanParameters {
  const attributes = new Attributes(data);
  const state = attributes.u32(IFLA_CAN.STATE);
  // struct can_ctrlmode: mask, flags.
  const modes = u32s(attributes.bytes(IFLA_CAN.CTRLMODE, 8))[1] ?? 0;
  const supported = attributes.nested(IFLA_CAN.CTRLMODE_EXT)?.u32(IFLA_CAN_CTRLMODE_SUPPORTED);
  // struct can_berr_counter: two u16.
  const [tx, rx] = u16s(attributes.bytes(IFLA_CAN.BERR_COUNTER, 4));
  return {
    state: state === undefined ? undefined : wordOf(CAN_STATE, state),
    timing: timingOf(attributes.bytes(IFLA_CAN.BITTIMING, BITTIMING_SIZE)),
    limits: limitsOf(attributes.bytes(IFLA_CAN.BITTIMING_CONST, BITTIMING_CONST_SIZE)),
    dataTiming: timingOf(attributes.bytes(IFLA_CAN.DATA_BITTIMING, BITTIMING_SIZE)),
    dataLimits: limitsOf(attributes.bytes(IFLA_CAN.DATA_BITTIMING_CONST, BITTIMING_CONST_SIZE)),
    clock: attributes.u32(IFLA_CAN.CLOCK),
    bitrates: u32s(attributes.bytes(IFLA_CAN.BITRATE_CONST)),
    dataBitrates: u32s(attributes.bytes(IFLA_CAN.DATA_BITRATE_CONST)),
    bitrateMax: attributes.u32(IFLA_CAN.BITRATE_MAX),
    modes: modesOf(modes),
    supportedModes: supported === undefined ? undefined : modesOf(supported),
    restartMs: attributes.u32(IFLA_CAN.RESTART_MS),
    errorCounters: tx === undefined || rx === undefined ? undefined : { tx, rx },
    termination: attributes.u16(IFLA_CAN.TERMINATION),
    terminations: u16s(attributes.bytes(IFLA_CAN.TERMINATION_CONST)),
    tdc: tdcOf(attributes.nested(IFLA_CAN.TDC)),
  };
}

/**
 * Reads `Link.extraStatistics` of an interface of kind `can`.
 * @throws MalformedNetlinkError for fewer than 24 bytes
 */
export function decodeCanStatistics(bytes: Uint8Array): CanStatistics {
  if (bytes.length < STATS_SIZE) {
    throw new MalformedNetlinkError('can_device_stats', 0, `${STATS_SIZE} bytes`, bytes.length);
  }
  const [
    busErrors = 0,
    errorWarnings = 0,
    errorPassives = 0,
    busOffs = 0,
    arbitrationsLost = 0,
    restarts = 0,
  ] = u32s(bytes);
  return { busErrors, errorWarnings, errorPassives, busOffs, arbitrationsLost, restarts };
}

/** Timing as it is to be: a bit rate, of which the kernel makes the rest, or all of the rest. */
export type CanTiming =
  | {
      /** In bit/s. */
      readonly bitrate: number;
      /** Default CiA's, see `calculateBitTiming`. */
      readonly samplePoint?: number | undefined;
      readonly sjw?: number | undefined;
    }
  | Pick<BitTiming, 'tq' | 'propSeg' | 'phaseSeg1' | 'phaseSeg2' | 'sjw'>;

/** What is to be set; what is left out stays. All but `restart` takes an interface that is down. */
export interface CanSettings {
  readonly timing?: CanTiming | undefined;
  /** Of the data phase of CAN FD. */
  readonly dataTiming?: CanTiming | undefined;
  readonly tdc?: { readonly value?: number; readonly offset: number; readonly filter?: number } | undefined;
  /** Modes to switch on (true) or off (false). */
  readonly modes?: { readonly [Mode in CanMode]?: boolean | undefined } | undefined;
  readonly restartMs?: number | undefined;
  /** Restarts it now, after bus-off, while it is up and restarts not by itself. */
  readonly restart?: true | undefined;
  /** In ohms; 0 for none. */
  readonly termination?: number | undefined;
}

function encodeTiming(argument: string, timing: CanTiming): Uint8Array {
  checkObject(argument, timing);
  const u32 = (name: string, value: number): number => checkUint(`${argument}.${name}`, value, 32);
  if ('bitrate' in timing) {
    const { bitrate, samplePoint, sjw = 0 } = timing;
    checkInteger(`${argument}.bitrate`, bitrate, 1, 0xffffffff);
    const point = samplePoint === undefined ? 0 : samplePointOf(`${argument}.samplePoint`, samplePoint);
    return new Uint8Array(Uint32Array.of(bitrate, point, 0, 0, 0, 0, u32('sjw', sjw), 0).buffer);
  }
  const { tq, propSeg, phaseSeg1, phaseSeg2, sjw } = timing;
  return new Uint8Array(
    Uint32Array.of(
      0,
      0,
      checkInteger(`${argument}.tq`, tq, 1, 0xffffffff),
      u32('propSeg', propSeg),
      u32('phaseSeg1', phaseSeg1),
      u32('phaseSeg2', phaseSeg2),
      u32('sjw', sjw),
      0,
    ).buffer,
  );
}

/**
 * The data of an interface of kind `can`, for `LinkSettings.data`.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export function encodeCanSettings(settings: CanSettings): Uint8Array {
  checkObject('settings', settings);
  const { timing, dataTiming, tdc, modes, restartMs, restart, termination } = settings;
  const out = new AttributeWriter();
  if (timing !== undefined) out.data(IFLA_CAN.BITTIMING, encodeTiming('timing', timing));
  if (modes !== undefined) {
    checkObject('modes', modes);
    let mask = 0;
    let flags = 0;
    for (const [mode, on] of Object.entries(modes)) {
      if (on === undefined) continue;
      if (!Object.hasOwn(CAN_CTRLMODE, mode)) {
        throw wrongValue('modes', `of ${Object.keys(CAN_CTRLMODE).join(', ')}`, mode);
      }
      if (typeof on !== 'boolean') throw wrongType(`modes.${mode}`, 'true or false', on);
      const bit = CAN_CTRLMODE[mode as CanMode];
      mask |= bit;
      if (on) flags |= bit;
    }
    out.data(IFLA_CAN.CTRLMODE, new Uint8Array(Uint32Array.of(mask, flags).buffer));
  }
  if (dataTiming !== undefined) out.data(IFLA_CAN.DATA_BITTIMING, encodeTiming('dataTiming', dataTiming));
  if (restartMs !== undefined) out.u32(IFLA_CAN.RESTART_MS, checkUint('restartMs', restartMs, 32));
  if (restart !== undefined) {
    if (restart !== true) throw wrongValue('restart', 'true or undefined', restart);
    out.u32(IFLA_CAN.RESTART, 1);
  }
  if (termination !== undefined) out.u16(IFLA_CAN.TERMINATION, checkUint('termination', termination, 16));
  if (tdc !== undefined) {
    checkObject('tdc', tdc);
    out.nest(IFLA_CAN.TDC, (inside) => {
      const { value, offset, filter } = tdc;
      if (value !== undefined) inside.u32(IFLA_CAN_TDC.TDCV, checkUint('tdc.value', value, 32));
      inside.u32(IFLA_CAN_TDC.TDCO, checkUint('tdc.offset', offset, 32));
      if (filter !== undefined) inside.u32(IFLA_CAN_TDC.TDCF, checkUint('tdc.filter', filter, 32));
    });
  }
  return out.bytes();
}
