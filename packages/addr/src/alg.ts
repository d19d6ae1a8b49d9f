import type { Codec } from './codec.ts';
import { ascii, uint } from './kinds.ts';
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

/** The fields of an AF_ALG address; what is left out is 0. */
export interface AlgFields {
  /** `hash`, `skcipher`, `aead`, `rng`, …, up to 13 characters. */
  readonly type: string;
  /** `sha256`, `cbc(aes)`, …: up to 63 characters in struct sockaddr_alg, to 103 in the longer one of Linux 4.14. */
  readonly name: string;
  /** `salg_feat`. */
  readonly feat?: number | undefined;
  /** `salg_mask`. */
  readonly mask?: number | undefined;
}

const flags = uint(4, 0, true);

/** AF_ALG, struct sockaddr_alg and sockaddr_alg_new: the kernel's crypto/userspace-if.rst. Linux only. */
export interface AlgAddress extends StructAddress<'alg'> {
  readonly type: string;
  readonly name: string;
  readonly feat: number;
  readonly mask: number;
}

/** The class of its values. */
export const AlgAddress: StructClass<AlgAddress, AlgFields> = /* @__PURE__ */ structClass<
  AlgAddress,
  AlgFields
>(
  'alg',
  // The kernel's sockaddr_storage ends at 128, after a name of 103 characters and its NUL.
  { type: ascii(13, 14), name: ascii(103), feat: flags, mask: flags },
  2,
  {
    // linux/if_alg.h, struct sockaddr_alg
    linux: [38, 88, 2, 24, 16, 20],
  },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<AlgAddress> = /* @__PURE__ */ structCodec(AlgAddress, readNumber);

/** An algorithm of the kernel, `alg:skcipher:cbc(aes)`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE. */
export function alg(type: string, name: string, feat: number = 0, mask: number = 0): AlgAddress {
  return new AlgAddress({ type, name, feat, mask });
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<AlgAddress>['parse'] = /* @__PURE__ */ parseOf(AlgAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<AlgAddress>['format'] = /* @__PURE__ */ formatOf(AlgAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<AlgAddress>['size'] = /* @__PURE__ */ sizeOf(AlgAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<AlgAddress>['encode'] = /* @__PURE__ */ encodeOf(AlgAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<AlgAddress>['decode'] = /* @__PURE__ */ decodeOf(AlgAddress);
