import { checkBytes, checkInteger, isUint8Array, wrongType } from './check.ts';
import { type Platform, platform } from './constants.ts';

/**
 * An address for the kernel: a whole `sockaddr` as bytes, or anything that makes one for a platform, as the values of
 * `@sockeye/addr` do.
 */
export type Address = Uint8Array | { toSockaddr(platform: Platform): Uint8Array };

/** `sizeof(struct sockaddr_storage)`: no address is longer. */
const STORAGE = 128;

/** Under this name every copy of this module (CommonJS and ES modules have one each) finds storage and length. */
const WHOLE: unique symbol = Symbol.for('@sockeye/core: AddressBuffer');

/**
 * Room for an address that a call receives, made once and used again. It is an {@link Address} itself, so that
 * `sendTo(data, buffer)` answers whoever was received from.
 */
export class AddressBuffer {
  /** The 128 bytes of a `sockaddr_storage`; the first {@link length} are in use. */
  readonly bytes: Uint8Array;
  readonly #length: Int32Array;

  /** @param place where in a message's memory it lies; not for callers */
  constructor(place?: { memory: ArrayBuffer; at: number }) {
    const { memory, at } = place ?? { memory: new ArrayBuffer(STORAGE + 4), at: 0 };
    this.bytes = new Uint8Array(memory, at, STORAGE);
    this.#length = new Int32Array(memory, at + STORAGE, 1);
    Object.defineProperty(this, WHOLE, { value: new Uint8Array(memory, at, STORAGE + 4) });
  }

  /** Bytes in use, 0 to 128; 0 when the kernel had no address to tell, as for a connected stream. */
  get length(): number {
    return this.#length[0] ?? 0;
  }

  set length(length: number) {
    this.#length[0] = checkInteger('length', length, 0, STORAGE);
  }

  /** The bytes in use, until the next call that receives into this buffer. */
  view(): Uint8Array {
    storage(this);
    return this.bytes.subarray(0, this.length);
  }

  /** The bytes in use, to keep. */
  copy(): Uint8Array {
    storage(this);
    return this.bytes.slice(0, this.length);
  }

  toSockaddr(): Uint8Array {
    return this.view();
  }
}

/** Storage and length of an AddressBuffer, as the native part fills them. */
export function storage(buffer: AddressBuffer): Uint8Array {
  const whole: unknown = (buffer as { [WHOLE]?: unknown } | null | undefined)?.[WHOLE];
  if (!isUint8Array(whole) || whole.byteLength === 0)
    throw wrongType('address', 'an AddressBuffer whose memory is its own', buffer);
  return whole;
}

/** The bytes of an address. ERR_INVALID_ARG_TYPE when it is none. */
export function sockaddr(address: Address): Uint8Array {
  if (isUint8Array(address)) return checkBytes('address', address);
  const make = (address as { toSockaddr?: unknown } | null | undefined)?.toSockaddr;
  if (typeof make !== 'function') {
    throw wrongType('address', 'a Uint8Array with a sockaddr, or a value with toSockaddr()', address);
  }
  const bytes: unknown = make.call(address, platform);
  return checkBytes('address.toSockaddr()', bytes);
}
