import { wrongValue } from '@sockeye/addr/check';
import type { FilterInstruction, FilterProgram } from '@sockeye/core/options';

/** linux/bpf_common.h: BPF_RET, whose operand is a number (BPF_K) or the accumulator (BPF_A). */
const RET = 0x06;
const CLASS = 0x07;
const RET_K = 0x06;

/** sizeof(struct sock_filter). */
const SIZE = 8;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Keeps nothing of any packet. */
export const NOTHING: FilterProgram = [{ code: RET_K, jt: 0, jf: 0, k: 0 }];

/**
 * A filter that keeps up to `snapLength` bytes of what `filter` keeps, which is all where there is none: what a filter returns
 * is how many bytes are kept (socket(7), SO_ATTACH_FILTER).
 * @throws ERR_INVALID_ARG_VALUE when the filter returns a number that it computes.
 */
export function cutFilter(filter: FilterProgram | undefined, snapLength: number): FilterProgram {
  if (filter === undefined) return [{ code: RET_K, jt: 0, jf: 0, k: snapLength }];
  const instructions = filter instanceof Uint8Array ? instructionsOf(filter) : filter;
  return instructions.map((instruction) => {
    if ((instruction.code & CLASS) !== RET) return instruction;
    if (instruction.code !== RET_K) {
      throw wrongValue('filter', 'without a return of the accumulator, beside snapLength', instruction.code);
    }
    return { ...instruction, k: Math.min(instruction.k >>> 0, snapLength) };
  });
}

/** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k. */
function instructionsOf(bytes: Uint8Array): FilterInstruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / SIZE) }, (_, index) => ({
    code: view.getUint16(index * SIZE, LITTLE_ENDIAN),
    jt: view.getUint8(index * SIZE + 2),
    jf: view.getUint8(index * SIZE + 3),
    k: view.getUint32(index * SIZE + 4, LITTLE_ENDIAN),
  }));
}
