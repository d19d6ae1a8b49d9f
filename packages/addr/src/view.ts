import { i32, putU32, u16, word } from './bytes.ts';
import { checkBytes, checkInteger } from './check.ts';
import { DecodeError } from './errors.ts';
import { InetAddress, layouts as inetLayouts } from './inet.ts';
import { Inet6Address, layouts as inet6Layouts } from './inet6.ts';
import { formatIPv4 } from './ipv4.ts';
import { formatIPv6 } from './ipv6.ts';
import { abiOf, HEADER_SIZE, type Platform, structOf } from './layout.ts';

/** sizeof(struct sockaddr_in) and of sockaddr_in6, the same on every system. */
const SIZE = 16;
const SIZE6 = 28;

/**
 * AF_INET and AF_INET6 sockaddrs for hot loops: one object, made once, into which address after address is decoded
 * without allocating. It takes the numbers out of the buffer when it decodes, so they stay what they were when the
 * buffer is used again; `stale` tells whether it was. Text is made when it is asked for, and anew only for another address.
 */
export class InetView {
  readonly #portAt: number;
  readonly #addr: number;
  readonly #addr6: number;
  readonly #inet: number;
  readonly #inet6: number;
  readonly #flowinfoAt: number;
  readonly #scopeAt: number;
  readonly #bsd: boolean;
  readonly #big: boolean;
  #buffer: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #version: 0 | 4 | 6 = 0;
  #port = 0;
  #flowInfo = 0;
  #scopeId = 0;
  // Signed: a number of 2 ** 31 or more would be kept on the heap. An IPv4 address is in the last.
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  #text: string | undefined;

  /** Of one platform's layout. Throws ERR_INVALID_ARG_VALUE. */
  constructor(platform: Platform) {
    const four = structOf(inetLayouts, 'inet', platform);
    const six = structOf(inet6Layouts, 'inet6', platform);
    this.#inet = four.family;
    this.#inet6 = six.family;
    this.#portAt = six.port;
    this.#addr = four.addr;
    this.#addr6 = six.addr;
    this.#flowinfoAt = six.flowinfo;
    this.#scopeAt = six.scopeId;
    ({ bsd: this.#bsd, big: this.#big } = abiOf(platform));
  }

  /**
   * Takes the address of `length` bytes at `offset`, and returns its version: 4, 6, or 0 when it is of another family or
   * empty, and then nothing is in the view. Throws DecodeError for a truncated one, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  decode(buffer: Uint8Array, offset: number, length: number): 0 | 4 | 6 {
    if (!(buffer instanceof Uint8Array)) checkBytes('buffer', buffer);
    const room = buffer.length;
    // The quick form of what checkInteger() asks.
    if (!(Number.isInteger(offset) && offset >= 0 && offset <= room)) checkInteger('offset', offset, 0, room);
    if (!(Number.isInteger(length) && length >= 0 && length <= room - offset)) {
      checkInteger('length', length, 0, room - offset);
    }
    const before = this.#version;
    this.#version = 0;
    if (length < HEADER_SIZE) return 0;
    const version = this.#versionAt(buffer, offset);
    if (version === 0) return 0;
    const size = version === 4 ? SIZE : SIZE6;
    if (length < size) throw new DecodeError(offset + length, `a sockaddr of ${size} bytes or more`, length);
    this.#buffer = buffer;
    this.#offset = offset;
    this.#version = version;
    this.#port = u16(buffer, offset + this.#portAt, true);
    const at = offset + (version === 4 ? this.#addr - 12 : this.#addr6);
    const six = version === 6;
    const a = six ? word(buffer, at) : 0;
    const b = six ? word(buffer, at + 4) : 0;
    const c = six ? word(buffer, at + 8) : 0;
    const d = word(buffer, at + 12);
    if (before !== version || a !== this.#a || b !== this.#b || c !== this.#c || d !== this.#d) {
      this.#text = undefined;
      this.#a = a;
      this.#b = b;
      this.#c = c;
      this.#d = d;
    }
    this.#flowInfo = six ? word(buffer, offset + this.#flowinfoAt) : 0;
    this.#scopeId = six ? i32(buffer, offset + this.#scopeAt, this.#big) : 0;
    return version;
  }

  /** 4, 6, or 0 for nothing. */
  get version(): 0 | 4 | 6 {
    return this.#version;
  }

  /** 0 to 65535. */
  get port(): number {
    return this.#port;
  }

  /** As an Inet6Address has it; 0 for IPv4. */
  get flowInfo(): number {
    return this.#flowInfo >>> 0;
  }

  /** As an Inet6Address has it; 0 for IPv4. */
  get scopeId(): number {
    return this.#scopeId >>> 0;
  }

  /** 32 bits of the address, 0 to 3 from its beginning, as a number; an IPv4 address is `word(3)`, the others are 0. */
  word(index: number): number {
    if (index === 3) return this.#d >>> 0;
    if (index === 2) return this.#c >>> 0;
    if (index === 1) return this.#b >>> 0;
    checkInteger('index', index, 0, 3);
    return this.#a >>> 0;
  }

  /** The address as text, without a zone; empty when nothing is in the view. Made once for an address that comes again. */
  get address(): string {
    if (this.#version === 0) return '';
    this.#text ??= this.#version === 4 ? formatIPv4(this.#bytes()) : formatIPv6(this.#bytes());
    return this.#text;
  }

  /** Has the buffer got another address, or none, in that place since `decode`? The view still shows the one it took. */
  get stale(): boolean {
    if (this.#version === 0) return false;
    const b = this.#buffer;
    const offset = this.#offset;
    const six = this.#version === 6;
    const at = offset + (six ? this.#addr6 : this.#addr - 12);
    return !(
      b.length >= offset + (six ? SIZE6 : SIZE) &&
      this.#versionAt(b, offset) === this.#version &&
      u16(b, offset + this.#portAt, true) === this.#port &&
      word(b, at + 12) === this.#d &&
      (!six ||
        (word(b, at) === this.#a &&
          word(b, at + 4) === this.#b &&
          word(b, at + 8) === this.#c &&
          word(b, offset + this.#flowinfoAt) === this.#flowInfo &&
          i32(b, offset + this.#scopeAt, this.#big) === this.#scopeId))
    );
  }

  /** Address, port, scope and flow label are those of `other`. */
  equals(other: InetView): boolean {
    return (
      this.#version === other.#version &&
      this.#port === other.#port &&
      this.#d === other.#d &&
      this.#c === other.#c &&
      this.#b === other.#b &&
      this.#a === other.#a &&
      this.#scopeId === other.#scopeId &&
      this.#flowInfo === other.#flowInfo
    );
  }

  /** A value to keep: frozen, with no tie to the view; undefined when nothing is in the view. */
  value(): InetAddress | Inet6Address | undefined {
    if (this.#version === 0) return undefined;
    if (this.#version === 4) return new InetAddress(this.#bytes(), this.#port);
    return new Inet6Address(this.#bytes(), this.#port, { scopeId: this.scopeId, flowInfo: this.flowInfo });
  }

  #versionAt(b: Uint8Array, offset: number): 0 | 4 | 6 {
    const family = this.#bsd ? b[offset + 1]! : u16(b, offset, this.#big);
    return family === this.#inet ? 4 : family === this.#inet6 ? 6 : 0;
  }

  #bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#version === 4 ? 4 : 16);
    if (this.#version === 6) {
      putU32(bytes, 0, this.#a, true);
      putU32(bytes, 4, this.#b, true);
      putU32(bytes, 8, this.#c, true);
    }
    putU32(bytes, bytes.length - 4, this.#d, true);
    return bytes;
  }
}
