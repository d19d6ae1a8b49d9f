import { checkBytes, checkInteger, wrongValue } from './check.ts';
import type { DecodeOptions } from './codec.ts';
import type { Kind } from './kinds.ts';
import { abiOf, MAX_SOCKADDR, type Platform, readFamily, structOf } from './layout.ts';
import { type FieldStruct, place, type StructCodec, usualProtocol } from './struct.ts';

/**
 * For hot loops, what InetView is for INET and INET6: one object, made once from a family's codec, into which address after
 * address is copied, and whose fields are read when they are asked for: text is not made before.
 *
 *     import { codec } from '@sockeye/addr/packet';
 *     const view = new FieldView(codec, 'linux');
 */
export class FieldView<T extends object> {
  readonly #codec: StructCodec<T>;
  readonly #platform: Platform;
  readonly #protocol: number | undefined;
  readonly #struct: FieldStruct;
  readonly #big: boolean;
  readonly #fields: Map<string, readonly [offset: number, kind: Kind]>;
  readonly #bytes: Uint8Array = new Uint8Array(MAX_SOCKADDR);
  #length = 0;

  /** Throws ENOTSUP where the platform lacks the family. `options.protocol` is the socket's, as `decode` takes it. */
  constructor(codec: StructCodec<T>, platform: Platform, options?: DecodeOptions) {
    const { spec } = codec;
    const struct = structOf(spec.layouts, spec.family, platform);
    this.#codec = codec;
    this.#platform = platform;
    this.#protocol = options?.protocol ?? usualProtocol(spec);
    this.#struct = struct;
    this.#big = abiOf(platform).big;
    this.#fields = new Map(Object.keys(struct.at).map((name) => [name, place(spec, struct, name)]));
  }

  /**
   * Copies the address of `length` bytes at `offset`. False when it is of another family, or too short, and then nothing is
   * in the view. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  decode(buffer: Uint8Array, offset: number, length: number): boolean {
    this.#length = 0;
    checkInteger('offset', offset, 0, checkBytes('buffer', buffer).length);
    checkInteger('length', length, 0, buffer.length - offset);
    const { family, size, minimum = size } = this.#struct;
    if (length < minimum || length > MAX_SOCKADDR) return false;
    const platform = this.#platform;
    if (readFamily(buffer, offset, length, platform) !== family) return false;
    if (this.#codec.takes?.(buffer, offset, length, platform, this.#protocol) === false) return false;
    for (let i = 0; i < length; i++) this.#bytes[i] = buffer[offset + i]!;
    this.#length = length;
    return true;
  }

  /** Bytes of the address that is in the view, 0 for none. */
  get length(): number {
    return this.#length;
  }

  /**
   * A field, by the name that it has in values. Throws ERR_INVALID_ARG_VALUE when the address has no such field or nothing is
   * in the view, DecodeError for one that is malformed.
   */
  get<K extends keyof T & string>(name: K): T[K] {
    const field = this.#fields.get(name);
    if (field === undefined || this.#length === 0) {
      throw wrongValue('name', `one of ${[...this.#fields.keys()].join(', ')}, of a decoded address`, name);
    }
    return field[1].get(this.#bytes, field[0], this.#big, this.#length) as T[K];
  }

  /** A value to keep, undefined when nothing is in the view. Throws DecodeError for a malformed one. */
  value(): T | undefined {
    if (this.#length === 0) return undefined;
    return this.#codec.decode(this.#bytes, 0, this.#length, this.#platform, { protocol: this.#protocol });
  }
}
