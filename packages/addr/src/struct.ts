/**
 * Families whose sockaddr is a struct of plain fields, and whose human form is its prefix, the fields that must be
 * there joined by ':', and `/key=value` for the others that are not at rest. A family says which; this does the rest.
 */
import { checkObject, wrongValue } from './check.ts';
import type { Codec } from './codec.ts';
import { isDigit } from './digits.ts';
import { DecodeError, NotSupportedError, ParseError } from './errors.ts';
import type { Held, Kind } from './kinds.ts';
import {
  abiOf,
  expectFamily,
  type Layouts,
  type Platform,
  type Struct,
  structOf,
  writeHeader,
} from './layout.ts';
import { checkPrefix, ends, readOptions } from './text.ts';

/** A struct of fields: the offset of each, and its kind where this system has it in another size. */
export interface FieldStruct extends Struct {
  readonly at: Readonly<Record<string, number | readonly [offset: number, kind: Kind]>>;
  /** What a kernel gives and takes at least, where that is less than `size`. */
  readonly minimum?: number;
  /** The protocols whose sockets have these addresses, where this system has other numbers for them. */
  readonly protocols?: readonly number[];
  /** A field that is the same in every such address: the one that tells kinds of one family apart. */
  readonly tag?: readonly [offset: number, kind: Kind, value: number];
}

/** What makes a family. */
export interface Spec {
  readonly family: string;
  /** What the human form begins with; the family's name and ':' unless it is said. */
  readonly prefix?: string;
  readonly fields: Readonly<Record<string, Kind>>;
  /** How many of the fields, from the first on, the form has by place; the others it has by name. */
  readonly placed: number;
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

/** A guess: every Bluetooth protocol has a struct of its own size, which is what kernels give. */
export function bySize(_buffer: Uint8Array, _offset: number, length: number, struct: FieldStruct): boolean {
  return length === struct.size;
}

type Fields = Readonly<Record<string, Held>>;

/** A value of such a family. Frozen; `family` tells which one. */
export class StructAddress<F extends string> {
  declare readonly family: F;
  readonly #spec: Spec;

  /** Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE for a field that is not what it takes. */
  constructor(spec: Spec, given: object) {
    checkObject('fields', given);
    const own: Record<string, Held> = { family: spec.family };
    for (const [name, kind] of Object.entries(spec.fields)) {
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

/** The codec of a family; `Address` is its class, which checks the fields that it is made of. */
export function structCodec<T extends object>(spec: Spec, Address: new (fields: T) => T): StructCodec<T> {
  const { family, layouts } = spec;
  const from = (value: T): T => {
    checkObject('value', value);
    const given = value as Fields;
    if (given.family !== family) throw wrongValue('value.family', `'${family}'`, given.family);
    if (value instanceof StructAddress) return value;
    for (const [name, kind] of Object.entries(spec.fields)) kind.check(`value.${name}`, given[name]);
    return new Address(value);
  };
  const takes: NonNullable<Codec<T>['takes']> = (buffer, offset, length, platform, protocol) => {
    const struct = structOf(layouts, family, platform);
    if (struct.tag) {
      const [at, kind, value] = struct.tag;
      if (length >= at + kind.room(value)) {
        if (kind.get(buffer, offset + at, abiOf(platform).big, offset + length) !== value) return false;
      }
    }
    const protocols = struct.protocols ?? spec.protocols;
    if (!protocols) return true;
    if (protocol !== undefined) return protocols.includes(protocol);
    return spec.guess?.(buffer, offset, length, struct) ?? false;
  };
  return {
    spec,
    family,
    prefix: prefixOf(spec),
    layouts,
    takes,
    parse: (text, options) => new Address(scan(spec, text, options) as T),
    format: (value, options) => show(spec, from(value), options),
    size: (value, platform) => sizeOf(spec, from(value), platform),
    encode: (value, buffer, offset, platform) => put(spec, from(value), buffer, offset, platform),
    decode(buffer, offset, length, platform, options) {
      const struct = structOf(layouts, family, platform);
      const found = expectFamily(
        buffer,
        offset,
        length,
        platform,
        struct.family,
        struct.minimum ?? struct.size,
      );
      if (!takes(buffer, offset, length, platform, options?.protocol ?? usualProtocol(spec))) {
        throw new DecodeError(
          offset + (struct.tag?.[0] ?? 0),
          `a ${family} address (see the option protocol)`,
          found,
        );
      }
      const fields: Record<string, Held> = {};
      for (const name of Object.keys(struct.at)) {
        const [at, kind] = place(spec, struct, name);
        fields[name] = kind.get(buffer, offset + at, abiOf(platform).big, offset + length);
      }
      if (spec.aside) fields[spec.aside] = options?.protocol;
      return new Address(fields as T);
    },
  };
}

const prefixOf = (spec: Spec): string => spec.prefix ?? `${spec.family}:`;

/** The protocol that an address which cannot be told by its looks is taken to be of. */
export function usualProtocol(spec: Spec): number | undefined {
  return spec.guess ? undefined : spec.protocols?.[0];
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
    const held = (value as Fields)[name];
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
  const { tag } = struct;
  const { big } = abiOf(platform);
  const size = sizeOf(spec, value, platform);
  writeHeader(buffer, offset, size, platform, struct.family);
  if (tag) tag[1].put(buffer, offset + tag[0], tag[2], big);
  for (const name of Object.keys(struct.at)) {
    const [at, kind] = place(spec, struct, name);
    kind.put(buffer, offset + at, (value as Fields)[name], big);
  }
  return size;
}

function scan(
  spec: Spec,
  text: string,
  options: Parameters<Codec<object>['parse']>[1],
): Record<string, Held> {
  const { fields, placed, bare } = spec;
  const names = Object.keys(fields);
  const found: Record<string, Held> = {};
  let at = checkPrefix(text, prefixOf(spec));
  const last = ends(text, '/', at, text.length);
  const read = (name: string, start: number, end: number): void => {
    found[name] = fields[name]!.scan(text, start, end, name, options);
    at = end;
  };
  for (let n = 0; n < placed; n++) {
    const name = names[n]!;
    const { width } = fields[name]!;
    if (n > 0) {
      if (text[at] !== ':') throw new ParseError('text', text, at, `':' and ${name}`);
      at++;
    }
    const end = n < placed - 1 ? ends(text, ':', at, last) : last;
    read(name, at, width === undefined ? end : Math.min(at + width, last));
  }
  if (bare && isDigit(text.charCodeAt(at + 1))) read(bare, at + 1, ends(text, '/', at + 1, text.length));
  readOptions(
    'text',
    text,
    at,
    names.slice(placed).filter((name) => name !== bare),
    read,
  );
  return found;
}

function show(spec: Spec, value: object, options?: Parameters<Codec<object>['format']>[1]): string {
  const placed: string[] = [];
  let named = '';
  for (const [name, kind] of Object.entries(spec.fields)) {
    const held = (value as Fields)[name];
    const text = kind.show(held, options);
    if (placed.length < spec.placed) placed.push(text);
    else if (held !== kind.none) named += name === spec.bare ? `/${text}` : `/${name}=${text}`;
  }
  return prefixOf(spec) + placed.join(':') + named;
}
