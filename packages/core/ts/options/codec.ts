/** How values of options are laid out: integers, flags, text, bytes. Integers are in the machine's byte order. */
import { checkBytes, checkInteger, wrongType, wrongValue } from '../check.ts';
import { Descriptor } from '../descriptor.ts';
import { ANSWER, formsOf, type HasOptions } from '../sockopt.ts';

/** How an option is read. */
export interface Reader<T> {
  /** The C type. */
  readonly type: string;
  get(socket: HasOptions, level: number, name: number): T;
}

/** How an option is set. */
export interface Writer<S> {
  /** The C type. */
  readonly type: string;
  set(socket: HasOptions, level: number, name: number, value: S): void;
}

export interface Codec<T, S = T> extends Reader<T>, Writer<S> {
  readonly type: string;
}

/** A `boolean`, and nothing that is merely true. */
export function checkBoolean(argument: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(argument, 'a boolean', value);
  return value;
}

/** A bigint from 0 to 2^64 - 1, or a whole number that is exact. */
export function checkUint64(argument: string, value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value !== 'bigint' && typeof value !== 'number')
    throw wrongType(argument, 'a bigint or a number', value);
  if (typeof value === 'bigint' && value >= 0n && value <= 0xffffffffffffffffn) return value;
  const message = `${argument} must be a whole number from 0 to 2^64 - 1 (above 2^53 a bigint); got ${value}`;
  throw Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

/** An object that stands for a struct. */
export function checkObject<T extends object>(argument: string, value: T): T {
  if (value === null || typeof value !== 'object') throw wrongType(argument, 'an object', value);
  return value;
}

/** One of some words. */
export function checkWord<W extends string>(argument: string, value: unknown, words: readonly W[]): W {
  const word = words.find((one) => one === value);
  if (word !== undefined) return word;
  const takes = `one of ${words.map((one) => `'${one}'`).join(', ')}`;
  throw typeof value === 'string' ? wrongValue(argument, takes, value) : wrongType(argument, takes, value);
}

/** A C `int` from `least` to `most`; the kernel may take less. */
export function int(least: number = -0x80000000, most: number = 0x7fffffff): Codec<number> {
  return {
    type: 'int',
    get: (socket, level, name) => socket.getsockopt(level, name),
    set: (socket, level, name, value) =>
      socket.setsockopt(level, name, checkInteger('value', value, least, most)),
  };
}

/** Any C `int`. */
export const INT: Codec<number> = /* @__PURE__ */ int();
/** A C `int` that is a size or a count. */
export const COUNT: Codec<number> = /* @__PURE__ */ int(0);

/** A C `unsigned int`. */
export const UINT: Codec<number> = {
  type: 'unsigned int',
  get: (socket, level, name) => socket.getsockopt(level, name) >>> 0,
  set: (socket, level, name, value) =>
    socket.setsockopt(level, name, checkInteger('value', value, 0, 0xffffffff)),
};

/** A C `int` that is 0 or not. */
export const FLAG: Codec<boolean> = {
  type: 'int',
  get: (socket, level, name) => socket.getsockopt(level, name) !== 0,
  set: (socket, level, name, value) => socket.setsockopt(level, name, checkBoolean('value', value) ? 1 : 0),
};

/** An `int` in network byte order, as few options have it. */
export const NET_INT: Codec<number> = {
  type: 'int, in network byte order',
  get: (socket, level, name) => {
    const bytes = socket.getsockopt(level, name, 4);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(0);
  },
  set: (socket, level, name, value) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, checkInteger('value', value, 0, 0x7fffffff));
    socket.setsockopt(level, name, bytes);
  },
};

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** A `__u64`: a bigint; a number is taken too. */
export const UINT64: Codec<bigint, bigint | number> = {
  type: '__u64',
  get: (socket, level, name) => {
    const bytes = new Uint8Array(8);
    formsOf(socket)[ANSWER](level, name, bytes);
    return new DataView(bytes.buffer).getBigUint64(0, LITTLE_ENDIAN);
  },
  set: (socket, level, name, value) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, checkUint64('value', value), LITTLE_ENDIAN);
    socket.setsockopt(level, name, bytes);
  },
};

/** One of the words of an `int` that counts them from 0; a number that has no word stays one. */
export function words<W extends string>(...known: readonly W[]): Codec<W | number> {
  return {
    type: 'int',
    get: (socket, level, name) => {
      const value = socket.getsockopt(level, name);
      return known[value] ?? value;
    },
    set: (socket, level, name, value) => {
      const index = typeof value === 'number' ? value : known.indexOf(checkWord('value', value, known));
      socket.setsockopt(level, name, checkInteger('value', index, -0x80000000, 0x7fffffff));
    },
  };
}

const text = new TextDecoder();

/** A name of at most `most` bytes as UTF-8, without NULs; the kernel's ends at its first NUL. */
export function name(most: number): Codec<string> {
  return {
    type: `char[${most + 1}]`,
    get: (socket, level, name) => {
      const bytes = socket.getsockopt(level, name, most + 1);
      const end = bytes.indexOf(0);
      return text.decode(end < 0 ? bytes : bytes.subarray(0, end));
    },
    set: (socket, level, name, value) => socket.setsockopt(level, name, checkName('value', value, most)),
  };
}

/** A name for the kernel, with a NUL after it. */
function checkName(argument: string, value: unknown, most: number): Uint8Array {
  if (typeof value !== 'string') throw wrongType(argument, 'a string', value);
  if (value.includes('\0')) throw wrongValue(argument, 'a name without NULs', value.replaceAll('\0', '\\0'));
  const bytes = new TextEncoder().encode(value);
  if (bytes.length > most) throw wrongValue(argument, `at most ${most} bytes`, value);
  const ended = new Uint8Array(bytes.length + 1);
  ended.set(bytes);
  return ended;
}

/** Up to `most` bytes, as they are. */
export function bytes(most: number): Codec<Uint8Array> {
  return {
    type: 'bytes',
    get: (socket, level, name) => socket.getsockopt(level, name, most),
    set: (socket, level, name, value) => {
      const { length } = checkBytes('value', value);
      if (length > most) throw wrongValue('value', `at most ${most} bytes`, value);
      socket.setsockopt(level, name, value);
    },
  };
}

/** A descriptor: its number, or what has one (a Descriptor, a Socket, a FileHandle). It stays the caller's. */
export const DESCRIPTOR: Writer<number | { readonly fd: number }> = {
  type: 'int, a descriptor',
  set: (socket, level, name, value) => {
    const has = typeof value === 'object' && value !== null && 'fd' in value;
    if (typeof value !== 'number' && !has)
      throw wrongType('value', 'a descriptor: a number, or an object with a number fd', value);
    const fd = typeof value === 'number' ? value : value.fd;
    if (fd === -1 && value instanceof Descriptor) throw wrongValue('value', 'an open Descriptor', value);
    socket.setsockopt(level, name, checkInteger(has ? 'value.fd' : 'value', fd, 0, 0x7fffffff));
  },
};
