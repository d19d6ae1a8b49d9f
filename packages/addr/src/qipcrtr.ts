import type { DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of an AF_QIPCRTR address; what is left out is an error. */
export interface QipcrtrFields {
  /** A processor of the device; QRTR_NODE_BCAST is 0xffffffff. */
  readonly node: number;
  /** QRTR_PORT_CTRL is 0xfffffffe. */
  readonly port: number;
}

/** AF_QIPCRTR, struct sockaddr_qrtr: Qualcomm's IPC router, net/qrtr. Linux only. */
export interface QipcrtrAddress extends StructAddress<'qipcrtr'> {
  readonly node: number;
  readonly port: number;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<QipcrtrAddress, QipcrtrFields> = /* @__PURE__ */ structCodec<
  QipcrtrAddress,
  QipcrtrFields
>('qipcrtr', { node: uint(4), port: uint(4) }, 2, {
  // linux/qrtr.h, struct sockaddr_qrtr
  linux: [42, 12, 4, 8],
});

/** The class of its values. */
export const QipcrtrAddress: new (fields: QipcrtrFields) => QipcrtrAddress = /* @__PURE__ */ classOf(codec);

/** A QRTR address, `qipcrtr:1:2`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function qipcrtr(node: number, port: number): QipcrtrAddress {
  return new codec.Address({ node, port });
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): QipcrtrAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: QipcrtrAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: QipcrtrAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(
  value: QipcrtrAddress,
  buffer: Uint8Array,
  offset: number,
  platform: Platform,
): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): QipcrtrAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
