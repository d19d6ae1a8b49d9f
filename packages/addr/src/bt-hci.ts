import { bySize, type Codec } from './codec.ts';
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

/** The fields of an HCI address; what is left out is 0. */
export interface BtHciFields {
  /** Controller, 0 for hci0; HCI_DEV_NONE is 0xffff. */
  readonly dev: number;
  /** HCI_CHANNEL_RAW 0, _USER 1, _MONITOR 2, _CONTROL 3, _LOGGING 4. */
  readonly channel?: number | undefined;
}

/** AF_BLUETOOTH with BTPROTO_HCI, struct sockaddr_hci: hci(7) of BlueZ. Linux only; FreeBSD has names of nodes. */
export interface BtHciAddress extends StructAddress<'bt-hci'> {
  readonly dev: number;
  readonly channel: number;
}

/** The class of its values. */
export const BtHciAddress: StructClass<BtHciAddress, BtHciFields> = /* @__PURE__ */ structClass<
  BtHciAddress,
  BtHciFields
>(
  'bt-hci',
  { dev: uint(2), channel: uint(2, 0) },
  1,
  {
    // bluetooth/hci.h, struct sockaddr_hci
    linux: [31, 6, 2, 4],
  },
  { takes: bySize(1) },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<BtHciAddress> = /* @__PURE__ */ structCodec(BtHciAddress, readNumber);

/** A controller, `bt-hci:0`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function btHci(dev: number, channel: number = 0): BtHciAddress {
  return new BtHciAddress({ dev, channel });
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<BtHciAddress>['parse'] = /* @__PURE__ */ parseOf(BtHciAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<BtHciAddress>['format'] = /* @__PURE__ */ formatOf(BtHciAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<BtHciAddress>['size'] = /* @__PURE__ */ sizeOf(BtHciAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<BtHciAddress>['encode'] = /* @__PURE__ */ encodeOf(BtHciAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<BtHciAddress>['decode'] = /* @__PURE__ */ decodeOf(BtHciAddress);
