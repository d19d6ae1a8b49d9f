import { wrongValue } from '@sockeye/addr/check';
import type { FilterInstruction } from '@sockeye/core/options';

/** linux/bpf_common.h: BPF_RET, whose operand is a number (BPF_K) or the accumulator (BPF_A). */
const RET = 0x06;
const CLASS = 0x07;
const RET_K = 0x06;

/** Keeps nothing of any packet. */
export const NOTHING: readonly FilterInstruction[] = [{ code: RET_K, jt: 0, jf: 0, k: 0 }];

/**
 * A filter that keeps up to `snapLength` bytes of what `filter` keeps, which is all where there is none: what a filter returns
 * is how many bytes are kept (socket(7), SO_ATTACH_FILTER).
 * @throws ERR_INVALID_ARG_VALUE when the filter returns a number that it computes.
 */
export function cutFilter(
  filter: readonly FilterInstruction[] | undefined,
  snapLength: number,
): readonly FilterInstruction[] {
  if (filter === undefined) return [{ code: RET_K, jt: 0, jf: 0, k: snapLength }];
  return filter.map((instruction) => {
    if ((instruction.code & CLASS) !== RET) return instruction;
    if (instruction.code !== RET_K) {
      throw wrongValue('filter', 'without a return of the accumulator, beside snapLength', instruction.code);
    }
    return { ...instruction, k: Math.min(instruction.k >>> 0, snapLength) };
  });
}
