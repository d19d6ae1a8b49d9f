import { wrongValue } from './check.ts';
import type { DecodeOptions } from './codec.ts';
import type { Kind } from './kinds.ts';
import { abiOf, checkPlace, MAX_SOCKADDR, type Platform, readFamily, structOf } from './layout.ts';
import { eachField, type FieldStruct, type StructCodec } from './struct.ts';

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
  readonly #options: DecodeOptions;
  readonly #struct: FieldStruct;
  readonly #fields: Map<string, readonly [at: number, kind: Kind]> = new Map();
  readonly #bytes: Uint8Array = new Uint8Array(MAX_SOCKADDR);
  #length = 0;

  /** Throws ENOTSUP where the platform lacks the family. `options.protocol` is the socket's, as `decode` takes it. */
  constructor(codec: StructCodec<T>, platform: Platform, options: DecodeOptions = {}) {
    const { layouts, family, fields } = codec;
    this.#codec = codec;
    this.#platform = platform;
    this.#options = options;
    this.#struct = structOf(layouts, family, platform);
    eachField(fields, this.#struct, (name, kind, at) => {
      if (at !== undefined) this.#fields.set(name, [at, kind]);
    });
  }

  /**
   * Copies the address of `length` bytes at `offset`. False when it is of another family, or too short, and then nothing is
   * in the view. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  decode(buffer: Uint8Array, offset: number, length: number): boolean {
    const { takes, minimum } = this.#codec;
    const struct = this.#struct;
    this.#length = 0;
    checkPlace(buffer, offset, length);
    if (length < (minimum ?? struct[1]) || length > MAX_SOCKADDR) return false;
    if (readFamily(buffer, offset, length, this.#platform) !== struct[0]) return false;
    if (takes?.(struct, this.#options.protocol, buffer, offset, length) === false) return false;
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
    if (!field || this.#length === 0) {
      throw wrongValue('name', `one of ${[...this.#fields.keys()].join(', ')}, of a decoded address`, name);
    }
    const [at, kind] = field;
    return kind.get(this.#bytes, at, abiOf(this.#platform).big, this.#length, this.#options.protocol) as T[K];
  }

  /** A value to keep, undefined when nothing is in the view. Throws DecodeError for a malformed one. */
  value(): T | undefined {
    if (this.#length === 0) return undefined;
    return this.#codec.decode(this.#bytes, 0, this.#length, this.#platform, this.#options);
  }
}
