import type { Codec } from './codec.ts';
import { uint } from './kinds.ts';
import {
  decodeOf,
  encodeOf,
  formatOf,
  parseOf,
  type StructAddress,
  type StructClass,
  type StructCodec,
  sizeOf,
  structClass,
  structCodec,
} from './struct.ts';
import { readNumber } from './text.ts';

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

/** The class of its values. */
export const SystemAddress: StructClass<SystemAddress, SystemFields> = /* @__PURE__ */ structClass<
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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<SystemAddress> = /* @__PURE__ */ structCodec(SystemAddress, readNumber);

/** A kernel control of macOS, `system:5:0`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function system(id: number, unit: number): SystemAddress {
  return new SystemAddress({ id, unit });
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<SystemAddress>['parse'] = /* @__PURE__ */ parseOf(SystemAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<SystemAddress>['format'] = /* @__PURE__ */ formatOf(SystemAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<SystemAddress>['size'] = /* @__PURE__ */ sizeOf(SystemAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<SystemAddress>['encode'] = /* @__PURE__ */ encodeOf(SystemAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<SystemAddress>['decode'] = /* @__PURE__ */ decodeOf(SystemAddress);
