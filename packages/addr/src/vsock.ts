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

/** The fields of an AF_VSOCK address; what is left out is 0. */
export interface VsockFields {
  /** Context: VMADDR_CID_HYPERVISOR 0, _LOCAL 1, _HOST 2, _ANY 0xffffffff, otherwise a virtual machine's. */
  readonly cid: number;
  /** 32 bits; VMADDR_PORT_ANY is 0xffffffff. */
  readonly port: number;
  /** `svm_flags`: VMADDR_FLAG_TO_HOST is 1. Linux only. */
  readonly flags?: number | undefined;
}

/** AF_VSOCK, struct sockaddr_vm: vsock(7). */
export interface VsockAddress extends StructAddress<'vsock'> {
  readonly cid: number;
  readonly port: number;
  readonly flags: number;
}

/** The class of its values. */
export const VsockAddress: StructClass<VsockAddress, VsockFields> = /* @__PURE__ */ structClass<
  VsockAddress,
  VsockFields
>('vsock', { cid: uint(4), port: uint(4), flags: uint(1, 0) }, 2, {
  // linux/vm_sockets.h, struct sockaddr_vm; svm_flags since Linux 5.11
  linux: [40, 16, 8, 4, 12],
  // xnu: bsd/sys/vsock.h, struct sockaddr_vm, packed
  darwin: [40, 12, 8, 4],
});

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<VsockAddress> = /* @__PURE__ */ structCodec(VsockAddress, readNumber);

/** A vsock address, `vsock:2:1234`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function vsock(cid: number, port: number, flags: number = 0): VsockAddress {
  return new VsockAddress({ cid, port, flags });
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<VsockAddress>['parse'] = /* @__PURE__ */ parseOf(VsockAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<VsockAddress>['format'] = /* @__PURE__ */ formatOf(VsockAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<VsockAddress>['size'] = /* @__PURE__ */ sizeOf(VsockAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<VsockAddress>['encode'] = /* @__PURE__ */ encodeOf(VsockAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<VsockAddress>['decode'] = /* @__PURE__ */ decodeOf(VsockAddress);
