import { checkBytes, checkObject, checkUint, outOfRange, wrongType } from '@sockeye/addr/check';
import { MalformedFrameError } from './errors.ts';
import { CAN_ERR_FLAG } from './id.ts';
import { FILTER_SIZE, readHostU32, writeHostU32 } from './layout.ts';

/** In can_filter.can_id: take what does not match (linux/can.h). It shares its bit with CAN_ERR_FLAG. */
export const CAN_INV_FILTER: number = CAN_ERR_FLAG;

/** At most so many filters on one socket (linux/can.h, CAN_RAW_FILTER_MAX). */
export const CAN_RAW_FILTER_MAX = 512;

/**
 * A receive filter (struct can_filter): a frame passes when `frame.can_id & mask` equals `id & mask`, or,
 * inverted, when it does not. Both are a whole canid_t: with CAN_EFF_FLAG in the mask, extended and standard
 * frames are told apart; with CAN_RTR_FLAG in it, remote and data frames. With CAN_ERR_FLAG in the mask the
 * kernel takes it for an error-frame filter.
 */
export interface CanFilter {
  readonly id: number;
  readonly mask: number;
  readonly inverted?: boolean | undefined;
}

/**
 * The value of the socket option CAN_RAW_FILTER. An empty list receives nothing.
 * @throws ERR_OUT_OF_RANGE for numbers of more than 32 bits; an `id` with the bit 0x20000000 is refused too,
 * since the kernel reads that as "inverted" (ask for error frames with the error mask).
 */
export function encodeFilters(filters: readonly CanFilter[]): Uint8Array {
  if (!Array.isArray(filters)) throw wrongType('filters', 'an array', filters);
  const bytes = new Uint8Array(filters.length * FILTER_SIZE);
  filters.forEach((filter: CanFilter, index) => {
    checkObject('filter', filter);
    const at = index * FILTER_SIZE;
    const id = checkUint('filter.id', filter.id, 32);
    if ((id & CAN_INV_FILTER) !== 0) {
      throw outOfRange('filter.id', 'without the bit 0x20000000 (set `inverted` instead)', id);
    }
    writeHostU32(bytes, at, (id | (filter.inverted ? CAN_INV_FILTER : 0)) >>> 0);
    writeHostU32(bytes, at + 4, checkUint('filter.mask', filter.mask, 32));
  });
  return bytes;
}

/**
 * The filters in a value of CAN_RAW_FILTER.
 * @throws MalformedFrameError when the size is not a multiple of 8.
 */
export function decodeFilters(bytes: Uint8Array): Required<CanFilter>[] {
  const whole = checkBytes('bytes', bytes).length - (bytes.length % FILTER_SIZE);
  if (whole !== bytes.length) {
    throw new MalformedFrameError('can_filter', whole, 'a multiple of 8 bytes', bytes.length);
  }
  const filters: Required<CanFilter>[] = [];
  for (let at = 0; at < whole; at += FILTER_SIZE) {
    const id = readHostU32(bytes, at);
    filters.push({
      id: (id & ~CAN_INV_FILTER) >>> 0,
      mask: readHostU32(bytes, at + 4),
      inverted: (id & CAN_INV_FILTER) !== 0,
    });
  }
  return filters;
}
