/** Filters in JavaScript, as the kernel's: for buses without a kernel, and for readers of one bus with filters of their own. */
import { wrongType } from '@sockeye/addr/check';
import { type CanFilter, kernelFilter } from './filter.ts';
import type { CanFrame } from './frame.ts';
import { CAN_EFF_MASK, CAN_ERR_FLAG, encodeCanId } from './id.ts';
import { CANXL_VCID_OFFSET } from './xl.ts';

/** What a frame is filtered by: its canid_t, of an XL frame canxl_frame.prio. */
export function canIdOf(frame: CanFrame): number {
  return frame.xl ? (frame.id.value | (frame.vcid << CANXL_VCID_OFFSET)) >>> 0 : encodeCanId(frame.id, frame);
}

/** Whether a frame with this canid_t passes. */
export type Matcher = (canId: number) => boolean;

/**
 * Makes a matcher of filters, of which a frame must pass one, or, `joined`, all. Error frames pass none, except those whose class
 * is in `errorMask`, and filters with CAN_ERR_FLAG in their mask: linux/can/af_can.c, can_rcv_filter.
 * @throws As `kernelFilter`.
 */
export function matcher(
  filters: readonly CanFilter[] | undefined,
  { joined = false, errorMask = 0 }: { joined?: boolean | undefined; errorMask?: number | undefined } = {},
): Matcher {
  if (filters !== undefined && !Array.isArray(filters)) throw wrongType('filters', 'an array', filters);
  const kernel = filters?.map(kernelFilter);
  const isError = (canId: number): boolean => (canId & CAN_ERR_FLAG) !== 0;
  if (kernel === undefined) return (canId) => !isError(canId) || (canId & errorMask) !== 0;
  const passes = ({ canId: id, canMask: mask, inverted }: (typeof kernel)[number]): Matcher => {
    const wanted = (id & mask) >>> 0;
    // find_rcv_list: such a filter is another error mask, whatever else it says.
    if (isError(mask)) return (canId) => isError(canId) && (canId & mask & CAN_EFF_MASK) !== 0;
    return (canId) => !isError(canId) && ((canId & mask) >>> 0 === wanted) !== inverted;
  };
  const each = kernel.map(passes);
  const some: Matcher = joined
    ? (canId) => each.length > 0 && each.every((one) => one(canId))
    : (canId) => each.some((one) => one(canId));
  return (canId) => (isError(canId) && (canId & errorMask) !== 0) || some(canId);
}
