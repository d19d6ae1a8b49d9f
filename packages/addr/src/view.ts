import { i32, putU32, u16, word } from './bytes.ts';
import { checkBytes, checkInteger } from './check.ts';
import { ADDR, InetAddress, layouts as inetLayouts, PORT } from './inet.ts';
import { ADDR as ADDR6, FLOWINFO, Inet6Address, layouts as inet6Layouts, SCOPE_ID } from './inet6.ts';
import { formatIP } from './ip-address.ts';
import { type Abi, abiOf, expectLength, HEADER_SIZE, type Platform } from './layout.ts';

type Version = 0 | 4 | 6;

/** sizeof(struct sockaddr_in) and of sockaddr_in6, the same on every system. */
const sizeOf = (version: Version): number => (version === 4 ? 16 : 28);

/**
 * The numbers of a view by their index. Signed: one of 2 ** 31 or more would be kept on the heap. Behind the version come the
 * four words of the address, the last of which is an IPv4 address.
 */
const AT_PORT = 0;
const AT_FLOW = 1;
const AT_SCOPE = 2;
const AT_VERSION = 3;
const AT_WORD = 4;
const NUMBERS = 8;

/**
 * AF_INET and AF_INET6 sockaddrs for hot loops: one object, made once, into which address after address is decoded
 * without allocating. It takes the numbers out of the buffer when it decodes, so they stay what they were when the
 * buffer is used again; `stale` tells whether it was. Text is made when it is asked for, and anew only for another address.
 */
export class InetView {
  readonly #abi: Abi;
  readonly #inet: number;
  readonly #inet6: number;
  #buffer: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #now: Int32Array = new Int32Array(NUMBERS);
  /** To be read into and compared with the numbers of now. */
  #next: Int32Array = new Int32Array(NUMBERS);
  #text: string | undefined;

  /** Of one platform's layout. Throws ERR_INVALID_ARG_VALUE. */
  constructor(platform: Platform) {
    this.#abi = abiOf(platform);
    const { system } = this.#abi;
    this.#inet = inetLayouts[system]!.family;
    this.#inet6 = inet6Layouts[system]!.family;
  }

  /**
   * Takes the address of `length` bytes at `offset`, and returns its version: 4, 6, or 0 when it is of another family or
   * empty, and then nothing is in the view. Throws DecodeError for a truncated one, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  decode(buffer: Uint8Array, offset: number, length: number): Version {
    if (!(buffer instanceof Uint8Array)) checkBytes('buffer', buffer);
    const room = buffer.length;
    // The quick form of what checkInteger() asks.
    if (!(Number.isInteger(offset) && offset >= 0 && offset <= room)) checkInteger('offset', offset, 0, room);
    if (!(Number.isInteger(length) && length >= 0 && length <= room - offset)) {
      checkInteger('length', length, 0, room - offset);
    }
    const before = this.#now;
    const next = this.#next;
    const held = before[AT_VERSION];
    before[AT_VERSION] = 0;
    if (length < HEADER_SIZE) return 0;
    const version = this.#versionAt(buffer, offset);
    if (version === 0) return 0;
    expectLength(offset, length, sizeOf(version));
    this.#read(buffer, offset, version, next);
    if (held !== version || !same(before, next, AT_WORD)) this.#text = undefined;
    this.#buffer = buffer;
    this.#offset = offset;
    this.#now = next;
    this.#next = before;
    return version;
  }

  /** 4, 6, or 0 for nothing. */
  get version(): Version {
    return this.#now[AT_VERSION] as Version;
  }

  /** 0 to 65535. */
  get port(): number {
    return this.#now[AT_PORT]!;
  }

  /** As an Inet6Address has it; 0 for IPv4. */
  get flowInfo(): number {
    return this.#now[AT_FLOW]! >>> 0;
  }

  /** As an Inet6Address has it; 0 for IPv4. */
  get scopeId(): number {
    return this.#now[AT_SCOPE]! >>> 0;
  }

  /** 32 bits of the address, 0 to 3 from its beginning, as a number; an IPv4 address is `word(3)`, the others are 0. */
  word(index: number): number {
    return this.#now[AT_WORD + checkInteger('index', index, 0, 3)]! >>> 0;
  }

  /** The address as text, without a zone; empty when nothing is in the view. Made once for an address that comes again. */
  get address(): string {
    if (this.version === 0) return '';
    this.#text ??= formatIP(this.#bytes());
    return this.#text;
  }

  /** Has the buffer got another address, or none, in that place since `decode`? The view still shows the one it took. */
  get stale(): boolean {
    const { version } = this;
    if (version === 0) return false;
    const b = this.#buffer;
    const offset = this.#offset;
    if (b.length < offset + sizeOf(version) || this.#versionAt(b, offset) !== version) return true;
    this.#read(b, offset, version, this.#next);
    return !same(this.#now, this.#next, 0);
  }

  /** Address, port, scope and flow label are those of `other`. */
  equals(other: InetView): boolean {
    return same(this.#now, other.#now, 0);
  }

  /** A value to keep: frozen, with no tie to the view; undefined when nothing is in the view. */
  value(): InetAddress | Inet6Address | undefined {
    const { version, port, scopeId, flowInfo } = this;
    if (version === 0) return undefined;
    if (version === 4) return new InetAddress(this.#bytes(), port);
    return new Inet6Address(this.#bytes(), port, { scopeId, flowInfo });
  }

  #versionAt(b: Uint8Array, offset: number): Version {
    const { bsd, big } = this.#abi;
    const family = bsd ? b[offset + 1]! : u16(b, offset, big);
    return family === this.#inet ? 4 : family === this.#inet6 ? 6 : 0;
  }

  #read(b: Uint8Array, offset: number, version: Version, into: Int32Array): void {
    const six = version === 6;
    const at = offset + (six ? ADDR6 : ADDR - 12);
    into[AT_VERSION] = version;
    into[AT_PORT] = u16(b, offset + PORT, true);
    into[AT_FLOW] = six ? word(b, offset + FLOWINFO) : 0;
    into[AT_SCOPE] = six ? i32(b, offset + SCOPE_ID, this.#abi.big) : 0;
    for (let i = 0; i < 4; i++) into[AT_WORD + i] = six || i === 3 ? word(b, at + 4 * i) : 0;
  }

  #bytes(): Uint8Array {
    const words = this.version === 4 ? 1 : 4;
    const bytes = new Uint8Array(4 * words);
    for (let i = 0; i < words; i++) putU32(bytes, 4 * i, this.#now[NUMBERS - words + i]!, true);
    return bytes;
  }
}

/** Are the numbers the same from index `from` on? */
function same(a: Int32Array, b: Int32Array, from: number): boolean {
  for (let i = from; i < NUMBERS; i++) if (a[i] !== b[i]) return false;
  return true;
}
