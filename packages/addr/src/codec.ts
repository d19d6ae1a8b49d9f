import type { Layouts, Platform, Struct } from './layout.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** What a sockaddr does not say of itself. */
export interface DecodeOptions {
  /**
   * The protocol of the socket (`CAN_ISOTP`, `CAN_J1939`, `BTPROTO_…`, `NETLINK_…`), as its number on that platform. Families that keep
   * different addresses for different protocols are told apart by it.
   */
  readonly protocol?: number | undefined;
}

/** What every family's module has, as one object. `buffer` and `offset` are the caller's; lengths are in bytes. */
export interface Codec<T> {
  /** What `family` of its values says. */
  readonly family: string;
  /** What the human form begins with; inet's begins with a digit. */
  readonly prefix: string;
  /** Number and size per system (`[family, size]`); the unknown family has none. */
  readonly layouts: Layouts;
  /**
   * Is this sockaddr, whose family is right and whose length is not checked yet, one of these? Undefined when nothing in it tells.
   * Left out: yes.
   */
  readonly takes?:
    | ((
        struct: Struct,
        protocol: number | undefined,
        buffer: Uint8Array,
        offset: number,
        length: number,
      ) => boolean | undefined)
    | undefined;
  parse(text: string, options?: ParseOptions): T;
  format(value: T, options?: FormatOptions): string;
  size(value: T, platform: Platform): number;
  encode(value: T, buffer: Uint8Array, offset: number, platform: Platform): number;
  decode(buffer: Uint8Array, offset: number, length: number, platform: Platform, options?: DecodeOptions): T;
}

type Takes = NonNullable<Codec<never>['takes']>;

/** What `takes` is where the protocol tells, and nothing else. */
export const byProtocol =
  (number: number): Takes =>
  (_struct, protocol) =>
    protocol === undefined ? undefined : protocol === number;

/** AF_BLUETOOTH of FreeBSD, which numbers the protocols on its own. */
const FREEBSD = 36;

/**
 * What `takes` is for Bluetooth, every protocol of which, with this number, has a struct of its own size, too: that is what
 * kernels give.
 */
export const bySize =
  (number: number, freebsd: number = number): Takes =>
  (struct, protocol, _buffer, _offset, length) =>
    protocol === undefined ? length === struct[1] : protocol === (struct[0] === FREEBSD ? freebsd : number);

/** What `takes` is where the byte behind `sa_family` tells. */
export const byTag =
  (tag: number): Takes =>
  (_struct, _protocol, buffer, offset, length) =>
    length < 3 || buffer[offset + 2] === tag;
