/** The arguments of a socket's calls, and what is made of them. */
import type { AddressBuffer } from './address.ts';
import { BAD_ARGUMENT, REST } from './binding.ts';
import {
  checkBytes,
  checkInt,
  checkInteger,
  checkOptions,
  checkRange,
  checkTimeout,
  wrongType,
  wrongValue,
} from './check.ts';
import { SocketError } from './errors.ts';

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

/** A socket on its way to another thread of this process: plain data, good for one `Socket.takeOver`. */
export interface Ticket {
  readonly slot: number;
  readonly generation: number;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  /** It is in another network namespace than this process; absent otherwise. */
  readonly foreign?: boolean | undefined;
}

/** Where a call that takes a connection may put the peer's address. */
export interface AcceptOptions {
  address?: AddressBuffer | undefined;
}

/** A message and whom it came from. */
export interface ReceivedFrom {
  data: Buffer;
  /** A sockaddr; empty when the kernel had none to tell. */
  address: Uint8Array;
}

/** Family, type and protocol. */
export interface Kind {
  family: number;
  type: number;
  protocol: number;
  /** It was opened in another network namespace than this process's. */
  foreign?: boolean | undefined;
}

interface Part {
  flags: number;
  offset: number;
  length: number;
}

export interface Patience {
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

/**
 * A native result; where it says that an argument was bad, the error that names it. A count of 0 is looked at too: the
 * buffer may be empty because its memory is gone.
 */
export function explained(
  result: number,
  name: string,
  buffer: unknown,
  offset: number,
  length: number,
): number {
  if (result === 0) {
    checkBytes(name, buffer);
    return 0;
  }
  if (result !== BAD_ARGUMENT) return result;
  checkRange(name, buffer, offset, length === REST ? undefined : length);
  throw wrongValue(name, 'a plain Uint8Array', buffer);
}

/** The most bytes that one call may ask for: 2^31 less a page, read(2). */
export const MOST = 0x7ffff000;

export function checkSize(size: unknown): number {
  return checkInteger('size', size, 0, MOST);
}

/** Family, type and protocol, checked. */
export function checkKind(family: number, type: number, protocol: number): Kind {
  return {
    family: checkInt('family', family),
    type: checkInt('type', type),
    protocol: checkInt('protocol', protocol),
  };
}

/** What a caller says of a descriptor, checked. */
export function checkKnown(known: Known | undefined): void {
  const { family, type, protocol } = checkOptions(known);
  for (const [name, value] of Object.entries({ family, type, protocol })) {
    if (value !== undefined) checkInt(`known.${name}`, value);
  }
}

/** A ticket's numbers, checked; whether it is good is for the native part to say. */
export function checkTicket(ticket: Ticket): Ticket {
  if (ticket === null || typeof ticket !== 'object')
    throw wrongType('ticket', 'what handOver() gave', ticket);
  const { slot, generation, family, type, protocol, foreign } = ticket;
  checkInteger('ticket.slot', slot, 0, REST);
  checkInteger('ticket.generation', generation, 0, REST);
  checkInt('ticket.family', family);
  checkInt('ticket.type', type);
  checkInt('ticket.protocol', protocol);
  return { slot, generation, family, type, protocol, ...(foreign === true ? { foreign } : {}) };
}

/** An option's integer: an `int`, or an unsigned one that is given as it. */
export function checkOption(value: unknown): number {
  if (typeof value !== 'number') throw wrongType('value', 'a number or a Uint8Array', value);
  return checkInteger('value', value, -0x80000000, 0xffffffff) | 0;
}

/** The part of `data` that a `sendAll` is for. */
export function whole(
  data: Uint8Array,
  options: (Flags & Range) | undefined,
): { flags: number; offset: number; end: number } {
  const { flags, offset, length } = part(options);
  checkRange('data', data, offset, length === REST ? undefined : length);
  return { flags, offset, end: length === REST ? data.byteLength : offset + length };
}

/** A failed `sendAll`'s error, which says how far it came. */
export function partly(error: unknown, sent: number): unknown {
  if (error instanceof SocketError) error.bytesSent = sent;
  return error;
}

/** A failed `sendBatch`'s error, which says how far it came. */
export function someOf(error: unknown, sent: number): unknown {
  if (error instanceof SocketError) error.messagesSent = sent;
  return error;
}
