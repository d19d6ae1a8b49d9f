import { constants, type Socket, type SocketError } from '@sockeye/core';
import { detachFilter, filter } from '@sockeye/core/options';
import { type FilterInstruction, filterProgram } from './bpf.ts';
import { errorMask } from './error-frame.ts';
import { CAN_RAW_FILTER_MAX, type CanFilter, encodeFilters } from './filter.ts';
import { readHostU32 } from './layout.ts';
import { type Matcher, matcher } from './match.ts';
import { type CanErrors, type CanSocketOptions, checkFlag } from './socket-options.ts';

const EVERYTHING: readonly CanFilter[] = [{ canId: 0, canMask: 0 }];

/**
 * The receive filters of a socket: in the kernel, as a list or a program; and in JavaScript, while more is let in for a moment, or
 * where the kernel has no memory for the program.
 */
export class SocketFilters {
  readonly #socket: Socket;
  #filters: readonly CanFilter[] | undefined;
  #joined: boolean;
  #errors: number;
  #program: FilterInstruction[] | undefined;
  /** What the socket has set. */
  #attached = false;
  #kernelJoined = false;
  /** Identifiers of own frames that are to come back, and how many of each. */
  readonly #awaited: Map<number, number> = new Map();
  #matcher: Matcher | undefined;

  /** Sets nothing. */
  constructor(socket: Socket, options: CanSocketOptions) {
    this.#socket = socket;
    this.#filters = options.filters;
    this.#joined = options.joinFilters ?? false;
    this.#errors = maskOf(options.errors ?? false);
    this.#program = programFor(this.#filters, this.#joined);
  }

  /** Throws for what is no filter, or error class. */
  static check(options: CanSocketOptions): void {
    maskOf(options.errors ?? false);
    programFor(options.filters, checkFlag('joinFilters', options.joinFilters ?? false));
  }

  /** Whether more comes in than was asked for, so that {@link passes} is to be asked. */
  get strict(): boolean {
    return this.#matcher !== undefined;
  }

  passes(canId: number): boolean {
    return this.#matcher?.(canId) ?? true;
  }

  /** Sets what was asked for. */
  set(): void {
    this.#apply();
    if (this.#errors !== 0) this.#setErrors();
  }

  replace(filters: readonly CanFilter[] | undefined, joined: boolean): void {
    const before = [this.#filters, this.#joined, this.#program] as const;
    this.#filters = filters;
    this.#joined = joined;
    try {
      this.#program = programFor(filters, joined);
      this.#apply();
    } catch (error) {
      [this.#filters, this.#joined, this.#program] = before;
      throw error;
    }
    if (this.strict) this.#match();
  }

  setErrors(errors: CanErrors): void {
    this.#errors = maskOf(errors);
    this.#setErrors();
    if (this.strict) this.#match();
  }

  /** Lets frames as this one in, too. */
  widen(bytes: Uint8Array): void {
    if (this.#filters === undefined) return;
    const canId = readHostU32(bytes, 0);
    this.#awaited.set(canId, (this.#awaited.get(canId) ?? 0) + 1);
    if (!this.strict) this.#match();
    this.#apply();
  }

  narrow(bytes: Uint8Array): void {
    if (this.#filters === undefined || this.#socket.closed) return;
    const canId = readHostU32(bytes, 0);
    const count = (this.#awaited.get(canId) ?? 1) - 1;
    if (count > 0) this.#awaited.set(canId, count);
    else this.#awaited.delete(canId);
    this.#apply();
  }

  #match(): void {
    this.#matcher = matcher(this.#filters, { joined: this.#joined, errorMask: this.#errors });
  }

  #setErrors(): void {
    this.#socket.setsockopt(constants.SOL_CAN_RAW, constants.CAN_RAW_ERR_FILTER, this.#errors);
  }

  #apply(): void {
    const filters = this.#filters;
    const awaited = this.#awaited.size > 0;
    if (this.#program !== undefined && !awaited) {
      // The program first: nothing is to come between that neither lets in.
      if (this.#attach(this.#program)) {
        this.#setList(EVERYTHING, false);
        return;
      }
      this.#match();
    }
    const extra = [...this.#awaited.keys()].map((canId) => ({ canId, canMask: 0xdfffffff }));
    const fits = this.#program === undefined && (!awaited || !this.#joined);
    if (filters === undefined) this.#setListIfAny(EVERYTHING);
    else if (fits && filters.length + extra.length <= CAN_RAW_FILTER_MAX) {
      this.#setList([...filters, ...extra], this.#joined);
    } else this.#setList(EVERYTHING, false);
    if (this.#attached) {
      detachFilter.set(this.#socket);
      this.#attached = false;
    }
  }

  /** Attaches a program; false where it is longer than this system's memory for options, net.core.optmem_max. */
  #attach(program: FilterInstruction[]): boolean {
    try {
      filter.set(this.#socket, program);
    } catch (error) {
      if ((error as SocketError).code !== 'ENOMEM') throw error;
      return false;
    }
    this.#attached = true;
    return true;
  }

  /** A new socket has this one already. */
  #listed = false;

  #setListIfAny(filters: readonly CanFilter[]): void {
    if (this.#listed) this.#setList(filters, false);
  }

  #setList(filters: readonly CanFilter[], joined: boolean): void {
    const { SOL_CAN_RAW, CAN_RAW_JOIN_FILTERS, CAN_RAW_FILTER } = constants;
    if (joined !== this.#kernelJoined) {
      this.#socket.setsockopt(SOL_CAN_RAW, CAN_RAW_JOIN_FILTERS, Number(joined));
      this.#kernelJoined = joined;
    }
    this.#socket.setsockopt(SOL_CAN_RAW, CAN_RAW_FILTER, encodeFilters(filters));
    this.#listed = true;
  }
}

/** Checks filters; of more than the kernel has room for, the program. */
function programFor(
  filters: readonly CanFilter[] | undefined,
  joined: boolean,
): FilterInstruction[] | undefined {
  if (filters === undefined) return undefined;
  encodeFilters(filters);
  return filters.length > CAN_RAW_FILTER_MAX ? filterProgram(filters, joined) : undefined;
}

const maskOf = (errors: CanErrors): number =>
  typeof errors === 'boolean' ? (errors ? errorMask() : 0) : errorMask(errors);
