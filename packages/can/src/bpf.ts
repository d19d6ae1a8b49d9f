/** Filters as a program for the kernel (classic BPF), where CAN_RAW_FILTER_MAX are not enough. Pure. */
import { outOfRange, wrongType, wrongValue } from '@sockeye/addr/check';
import { type CanFilter, kernelFilter } from './filter.ts';
import { CAN_ERR_FLAG } from './id.ts';
import { littleEndian } from './layout.ts';

/** An instruction, struct sock_filter (linux/filter.h). */
export interface FilterInstruction {
  code: number;
  jt: number;
  jf: number;
  k: number;
}

/** The most instructions that the kernel takes (linux/bpf_common.h, BPF_MAXINSNS). */
export const BPF_MAXINSNS = 4096;

/** linux/bpf_common.h: what is loaded, computed, compared. */
const LD_ABS_W = 0x20;
const LD_ABS_B = 0x30;
const LD_MEM = 0x60;
const ST = 0x02;
const TAX = 0x07;
const LSH_K = 0x64;
const OR_X = 0x4c;
const AND_K = 0x54;
const JA = 0x05;
const JEQ_K = 0x15;
const JGT_K = 0x25;
const JGE_K = 0x35;
const JSET_K = 0x45;
const RET_K = 0x06;

/** How much of a frame is kept: all of it. */
const ALL = 0xffffffff;
/** Values that are compared one after the other, before it is worth while to halve them. */
const LEAF = 12;

/** From one value to another, both among them. */
type Span = [from: number, to: number];

/** Equal neighbours and successors become one. */
function spansOf(values: readonly number[]): Span[] {
  const sorted = Float64Array.from(values).sort();
  const spans: Span[] = [];
  for (const value of sorted) {
    const last = spans.at(-1);
    if (last !== undefined && value <= last[1] + 1) last[1] = Math.max(last[1], value);
    else spans.push([value, value]);
  }
  return spans;
}

class Program {
  readonly code: FilterInstruction[] = [];

  add(code: number, k: number, jt = 0, jf = 0): number {
    return this.code.push({ code, jt, jf, k: k >>> 0 }) - 1;
  }

  /** Has the jump at `from` go to what comes next. */
  land(from: number): void {
    this.code[from]!.k = this.code.length - from - 1;
  }

  /** Returns `hit` where the accumulator lies in a span, and goes to its end where not. */
  search(spans: readonly Span[], hit: number): void {
    const misses: number[] = [];
    this.#search(spans, hit, misses);
    for (const miss of misses) this.land(miss);
  }

  #search(spans: readonly Span[], hit: number, misses: number[]): void {
    if (spans.length > LEAF) {
      const middle = spans.length >>> 1;
      // Where it is beyond the lower half: by a long jump, since a conditional one has eight bits.
      this.add(JGT_K, spans[middle - 1]![1], 0, 1);
      const upper = this.add(JA, 0);
      this.#search(spans.slice(0, middle), hit, misses);
      this.land(upper);
      this.#search(spans.slice(middle), hit, misses);
      return;
    }
    const tests: number[] = [];
    for (const [from, to] of spans) {
      if (from === to) tests.push(this.add(JEQ_K, from));
      else {
        // Below it, past its other bound.
        this.add(JGE_K, from, 0, 1);
        tests.push(this.add(JGT_K, to));
      }
    }
    misses.push(this.add(JA, 0));
    const end = this.add(RET_K, hit);
    for (const at of tests) {
      const test = this.code[at]!;
      if (test.code === JEQ_K) test.jt = end - at - 1;
      else test.jf = end - at - 1;
    }
  }
}

/**
 * A program that lets pass what the filters do, with one filter, or, `joined`, with all; and error frames, which the error mask
 * is for. A socket takes it beside a CAN_RAW_FILTER that passes everything. Thousands of identifiers are some dozen comparisons,
 * and neighbours are one.
 * @throws ERR_OUT_OF_RANGE where it would be longer than the kernel takes, 4,096 instructions: some 3,000 identifiers that are
 * not neighbours; ERR_INVALID_ARG_VALUE for a filter of error frames; and as `kernelFilter`.
 */
export function filterProgram(filters: readonly CanFilter[], joined = false): FilterInstruction[] {
  if (!Array.isArray(filters)) throw wrongType('filters', 'an array', filters);
  // Joined, one that fails is what counts: each the other way round, and a hit is no frame for this socket.
  const equal = new Map<number, number[]>();
  const unequal = new Map<number, Set<number>>();
  for (const filter of filters) {
    const { canId, canMask, inverted } = kernelFilter(filter);
    if ((canMask & CAN_ERR_FLAG) !== 0) {
      throw wrongValue('filter', 'without CAN_ERR_FLAG in its mask where a program is needed', filter);
    }
    const value = (canId & canMask) >>> 0;
    if (inverted === joined) {
      const values = equal.get(canMask);
      if (values === undefined) equal.set(canMask, [value]);
      else values.push(value);
    } else {
      const values = unequal.get(canMask) ?? new Set();
      unequal.set(canMask, values.add(value));
    }
  }
  const hit = joined ? 0 : ALL;
  const program = new Program();
  loadCanId(program);
  program.add(JSET_K, CAN_ERR_FLAG, 0, 1);
  program.add(RET_K, ALL);
  for (const [mask, values] of equal) {
    program.add(LD_MEM, 0);
    program.add(AND_K, mask);
    program.search(spansOf(values), hit);
  }
  for (const [mask, values] of unequal) {
    for (const value of values) {
      program.add(LD_MEM, 0);
      program.add(AND_K, mask);
      program.add(JEQ_K, value, 1, 0);
      program.add(RET_K, hit);
    }
  }
  // No filter at all lets nothing pass, joined or not.
  program.add(RET_K, joined && filters.length > 0 ? ALL : 0);
  if (program.code.length > BPF_MAXINSNS) {
    throw outOfRange(
      'filters',
      `few enough for ${BPF_MAXINSNS} instructions (some 3000 identifiers that are not neighbours; a mask stands for many)`,
      filters.length,
    );
  }
  return program.code;
}

/** The canid_t into A and M[0]. It is in the machine's byte order, and BPF loads the network's. */
function loadCanId(program: Program): void {
  if (littleEndian) {
    program.add(LD_ABS_B, 3);
    for (const byte of [2, 1, 0]) {
      program.add(LSH_K, 8);
      program.add(TAX, 0);
      program.add(LD_ABS_B, byte);
      program.add(OR_X, 0);
    }
  } else program.add(LD_ABS_W, 0);
  program.add(ST, 0);
}
