import type { DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<VsockAddress, VsockFields> = /* @__PURE__ */ structCodec<
  VsockAddress,
  VsockFields
>('vsock', { cid: uint(4), port: uint(4), flags: uint(1, 0) }, 2, {
  // linux/vm_sockets.h, struct sockaddr_vm; svm_flags since Linux 5.11
  linux: [40, 16, 8, 4, 12],
  // xnu: bsd/sys/vsock.h, struct sockaddr_vm, packed
  darwin: [40, 12, 8, 4],
});

/** The class of its values. */
export const VsockAddress: new (fields: VsockFields) => VsockAddress = /* @__PURE__ */ classOf(codec);

/** A vsock address, `vsock:2:1234`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function vsock(cid: number, port: number, flags: number = 0): VsockAddress {
  return new codec.Address({ cid, port, flags });
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): VsockAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: VsockAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: VsockAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(value: VsockAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): VsockAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
