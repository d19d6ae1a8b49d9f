import { get, word } from './bytes.ts';
import { checkInteger } from './check.ts';
import { ADDR, decode as decodeInet, type InetAddress, layouts as inetLayouts, PORT } from './inet.ts';
import {
  ADDR as ADDR6,
  decode as decodeInet6,
  FLOWINFO,
  type Inet6Address,
  layouts as inet6Layouts,
  SCOPE_ID,
} from './inet6.ts';
import { formatIP } from './ip-address.ts';
import { type Abi, abiOf, checkPlace, expectLength, familyAt, HEADER_SIZE, type Platform } from './layout.ts';

type Version = 0 | 4 | 6;

/** sizeof(struct sockaddr_in) and of sockaddr_in6, the same on every system. */
const SIZE = 16;
const SIZE6 = 28;

/**
 * AF_INET and AF_INET6 sockaddrs for hot loops: one object, made once, into which address after address is decoded
 * without allocating. It takes the numbers out of the buffer when it decodes, so they stay what they were when the
 * buffer is used again; `stale` tells whether it was. Text is made when it is asked for, and anew only for another address.
 */
export class InetView {
  readonly #platform: Platform;
  readonly #abi: Abi;
  readonly #inet: number;
  readonly #inet6: number;
  #buffer: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #version: Version = 0;
  readonly #bytes: Uint8Array = new Uint8Array(SIZE6);
  #text: string | undefined;

  /** Of one platform's layout. Throws ERR_INVALID_ARG_VALUE. */
  constructor(platform: Platform) {
    this.#platform = platform;
    this.#abi = abiOf(platform);
    const { system } = this.#abi;
    this.#inet = inetLayouts[system]![0];
    this.#inet6 = inet6Layouts[system]![0];
  }

  /**
   * Takes the address of `length` bytes at `offset`, and returns its version: 4, 6, or 0 when it is of another family or
   * empty, and then nothing is in the view. Throws DecodeError for a truncated one, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  decode(buffer: Uint8Array, offset: number, length: number): Version {
    // The quick form of what checkPlace() asks, which has the last word.
    const whole = offset >>> 0 === offset && length >>> 0 === length;
    if (!whole || !(buffer instanceof Uint8Array) || offset + length > buffer.length) {
      checkPlace(buffer, offset, length);
    }
    const held = this.#version;
    this.#version = 0;
    if (length < HEADER_SIZE) return 0;
    const version = this.#versionAt(buffer, offset);
    if (version === 0) return 0;
    const six = version === 6;
    expectLength(offset, length, six ? SIZE6 : SIZE);
    const bytes = this.#bytes;
    const address = six ? ADDR6 : ADDR;
    // What stands behind an IPv4 address is none of it.
    const end = six ? SIZE6 : ADDR + 4;
    let same = held === version;
    for (let i = 0; i < end; i++) {
      const byte = buffer[offset + i]!;
      if (byte !== bytes[i]) {
        bytes[i] = byte;
        if (i >= address && i < SCOPE_ID) same = false;
      }
    }
    if (!same) this.#text = undefined;
    this.#buffer = buffer;
    this.#offset = offset;
    this.#version = version;
    return version;
  }

  /** 4, 6, or 0 for nothing. */
  get version(): Version {
    return this.#version;
  }

  /** 0 to 65535. */
  get port(): number {
    return this.#version && get(this.#bytes, PORT, 2, true);
  }

  /** As an Inet6Address has it; 0 for IPv4. */
  get flowInfo(): number {
    return this.#version === 6 ? word(this.#bytes, FLOWINFO) >>> 0 : 0;
  }

  /** As an Inet6Address has it; 0 for IPv4. */
  get scopeId(): number {
    return this.#version === 6 ? get(this.#bytes, SCOPE_ID, 4, this.#abi.big) >>> 0 : 0;
  }

  /** 32 bits of the address, 0 to 3 from its beginning, as a number; an IPv4 address is `word(3)`, the others are 0. */
  word(index: number): number {
    checkInteger('index', index, 0, 3);
    if (this.#version === 6) return word(this.#bytes, ADDR6 + 4 * index) >>> 0;
    return this.#version && index === 3 ? word(this.#bytes, ADDR) >>> 0 : 0;
  }

  /** The address as text, without a zone; empty when nothing is in the view. Made once for an address that comes again. */
  get address(): string {
    if (this.#version === 0) return '';
    this.#text ??= formatIP(
      this.#bytes.subarray(this.#version === 4 ? ADDR : ADDR6, Math.min(this.#end, SCOPE_ID)),
    );
    return this.#text;
  }

  /** Has the buffer got another address, or none, in that place since `decode`? The view still shows the one it took. */
  get stale(): boolean {
    // sa_len may be another.
    for (let i = Number(this.#abi.bsd); i < this.#end; i++) {
      if (this.#buffer[this.#offset + i] !== this.#bytes[i]) return true;
    }
    return false;
  }

  /** Address, port, scope and flow label are those of `other`. */
  equals(other: InetView): boolean {
    if (this.#version !== other.#version) return false;
    const turned = this.#abi.big !== other.#abi.big;
    for (let i = PORT; i < this.#end; i++) {
      // Of all numbers the scope alone is in the host's order.
      if (this.#bytes[i] !== other.#bytes[turned && i >= SCOPE_ID ? 2 * SCOPE_ID + 3 - i : i]) return false;
    }
    return true;
  }

  /** A value to keep: frozen, with no tie to the view; undefined when nothing is in the view. */
  value(): InetAddress | Inet6Address | undefined {
    if (this.#version === 0) return undefined;
    return (this.#version === 4 ? decodeInet : decodeInet6)(this.#bytes, 0, SIZE6, this.#platform);
  }

  /** Where what is to be compared ends; what stands behind an IPv4 address is none of it. */
  get #end(): number {
    return this.#version && (this.#version === 4 ? ADDR + 4 : SIZE6);
  }

  #versionAt(b: Uint8Array, offset: number): Version {
    const family = familyAt(b, offset, this.#abi);
    return family === this.#inet ? 4 : family === this.#inet6 ? 6 : 0;
  }
}
