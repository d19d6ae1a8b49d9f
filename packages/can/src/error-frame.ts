import { checkBytes, checkObject, wrongType, wrongValue } from '@sockeye/addr/check';
import { MalformedFrameError } from './errors.ts';
import type { ClassicFrame } from './frame.ts';
import { CAN_EFF_MASK } from './id.ts';

/** Error classes by their bit in the identifier (linux/can/error.h). */
const CLASSES = {
  txTimeout: 0x001,
  lostArbitration: 0x002,
  controller: 0x004,
  protocol: 0x008,
  transceiver: 0x010,
  noAcknowledgement: 0x020,
  busOff: 0x040,
  busError: 0x080,
  restarted: 0x100,
  counters: 0x200,
} as const;

/** data[1] */
const CONTROLLER = {
  rxOverflow: 0x01,
  txOverflow: 0x02,
  rxWarning: 0x04,
  txWarning: 0x08,
  rxPassive: 0x10,
  txPassive: 0x20,
  active: 0x40,
} as const;

/** data[2] */
const PROTOCOL = {
  bit: 0x01,
  form: 0x02,
  stuff: 0x04,
  dominantBit: 0x08,
  recessiveBit: 0x10,
  overload: 0x20,
  activeError: 0x40,
  transmission: 0x80,
} as const;

/** data[3], in the order of a frame. */
const LOCATION: ReadonlyMap<number, string> = new Map([
  [0x03, 'start of frame'],
  [0x02, 'id bits 28-21'],
  [0x06, 'id bits 20-18'],
  [0x04, 'substitute RTR'],
  [0x05, 'identifier extension'],
  [0x07, 'id bits 17-13'],
  [0x0f, 'id bits 12-5'],
  [0x0e, 'id bits 4-0'],
  [0x0c, 'RTR'],
  [0x0d, 'reserved bit 1'],
  [0x09, 'reserved bit 0'],
  [0x0b, 'data length code'],
  [0x0a, 'data'],
  [0x08, 'CRC sequence'],
  [0x18, 'CRC delimiter'],
  [0x19, 'ACK slot'],
  [0x1b, 'ACK delimiter'],
  [0x1a, 'end of frame'],
  [0x12, 'intermission'],
]);

/** data[4]: the low half is CAN high's, the upper half CAN low's. */
const CAN_HIGH: ReadonlyMap<number, string> = new Map([
  [0x04, 'CANH no wire'],
  [0x05, 'CANH short to battery'],
  [0x06, 'CANH short to VCC'],
  [0x07, 'CANH short to ground'],
]);
const CAN_LOW: ReadonlyMap<number, string> = new Map([
  [0x40, 'CANL no wire'],
  [0x50, 'CANL short to battery'],
  [0x60, 'CANL short to VCC'],
  [0x70, 'CANL short to ground'],
  [0x80, 'CANL short to CANH'],
]);

export type ErrorClass = keyof typeof CLASSES;
export type ControllerError = keyof typeof CONTROLLER;
export type ProtocolError = keyof typeof PROTOCOL;

/** What an error frame reports, in words. Parts whose class is not in `classes` are empty or undefined. */
export interface ErrorReport {
  readonly classes: readonly ErrorClass[];
  /** The bit of the frame at which arbitration was lost; 0 when the driver does not say. */
  readonly lostArbitrationBit: number | undefined;
  readonly controller: readonly ControllerError[];
  readonly protocol: readonly ProtocolError[];
  /** Where in the frame the protocol was violated; undefined when the driver does not say. */
  readonly protocolLocation: string | undefined;
  readonly transceiver: readonly string[];
  /** Error counters of the controller. */
  readonly counters: { readonly tx: number; readonly rx: number } | undefined;
}

const wordsOf = <Word extends string>(table: Readonly<Record<Word, number>>, bits: number): Word[] =>
  (Object.keys(table) as Word[]).filter((word) => (bits & table[word]) !== 0);

/**
 * The error mask (CAN_RAW_ERR_FILTER) that asks for the given classes; without an argument, for all of them.
 * @throws ERR_INVALID_ARG_VALUE for a word that is none of them.
 */
export function errorMask(classes?: readonly ErrorClass[]): number {
  if (classes === undefined) return CAN_EFF_MASK;
  if (!Array.isArray(classes)) throw wrongType('classes', 'an array', classes);
  return classes.reduce((mask: number, word: ErrorClass) => {
    if (!Object.hasOwn(CLASSES, word)) {
      throw wrongValue('classes', `words out of ${Object.keys(CLASSES).join(', ')}`, word);
    }
    return mask | CLASSES[word];
  }, 0);
}

/**
 * Puts an error frame into words (linux/can/error.h).
 * @throws ERR_INVALID_ARG_VALUE when the frame is no error frame, MalformedFrameError when it has not 8 bytes
 * of data.
 */
export function decodeErrorFrame(frame: Pick<ClassicFrame, 'id' | 'error' | 'data'>): ErrorReport {
  checkObject('frame', frame);
  if (!frame.error) throw wrongValue('frame', 'an error frame', frame);
  const data = checkBytes('frame.data', frame.data);
  if (data.length !== 8) throw new MalformedFrameError('error frame', 0, '8 bytes of data', data.length);
  const has = (name: ErrorClass): boolean => (frame.id.value & CLASSES[name]) !== 0;
  const location = has('protocol') ? data[3]! : 0;
  const wires = has('transceiver') ? data[4]! : 0;
  return {
    classes: wordsOf(CLASSES, frame.id.value),
    lostArbitrationBit: has('lostArbitration') ? data[0]! : undefined,
    controller: has('controller') ? wordsOf(CONTROLLER, data[1]!) : [],
    protocol: has('protocol') ? wordsOf(PROTOCOL, data[2]!) : [],
    protocolLocation: location === 0 ? undefined : (LOCATION.get(location) ?? `0x${location.toString(16)}`),
    transceiver: [CAN_HIGH.get(wires & 0x0f), CAN_LOW.get(wires & 0xf0)].filter((word) => word !== undefined),
    counters: has('counters') ? { tx: data[6]!, rx: data[7]! } : undefined,
  };
}

/** One line: `controller (rxWarning), protocol (stuff at data), busError, counters (tx 8, rx 96)`. */
export function describeErrorFrame(frame: Pick<ClassicFrame, 'id' | 'error' | 'data'>): string {
  const report = decodeErrorFrame(frame);
  const detail = (name: ErrorClass): string => {
    switch (name) {
      case 'lostArbitration':
        return report.lostArbitrationBit ? `at bit ${report.lostArbitrationBit}` : '';
      case 'controller':
        return report.controller.join(', ');
      case 'protocol': {
        const at = report.protocolLocation === undefined ? '' : `at ${report.protocolLocation}`;
        return [report.protocol.join(', '), at].filter(Boolean).join(' ');
      }
      case 'transceiver':
        return report.transceiver.join(', ');
      case 'counters':
        return `tx ${report.counters?.tx}, rx ${report.counters?.rx}`;
      default:
        return '';
    }
  };
  const words = report.classes.map((name) => {
    const more = detail(name);
    return more === '' ? name : `${name} (${more})`;
  });
  return words.join(', ') || `unknown class 0x${frame.id.value.toString(16)}`;
}
