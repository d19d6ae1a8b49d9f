import type { Layouts, Platform } from './layout.ts';
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
  /** Number and size per system; the unknown family has none. */
  readonly layouts: Layouts;
  /** Is this sockaddr, whose family is right and whose length is not checked yet, one of these? Left out: yes. */
  readonly takes?: (
    buffer: Uint8Array,
    offset: number,
    length: number,
    platform: Platform,
    protocol: number | undefined,
  ) => boolean;
  parse(text: string, options?: ParseOptions): T;
  format(value: T, options?: FormatOptions): string;
  size(value: T, platform: Platform): number;
  encode(value: T, buffer: Uint8Array, offset: number, platform: Platform): number;
  decode(buffer: Uint8Array, offset: number, length: number, platform: Platform, options?: DecodeOptions): T;
}
