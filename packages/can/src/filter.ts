import { checkBytes, checkObject, checkUint, outOfRange, wrongType } from '@sockeye/addr/check';
import { MalformedFrameError } from './errors.ts';
import {
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  type CanId,
  toCanId,
} from './id.ts';
import { FILTER_SIZE, readHostU32, writeHostU32 } from './layout.ts';

/** In can_filter.can_id: take what does not match (linux/can.h). It shares its bit with CAN_ERR_FLAG. */
export const CAN_INV_FILTER: number = CAN_ERR_FLAG;

/** At most so many filters on one socket (linux/can.h, CAN_RAW_FILTER_MAX). */
export const CAN_RAW_FILTER_MAX = 512;

/** What passes, by identifier. Standard and extended frames are told apart. */
export interface IdFilter {
  /** A plain number is a standard identifier. */
  readonly id: CanId | number;
  /** Which of the identifier's bits count, 11 or 29; all unless given. */
  readonly mask?: number | undefined;
  /** True: remote requests only. False: none. Both unless given. */
  readonly remote?: boolean | undefined;
  /** Whether the rest passes instead, see {@link not}. */
  readonly inverted?: boolean | undefined;
}

/**
 * A filter as the kernel has it (struct can_filter): a frame passes when `can_id & canMask` equals `canId & canMask`, or,
 * inverted, when it does not. Both are whole canid_t, flags included: without CAN_EFF_FLAG in the mask it is for standard
 * and extended frames alike.
 */
export interface KernelFilter {
  readonly canId: number;
  readonly canMask: number;
  readonly inverted?: boolean | undefined;
}

/** What passes: frames with an identifier, or as said in words, or in the kernel's bits. */
export type CanFilter = CanId | IdFilter | KernelFilter;

/** All but what the filter lets pass: `not(ext(0x18fef100))`. Twice is as before. */
export function not(filter: CanFilter): KernelFilter {
  const { canId, canMask, inverted } = kernelFilter(filter);
  return { canId, canMask, inverted: !inverted };
}

/**
 * A filter in the kernel's bits.
 * @throws ERR_OUT_OF_RANGE for an identifier or mask with too many bits; a `canId` with the bit 0x20000000 is refused
 * too, since the kernel reads that as "inverted" (ask for error frames with the error mask). ERR_INVALID_ARG_TYPE,
 * ERR_INVALID_ARG_VALUE.
 */
export function kernelFilter(filter: CanFilter): Required<KernelFilter> {
  checkObject('filter', filter);
  if ('canId' in filter) {
    const canId = checkUint('filter.canId', filter.canId, 32);
    if ((canId & CAN_INV_FILTER) !== 0) {
      throw outOfRange('filter.canId', 'without the bit 0x20000000 (set `inverted` instead)', canId);
    }
    const canMask = checkUint('filter.canMask', filter.canMask, 32);
    return { canId, canMask, inverted: checkFlag('filter.inverted', filter.inverted) ?? false };
  }
  const fields: IdFilter = 'value' in filter ? { id: filter } : filter;
  const { value, extended } = toCanId('filter.id', fields.id);
  const all = extended ? CAN_EFF_MASK : CAN_SFF_MASK;
  const mask = fields.mask === undefined ? all : checkUint('filter.mask', fields.mask, extended ? 29 : 11);
  const remote = checkFlag('filter.remote', fields.remote);
  return {
    canId: ((extended ? CAN_EFF_FLAG : 0) | (remote ? CAN_RTR_FLAG : 0) | value) >>> 0,
    canMask: (CAN_EFF_FLAG | (remote === undefined ? 0 : CAN_RTR_FLAG) | mask) >>> 0,
    inverted: checkFlag('filter.inverted', fields.inverted) ?? false,
  };
}

function checkFlag(name: string, value: boolean | undefined): boolean | undefined {
  if (value !== undefined && typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}

/**
 * The value of the socket option CAN_RAW_FILTER. An empty list receives nothing.
 * @throws As {@link kernelFilter}.
 */
export function encodeFilters(filters: readonly CanFilter[]): Uint8Array {
  if (!Array.isArray(filters)) throw wrongType('filters', 'an array', filters);
  const bytes = new Uint8Array(filters.length * FILTER_SIZE);
  filters.forEach((filter: CanFilter, index) => {
    const { canId, canMask, inverted } = kernelFilter(filter);
    const at = index * FILTER_SIZE;
    writeHostU32(bytes, at, (canId | (inverted ? CAN_INV_FILTER : 0)) >>> 0);
    writeHostU32(bytes, at + 4, canMask);
  });
  return bytes;
}

/**
 * The filters in a value of CAN_RAW_FILTER.
 * @throws MalformedFrameError when the size is not a multiple of 8.
 */
export function decodeFilters(bytes: Uint8Array): Required<KernelFilter>[] {
  const whole = checkBytes('bytes', bytes).length - (bytes.length % FILTER_SIZE);
  if (whole !== bytes.length) {
    throw new MalformedFrameError('can_filter', whole, 'a multiple of 8 bytes', bytes.length);
  }
  const filters: Required<KernelFilter>[] = [];
  for (let at = 0; at < whole; at += FILTER_SIZE) {
    const canId = readHostU32(bytes, at);
    filters.push({
      canId: (canId & ~CAN_INV_FILTER) >>> 0,
      canMask: readHostU32(bytes, at + 4),
      inverted: (canId & CAN_INV_FILTER) !== 0,
    });
  }
  return filters;
}
