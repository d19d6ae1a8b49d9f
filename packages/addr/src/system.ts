import type { DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of a kernel control address; what is left out is an error. */
export interface SystemFields {
  /** The control's id, which CTLIOCGINFO tells for its name. */
  readonly id: number;
  /** The control's unit; 0 to be given one. */
  readonly unit: number;
}

/** PF_SYSTEM with SYSPROTO_CONTROL, struct sockaddr_ctl. macOS only. */
export interface SystemAddress extends StructAddress<'system'> {
  readonly id: number;
  readonly unit: number;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<SystemAddress, SystemFields> = /* @__PURE__ */ structCodec<
  SystemAddress,
  SystemFields
>(
  'system',
  { id: uint(4), unit: uint(4) },
  2,
  {
    // xnu: bsd/sys/kern_control.h, struct sockaddr_ctl; AF_SYS_CONTROL (2) stands in ss_sysaddr, sys/sys_domain.h
    darwin: [32, 32, 4, 8],
  },
  {
    tag: 2,
    takes: (_struct, _protocol, buffer, offset, length) =>
      length < 4 || (buffer[offset + 2] === 2 && buffer[offset + 3] === 0),
  },
);

/** The class of its values. */
export const SystemAddress: new (fields: SystemFields) => SystemAddress = /* @__PURE__ */ classOf(codec);

/** A kernel control of macOS, `system:5:0`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function system(id: number, unit: number): SystemAddress {
  return new codec.Address({ id, unit });
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): SystemAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: SystemAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: SystemAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(value: SystemAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): SystemAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
