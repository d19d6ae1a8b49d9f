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

/** The class of its values. */
export const QipcrtrAddress: StructClass<QipcrtrAddress, QipcrtrFields> = /* @__PURE__ */ structClass<
  QipcrtrAddress,
  QipcrtrFields
>('qipcrtr', { node: uint(4), port: uint(4) }, 2, {
  // linux/qrtr.h, struct sockaddr_qrtr
  linux: [42, 12, 4, 8],
});

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<QipcrtrAddress> = /* @__PURE__ */ structCodec(QipcrtrAddress, readNumber);

/** A QRTR address, `qipcrtr:1:2`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function qipcrtr(node: number, port: number): QipcrtrAddress {
  return new QipcrtrAddress({ node, port });
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<QipcrtrAddress>['parse'] = /* @__PURE__ */ parseOf(QipcrtrAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<QipcrtrAddress>['format'] = /* @__PURE__ */ formatOf(QipcrtrAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<QipcrtrAddress>['size'] = /* @__PURE__ */ sizeOf(QipcrtrAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<QipcrtrAddress>['encode'] = /* @__PURE__ */ encodeOf(QipcrtrAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<QipcrtrAddress>['decode'] = /* @__PURE__ */ decodeOf(QipcrtrAddress);
