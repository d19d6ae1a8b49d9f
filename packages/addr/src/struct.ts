/**
 * Families whose sockaddr is a struct of plain fields, and whose human form is its prefix, the fields that must be
 * there joined by ':', and `/key=value` for the others that are not at rest. A family says which; this does the rest.
 */
import { checkObject, checkRoom, wrongValue } from './check.ts';
import type { Codec } from './codec.ts';
import { DecodeError, NotSupportedError, ParseError } from './errors.ts';
import type { Held, Kind, Scan } from './kinds.ts';
import {
  abiOf,
  expectFamily,
  type Layouts,
  MAX_SOCKADDR,
  type Platform,
  type Struct,
  structOf,
  writeHeader,
} from './layout.ts';
import { checkPrefix, ends, failAt, readOptions } from './text.ts';

/** Where a field is, and its kind where a system has it in another size. */
export type Place = number | readonly [offset: number, kind: Kind];

/** The family's number, the struct's size, and the places of the fields in their order; a system may lack the last ones. */
export type FieldStruct = Struct<Place | undefined>;

/** What not all families have. */
interface More extends Pick<Codec<never>, 'takes'> {
  /** What the human form begins with; the family's name and ':' unless it is said. */
  readonly prefix?: string;
  /** A field that the form has behind '/' without its name, first of those. */
  readonly bare?: string;
  /** What a kernel gives and takes at least, where that is less than the struct's size. */
  readonly minimum?: number;
  /** What the byte behind `sa_family` is in every such address, where it tells kinds of one family apart. */
  readonly tag?: number;
}

/** A value of such a family. Frozen; `family` tells which one. */
export interface StructAddress<F extends string> {
  readonly family: F;
  /** The sockaddr for `platform`, in a new array. Throws ENOTSUP where the platform lacks it. */
  toSockaddr(platform: Platform): Uint8Array;
  toString(): string;
}

/** All that is to be known of a family. */
export interface Shape extends More {
  readonly family: string;
  readonly prefix: string;
  readonly layouts: Layouts<FieldStruct>;
  readonly fields: Readonly<Record<string, Kind>>;
  /** How many of the fields the form has by place, first; the others it has by name. */
  readonly placed: number;
}

/** The class of a family's values. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE for a field that is not what it takes. */
export interface StructClass<T extends object, F extends object = never> extends Shape {
  new (fields: F): T;
  /** `of` is what the fields are of where they are a value's, and then all are to be there. */
  new (fields: object, of: string): T;
}

/** A codec that a FieldView can be made of. */
export interface StructCodec<T> extends Codec<T>, Shape {
  readonly layouts: Layouts<FieldStruct>;
  readonly prefix: string;
  readonly family: string;
}

/** Functions of a codec. */
type Of<T extends object, K extends keyof Codec<T>> = Codec<T>[K];

type Fields = Record<string, Held>;

/** Calls `each` for every field, with its kind and offset in `struct`: undefined where that lacks the field. */
export function eachField(
  fields: Readonly<Record<string, Kind>>,
  struct: FieldStruct,
  each: (name: string, kind: Kind, at: number | undefined) => void,
): void {
  Object.entries(fields).forEach(([name, kind], n) => {
    const at = struct[n + 2];
    if (typeof at === 'object') each(name, at[1], at[0]);
    else each(name, kind, at);
  });
}

/** Where sockaddrs are made: zeros as far as the struct goes, and fields that go further write all of theirs. */
const scratch: Uint8Array = /* @__PURE__ */ new Uint8Array(MAX_SOCKADDR);

/**
 * A family: its name, its fields, how many of these the human form has by place (the others by name), and its structs. What can be done
 * with it is in functions of their own, so that an application has what it calls and no more.
 */
export function structClass<T extends StructAddress<string>, F extends object>(
  family: string,
  fields: Readonly<Record<string, Kind>>,
  placed: number,
  layouts: Layouts<FieldStruct>,
  more?: More,
): StructClass<T, F> {
  class Address implements StructAddress<string> {
    declare readonly family: string;

    constructor(given: object, of: string = '') {
      checkObject('fields', given);
      const own: Fields = { family };
      for (const [name, kind] of Object.entries(fields)) {
        const value = (given as Fields)[name];
        own[name] = kind.check(of + name, of || value !== undefined ? value : kind.none);
      }
      Object.freeze(Object.assign(this, own));
    }

    toSockaddr(platform: Platform): Uint8Array {
      return sockaddr(Made, this, platform);
    }

    toString(): string {
      return formatOf(Made)(this as object as T);
    }
  }
  const Made = Object.assign(
    Address,
    { family, fields, placed, layouts, prefix: `${family}:` },
    more,
  ) as StructClass<T, F>;
  return Made;
}

/** The value itself; what else has its fields is checked. */
function from(Address: StructClass<object>, value: object): Fields {
  checkObject('value', value);
  const { family } = value as Fields;
  if (family !== Address.family) throw wrongValue('value.family', `'${Address.family}'`, family);
  return (value instanceof Address ? value : new Address(value, 'value.')) as Fields;
}

function sockaddr(Address: StructClass<object>, value: object, platform: Platform): Uint8Array {
  const struct = structOf(Address.layouts, Address.family, platform);
  const held = from(Address, value);
  let size = struct[1];
  writeHeader(scratch, 0, size, platform, struct[0]);
  if (Address.tag) scratch[2] = Address.tag;
  eachField(Address.fields, struct, (name, kind, at) => {
    if (at !== undefined) {
      const checked = kind.check(`value.${name}`, held[name]);
      size = Math.max(size, kind.put(scratch, at, checked, abiOf(platform).big));
    } else if (held[name] !== kind.none) {
      throw new NotSupportedError(`The field ${name} of a ${Address.family} address`, platform);
    }
  });
  return scratch.slice(0, size);
}

/** What writes the human form. */
export const formatOf =
  <T extends object>(Address: StructClass<T>): Of<T, 'format'> =>
  (value, options) => {
    const held = from(Address, value);
    return Object.entries(Address.fields).reduce((text, [name, kind], n) => {
      const field = kind.show(held[name], options);
      if (n < Address.placed) return text + (n ? ':' : '') + field;
      return held[name] === kind.none ? text : `${text}/${name === Address.bare ? '' : `${name}=`}${field}`;
    }, Address.prefix);
  };

/** What reads the human form, by `number` where a field does not say how: `readNumber`, or `scanIfindex` for a field `ifindex`. */
export const parseOf =
  <T extends object>(Address: StructClass<T>, number?: Scan): Of<T, 'parse'> =>
  (text, options) => {
    const { fields, placed, bare } = Address;
    const names = Object.keys(fields);
    const found: Fields = {};
    let at = checkPrefix(text, Address.prefix);
    const last = ends(text, '/', at);
    const read = (name: string, start: number, end: number): void => {
      const { scan = number, most = 0 } = fields[name]!;
      const part = text.slice(start, end);
      const fail = failAt('text', text, start);
      found[name] = scan!(part, fail, most, name, options);
      at = end;
    };
    names.slice(0, placed).forEach((name, n) => {
      const { width } = fields[name]!;
      if (n && text[at++] !== ':') throw new ParseError('text', text, at - 1, `':' and ${name}`);
      read(name, at, Math.min(last, width ? at + width : n < placed - 1 ? ends(text, ':', at) : last));
    });
    if (bare && /\d/.test(text.charAt(at + 1))) read(bare, at + 1, ends(text, '/', at + 1));
    readOptions(
      text,
      at,
      names.slice(placed).filter((name) => name !== bare),
      read,
    );
    return new Address(found, '');
  };

/** What tells the bytes that `encodeOf` writes. */
export const sizeOf =
  <T extends object>(Address: StructClass<T>): Of<T, 'size'> =>
  (value, platform) =>
    sockaddr(Address, value, platform).length;

/** What writes the sockaddr. */
export const encodeOf =
  <T extends object>(Address: StructClass<T>): Of<T, 'encode'> =>
  (value, buffer, offset, platform) => {
    const bytes = sockaddr(Address, value, platform);
    buffer.set(bytes, checkRoom('buffer', buffer, offset, bytes.length));
    return bytes.length;
  };

/** What reads the sockaddr. */
export const decodeOf =
  <T extends object>(Address: StructClass<T>): Of<T, 'decode'> =>
  (buffer, offset, length, platform, options) => {
    const struct = structOf(Address.layouts, Address.family, platform);
    const protocol = options?.protocol;
    expectFamily(buffer, offset, length, platform, struct[0], Address.minimum ?? struct[1]);
    if (Address.takes?.(struct, protocol, buffer, offset, length) === false) {
      const expected = `a ${Address.family} address (see the option protocol)`;
      throw new DecodeError(offset + (Address.tag ? 2 : 0), expected, struct[0]);
    }
    const found: Fields = {};
    eachField(Address.fields, struct, (name, kind, at) => {
      if (at !== undefined) {
        found[name] = kind.get(buffer, offset + at, abiOf(platform).big, offset + length, protocol);
      }
    });
    return new Address(found, '');
  };

/** All of the above as one object. */
export function structCodec<T extends object>(Address: StructClass<T>, number?: Scan): StructCodec<T> {
  return {
    ...(Address as Shape),
    parse: parseOf(Address, number),
    format: formatOf(Address),
    size: sizeOf(Address),
    encode: encodeOf(Address),
    decode: decodeOf(Address),
  };
}
