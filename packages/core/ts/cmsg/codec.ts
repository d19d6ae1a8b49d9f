/**
 * What the families' codecs stand on: a message made by the names of its constants, and an entry of the table of
 * decoders.
 */
import { checkBytes, checkInteger, wrongType, wrongValue } from '../check.ts';
import type { ConstantName } from '../constant-names.ts';
import { constants } from '../constants.ts';
import type { ControlMessage } from './header.ts';

/** How messages of one level and type are read. */
export interface Decoder<C extends { readonly kind: string }> {
  /** The kinds that it gives. */
  readonly kinds: readonly C['kind'][];
  readonly level: ConstantName;
  readonly type: ConstantName;
  /** The fewest bytes that make sense; more are fine, since kernels lengthen structs at their end. */
  readonly least: number;
  /** Undefined when the bytes, at least `least`, are none of this message's forms. */
  readonly decode: (data: Uint8Array) => C | undefined;
}

/** An entry of the table. */
export function decoder<C extends { readonly kind: string }>(
  kinds: C['kind'] | readonly C['kind'][],
  level: ConstantName,
  type: ConstantName,
  least: number,
  decode: (data: Uint8Array) => C | undefined,
): Decoder<C> {
  return { kinds: typeof kinds === 'string' ? [kinds] : kinds, level, type, least, decode };
}

/** The number of a constant that a message needs. Throws ENOTSUP where the platform has none. */
export function number(name: ConstantName): number {
  const value: number | undefined = constants[name];
  if (value !== undefined) return value;
  throw Object.assign(new Error(`this platform has no ${name}`), { code: 'ENOTSUP' });
}

/** A message to send. Throws ENOTSUP where the platform has none such. */
export function message(level: ConstantName, type: ConstantName, data: Uint8Array): ControlMessage {
  return { level: number(level), type: number(type), data };
}

/** Bytes of one of `lengths`. */
export function checkLength(argument: string, value: unknown, ...lengths: number[]): Uint8Array {
  const bytes = checkBytes(argument, value);
  if (lengths.includes(bytes.length)) return bytes;
  throw wrongValue(argument, `${lengths.join(' or ')} bytes`, bytes);
}

/** A `__u32`. */
export function checkUint(argument: string, value: unknown): number {
  return checkInteger(argument, value, 0, 0xffffffff);
}

/** A `__u16`. */
export function checkUint16(argument: string, value: unknown): number {
  return checkInteger(argument, value, 0, 0xffff);
}

/** A `__u64`. */
export function checkUint64(argument: string, value: unknown): bigint {
  if (typeof value !== 'bigint') throw wrongType(argument, 'a bigint', value);
  if (value >= 0n && value <= 0xffffffffffffffffn) return value;
  throw Object.assign(new RangeError(`${argument} must be from 0 to 2^64 - 1; got ${value}`), {
    code: 'ERR_OUT_OF_RANGE',
  });
}

/** A copy, which whoever gave the bytes cannot change any more. */
export function copied(argument: string, value: unknown): Uint8Array {
  return new Uint8Array(checkBytes(argument, value));
}
