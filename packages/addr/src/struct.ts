/**
 * Families whose sockaddr is a struct of plain fields, and whose human form is its prefix, the fields that must be
 * there joined by ':', and `/key=value` for the others that are not at rest. A family says which; this does the rest.
 */
import { checkObject, checkRoom, wrongValue } from './check.ts';
import type { Codec } from './codec.ts';
import { isDigit } from './digits.ts';
import { DecodeError, NotSupportedError, ParseError } from './errors.ts';
import type { Held, Kind } from './kinds.ts';
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
import { checkPrefix, ends, readOptions } from './text.ts';

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

/** A codec that a FieldView can be made of. */
export interface StructCodec<T, F = never> extends Codec<T> {
  readonly layouts: Layouts<FieldStruct>;
  readonly fields: Readonly<Record<string, Kind>>;
  readonly minimum: number | undefined;
  /** The class of the values. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE for a field that is not what it takes. */
  readonly Address: new (
    fields: F,
  ) => T;
}

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

/** A family: its name, its fields, how many of these the human form has by place (the others by name), and its structs. */
export function structCodec<T extends StructAddress<string>, F extends object>(
  family: string,
  fields: Readonly<Record<string, Kind>>,
  placed: number,
  layouts: Layouts<FieldStruct>,
  { prefix = `${family}:`, bare, takes, minimum, tag = 0 }: More = {},
): StructCodec<T, F> {
  const names = Object.keys(fields);

  class Address implements StructAddress<string> {
    declare readonly family: string;

    /** `of` is what the fields are of, where they are a value's, and all are to be there. */
    constructor(given: object, of: string = '') {
      checkObject('fields', given);
      const own: Fields = { family };
      for (const name of names) {
        const value = (given as Fields)[name];
        const kind = fields[name]!;
        own[name] = kind.check(of + name, of || value !== undefined ? value : kind.none);
      }
      Object.freeze(Object.assign(this, own));
    }

    toSockaddr(platform: Platform): Uint8Array {
      return sockaddr(this, platform);
    }

    toString(): string {
      return format(this);
    }
  }

  const Made = Address as new (fields: object) => T;

  /** The value itself; what else has its fields is checked. */
  const from = (value: object): Fields => {
    checkObject('value', value);
    const given = (value as Fields).family;
    if (given !== family) throw wrongValue('value.family', `'${family}'`, given);
    return (value instanceof Address ? value : new Address(value, 'value.')) as object as Fields;
  };

  const sockaddr = (value: object, platform: Platform): Uint8Array => {
    const struct = structOf(layouts, family, platform);
    const held = from(value);
    let size = struct[1];
    writeHeader(scratch, 0, size, platform, struct[0]);
    if (tag) scratch[2] = tag;
    eachField(fields, struct, (name, kind, at) => {
      if (at !== undefined) {
        size = Math.max(
          size,
          kind.put(scratch, at, kind.check(`value.${name}`, held[name]), abiOf(platform).big),
        );
      } else if (held[name] !== kind.none) {
        throw new NotSupportedError(`The field ${name} of a ${family} address`, platform);
      }
    });
    return scratch.slice(0, size);
  };

  const format: Codec<object>['format'] = (value, options) => {
    const held = from(value);
    return names.reduce((text, name, n) => {
      const kind = fields[name]!;
      const field = kind.show(held[name], options);
      if (n < placed) return text + (n ? ':' : '') + field;
      return held[name] === kind.none ? text : `${text}/${name === bare ? '' : `${name}=`}${field}`;
    }, prefix);
  };

  return {
    family,
    prefix,
    layouts,
    fields,
    minimum,
    takes,
    Address: Made,
    parse(text, options) {
      const found: Fields = {};
      let at = checkPrefix(text, prefix);
      const last = ends(text, '/', at, text.length);
      const read = (name: string, start: number, end: number): void => {
        found[name] = fields[name]!.scan(text, start, end, name, options);
        at = end;
      };
      for (let n = 0; n < placed; n++) {
        const name = names[n]!;
        const { width } = fields[name]!;
        if (n && text[at++] !== ':') throw new ParseError('text', text, at - 1, `':' and ${name}`);
        read(
          name,
          at,
          width ? Math.min(at + width, last) : n < placed - 1 ? ends(text, ':', at, last) : last,
        );
      }
      if (bare && isDigit(text.charCodeAt(at + 1))) read(bare, at + 1, ends(text, '/', at + 1, text.length));
      readOptions(
        text,
        at,
        names.filter((name, n) => n >= placed && name !== bare),
        read,
      );
      return new Made(found);
    },
    format,
    size: (value, platform) => sockaddr(value, platform).length,
    encode(value, buffer, offset, platform) {
      const bytes = sockaddr(value, platform);
      buffer.set(bytes, checkRoom('buffer', buffer, offset, bytes.length));
      return bytes.length;
    },
    decode(buffer, offset, length, platform, options) {
      const struct = structOf(layouts, family, platform);
      const protocol = options?.protocol;
      expectFamily(buffer, offset, length, platform, struct[0], minimum ?? struct[1]);
      if (takes?.(struct, protocol, buffer, offset, length) === false) {
        throw new DecodeError(
          offset + (tag && 2),
          `a ${family} address (see the option protocol)`,
          struct[0],
        );
      }
      const found: Fields = {};
      eachField(fields, struct, (name, kind, at) => {
        if (at !== undefined) {
          found[name] = kind.get(buffer, offset + at, abiOf(platform).big, offset + length, protocol);
        }
      });
      return new Made(found);
    },
  };
}

/** The class of a family's values; a call and no property, so that a bundler leaves it out where nobody uses it. */
export function classOf<T, F>(codec: StructCodec<T, F>): new (fields: F) => T {
  return codec.Address;
}
