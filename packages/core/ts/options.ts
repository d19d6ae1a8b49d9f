/** The options objects of the calls that move bytes, and what is made of them. */
import { BAD_ARGUMENT, REST } from './binding.ts';
import {
  checkInt,
  checkInteger,
  checkOptions,
  checkRange,
  checkTimeout,
  wrongType,
  wrongValue,
} from './check.ts';

/** Options of the `…Sync` form of every call that can wait. */
export interface SyncOptions {
  /** Milliseconds; undefined waits for ever, 0 asks once. Running out throws `ERR_SOCKET_TIMEOUT`. */
  timeout?: number | undefined;
  /** A signal ends the wait with EINTR, instead of being waited through. */
  interruptible?: boolean | undefined;
}

export interface Flags {
  /** `constants.MSG_…`, joined by `|`. */
  flags?: number | undefined;
}

/** Which part of a buffer is meant. */
export interface Range {
  /** Bytes to skip; 0 unless given. */
  offset?: number | undefined;
  /** Bytes; the rest of the buffer unless given. */
  length?: number | undefined;
}

/** What is known of a descriptor that comes from outside; the kernel is asked for the rest. */
export interface Known {
  family?: number | undefined;
  type?: number | undefined;
  protocol?: number | undefined;
}

interface Part {
  flags: number;
  offset: number;
  length: number;
}

interface Patience {
  timeout: number;
  interruptible: boolean;
}

const WHOLE: Part = Object.freeze({ flags: 0, offset: 0, length: REST });
const PATIENT: Patience = Object.freeze({ timeout: -1, interruptible: false });

/** Flags and range. Whether they lie within the buffer is for the call to say. */
export function part(options: (Flags & Range) | undefined): Part {
  if (options === undefined) return WHOLE;
  const { flags = 0, offset = 0, length = REST } = checkOptions(options);
  if (odd(flags, offset, length)) refuse(flags, offset, length);
  return { flags, offset, length };
}

/** Timeout (-1 for none) and interruptible of a `…Sync` call. */
export function patience(options: SyncOptions | undefined): Patience {
  if (options === undefined) return PATIENT;
  const { timeout, interruptible = false } = checkOptions(options);
  if (typeof interruptible !== 'boolean') throw wrongType('interruptible', 'a boolean', interruptible);
  return { timeout: checkTimeout(timeout), interruptible };
}

/** Whether one of them is not the integer that the native part takes: cheap, for the hot calls. */
export function odd(flags: unknown, offset: unknown, length: unknown): boolean {
  return (
    typeof flags !== 'number' ||
    (flags | 0) !== flags ||
    typeof offset !== 'number' ||
    offset >>> 0 !== offset ||
    typeof length !== 'number' ||
    length >>> 0 !== length
  );
}

/** Names the one that {@link odd} found. */
export function refuse(flags: unknown, offset: unknown, length: unknown): void {
  checkInt('flags', flags);
  checkInteger('offset', offset, 0, REST);
  checkInteger('length', length, 0, REST);
}

/** A native result; where it says that an argument was bad, the error that names it. */
export function explained(
  result: number,
  name: string,
  buffer: unknown,
  offset: number,
  length: number,
): number {
  if (result !== BAD_ARGUMENT) return result;
  checkRange(name, buffer, offset, length === REST ? undefined : length);
  throw wrongValue(name, 'a plain Uint8Array', buffer);
}

/** The most bytes that one call may ask for: 2^31 less a page, read(2). */
const MOST = 0x7ffff000;

export function checkSize(size: unknown): number {
  return checkInteger('size', size, 0, MOST);
}
