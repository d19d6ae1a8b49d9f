/**
 * Families whose sockaddr is a struct of plain fields, and whose human form is its prefix, the fields that must be
 * there joined by ':', and `/key=value` for the others that are not at rest. A family says which; this does the rest.
 */
import { checkObject, checkRoom, checkString, wrongValue } from './check.ts';
import type { Codec } from './codec.ts';
import { isDigit } from './digits.ts';
import { DecodeError, NotSupportedError, ParseError } from './errors.ts';
import type { Held, Kind } from './kinds.ts';
import {
  abiOf,
  expectFamily,
  type Layouts,
  type Platform,
  readFamily,
  type Struct,
  structOf,
  writeHeader,
} from './layout.ts';
import { readOptions } from './text.ts';

/** A struct of fields: the offset of each, and its kind where this system has it in another size. */
export interface FieldStruct extends Struct {
  readonly at: Readonly<Record<string, number | readonly [offset: number, kind: Kind]>>;
  /** What a kernel gives and takes at least, where that is less than `size`. */
  readonly minimum?: number;
  /** A field that is the same in every such address: the one that tells kinds of one family apart. */
  readonly tag?: readonly [offset: number, kind: Kind, value: number];
}

/** What makes a family. */
export interface Spec {
  readonly family: string;
  readonly prefix: string;
  readonly fields: Readonly<Record<string, Kind>>;
  /** Fields that the form has by place; the others it has by name. */
  readonly placed: readonly string[];
  /** A field that the form has behind '/' without its name, first of those. */
  readonly bare?: string;
  readonly layouts: Layouts<FieldStruct>;
  /** The protocols whose sockets have these addresses, where the family has several kinds. */
  readonly protocols?: readonly number[];
  /** The field that holds the socket's protocol, which is not in the bytes. */
  readonly aside?: string;
  /** Does it look like one of these, where the protocol is not told? */
  readonly guess?: (buffer: Uint8Array, offset: number, length: number, struct: FieldStruct) => boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** A value of such a family. Frozen; `family` tells which one. */
export class StructAddress<F extends string> {
  declare readonly family: F;
  readonly #spec: Spec;

  /** Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE for a field that is not what it takes. */
  constructor(spec: Spec, given: object) {
    checkObject('fields', given);
    const own: Record<string, Held> = { family: spec.family };
    for (const name of Object.keys(spec.fields)) {
      const kind = spec.fields[name]!;
      const value = (given as Fields)[name];
      own[name] = value === undefined && 'none' in kind ? kind.none : kind.check(name, value);
    }
    this.#spec = spec;
    Object.freeze(Object.assign(this, own));
  }

  /** The sockaddr for `platform`, in a new array. Throws ENOTSUP where the platform lacks it. */
  toSockaddr(platform: Platform): Uint8Array {
    const out = new Uint8Array(sizeOf(this.#spec, this, platform));
    put(this.#spec, this, out, 0, platform);
    return out;
  }

  toString(): string {
    return show(this.#spec, this);
  }
}

/** A codec that a FieldView can be made of. */
export interface StructCodec<T> extends Codec<T> {
  readonly spec: Spec;
}

/** The codec of a family; `make` makes its class of fields, and checks them. */
export function structCodec<T extends object>(spec: Spec, make: (fields: T) => T): StructCodec<T> {
  const { prefix, layouts } = spec;
  const from = (value: T): T => {
    checkObject('value', value);
    const given = value as Fields;
    if (given.family !== spec.family) throw wrongValue('value.family', `'${spec.family}'`, given.family);
    if (value instanceof StructAddress) return value;
    for (const name of Object.keys(spec.fields)) spec.fields[name]!.check(`value.${name}`, given[name]);
    return make(value);
  };
  const takes: NonNullable<Codec<T>['takes']> = (buffer, offset, length, platform, protocol) => {
    const struct = structOf(layouts, spec.family, platform);
    if (struct.tag !== undefined) {
      const [at, kind, value] = struct.tag;
      if (length >= at + kind.room(value)) {
        if (kind.get(buffer, offset + at, abiOf(platform).big, offset + length) !== value) return false;
      }
    }
    if (spec.protocols === undefined) return true;
    if (protocol !== undefined) return spec.protocols.includes(protocol);
    return spec.guess?.(buffer, offset, length, struct) ?? false;
  };
  return {
    spec,
    prefix,
    layouts,
    takes,
    parse: (text, options) => make(scan(spec, text, options) as T),
    format: (value, options) => show(spec, from(value), options),
    size: (value, platform) => sizeOf(spec, from(value), platform),
    encode: (value, buffer, offset, platform) => put(spec, from(value), buffer, offset, platform),
    decode(buffer, offset, length, platform, options) {
      const struct = structOf(layouts, spec.family, platform);
      expectFamily(buffer, offset, length, platform, struct, struct.minimum);
      if (
        !takes(
          buffer,
          offset,
          length,
          platform,
          options?.protocol ?? (spec.guess ? undefined : spec.protocols?.[0]),
        )
      ) {
        throw new DecodeError(
          offset + (struct.tag?.[0] ?? 0),
          `a ${spec.family} address (the option protocol tells apart what looks alike)`,
          readFamily(buffer, offset, length, platform),
        );
      }
      const fields: Record<string, Held> = {};
      for (const name of Object.keys(struct.at)) {
        const [at, kind] = place(spec, struct, name);
        fields[name] = kind.get(buffer, offset + at, abiOf(platform).big, offset + length);
      }
      if (spec.aside !== undefined) fields[spec.aside] = options?.protocol;
      return make(fields as T);
    },
  };
}

/** Where `struct` has the field `name`, and its kind there. */
export function place(spec: Spec, struct: FieldStruct, name: string): readonly [offset: number, kind: Kind] {
  const at = struct.at[name]!;
  return typeof at === 'number' ? [at, spec.fields[name]!] : at;
}

function sizeOf(spec: Spec, value: object, platform: Platform): number {
  const struct = structOf(spec.layouts, spec.family, platform);
  let { size } = struct;
  for (const name of Object.keys(spec.fields)) {
    const held = (value as Fields)[name] as Held;
    if (name in struct.at) {
      const [at, kind] = place(spec, struct, name);
      size = Math.max(size, at + kind.room(kind.check(`value.${name}`, held)));
    } else if (name !== spec.aside && held !== spec.fields[name]!.none) {
      throw new NotSupportedError(`The field ${name} of a ${spec.family} address`, platform);
    }
  }
  return size;
}

function put(spec: Spec, value: object, buffer: Uint8Array, offset: number, platform: Platform): number {
  const struct = structOf(spec.layouts, spec.family, platform);
  const { big } = abiOf(platform);
  const size = sizeOf(spec, value, platform);
  checkRoom('buffer', buffer, offset, size);
  writeHeader(buffer, offset, size, platform, struct.family);
  if (struct.tag !== undefined) struct.tag[1].put(buffer, offset + struct.tag[0], struct.tag[2], big);
  for (const name of Object.keys(struct.at)) {
    const [at, kind] = place(spec, struct, name);
    kind.put(buffer, offset + at, (value as Fields)[name] as Held, big);
  }
  return size;
}

function scan(
  spec: Spec,
  text: string,
  options: Parameters<Codec<object>['parse']>[1],
): Record<string, Held> {
  const { prefix, fields, placed } = spec;
  checkString('text', text);
  if (!text.startsWith(prefix)) throw new ParseError('text', text, 0, `'${prefix}'`);
  const found: Record<string, Held> = {};
  const slash = text.indexOf('/', prefix.length);
  const last = slash < 0 ? text.length : slash;
  let at = prefix.length;
  placed.forEach((name, n) => {
    const kind = fields[name]!;
    if (n > 0) {
      if (text[at] !== ':') throw new ParseError('text', text, at, `':' and ${name}`);
      at++;
    }
    const colon = n < placed.length - 1 ? text.indexOf(':', at) : -1;
    let end = colon < 0 || colon > last ? last : colon;
    if (kind.width !== undefined) end = Math.min(at + kind.width, last);
    found[name] = kind.scan(text, at, end, name, options);
    at = end;
  });
  if (spec.bare !== undefined && isDigit(text.charCodeAt(at + 1))) {
    const next = text.indexOf('/', at + 1);
    const end = next < 0 ? text.length : next;
    found[spec.bare] = fields[spec.bare]!.scan(text, at + 1, end, spec.bare, options);
    at = end;
  }
  const named = Object.keys(fields).filter((name) => !placed.includes(name) && name !== spec.bare);
  readOptions('text', text, at, named, (name, start, end) => {
    found[name] = fields[name]!.scan(text, start, end, name, options);
  });
  return found;
}

function show(spec: Spec, value: object, options?: Parameters<Codec<object>['format']>[1]): string {
  const text = (name: string): string => spec.fields[name]!.show((value as Fields)[name] as Held, options);
  let named = '';
  for (const name of Object.keys(spec.fields)) {
    const kind = spec.fields[name]!;
    const held = (value as Fields)[name] as Held;
    if (!spec.placed.includes(name) && held !== kind.none)
      named += name === spec.bare ? `/${text(name)}` : `/${name}=${text(name)}`;
  }
  return spec.prefix + spec.placed.map(text).join(':') + named;
}
