import { bySize, type Codec } from './codec.ts';
import { bluetooth, ordered, uint } from './kinds.ts';
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

/** The fields of an L2CAP address; what is left out is 0, and BDADDR_ANY. */
export interface BtL2capFields {
  /** `00:11:22:AA:BB:CC`, or its 6 bytes as they are written; BDADDR_ANY is zeros. */
  readonly address?: string | Uint8Array | undefined;
  /** Protocol and service multiplexer, odd; for Low Energy 1 to 0xff. */
  readonly psm?: number | undefined;
  /** A fixed channel in place of a PSM: L2CAP_CID_ATT is 4. */
  readonly cid?: number | undefined;
  /** BDADDR_BREDR 0, BDADDR_LE_PUBLIC 1, BDADDR_LE_RANDOM 2. */
  readonly addressType?: number | undefined;
}

/** AF_BLUETOOTH with BTPROTO_L2CAP, struct sockaddr_l2: l2cap(7) of BlueZ. Linux and FreeBSD. */
export interface BtL2capAddress extends StructAddress<'bt-l2cap'> {
  readonly address: string;
  readonly psm: number;
  readonly cid: number;
  readonly addressType: number;
}

/** The class of its values. */
export const BtL2capAddress: StructClass<BtL2capAddress, BtL2capFields> = /* @__PURE__ */ structClass<
  BtL2capAddress,
  BtL2capFields
>(
  'bt-l2cap',
  {
    address: bluetooth,
    psm: ordered(uint(2, 0), false),
    cid: ordered(uint(2, 0), false),
    addressType: uint(1, 0),
  },
  2,
  {
    // bluetooth/l2cap.h, struct sockaddr_l2
    linux: [31, 14, 4, 2, 10, 12],
    // FreeBSD: sys/netgraph/bluetooth/include/ng_btsocket.h, struct sockaddr_l2cap
    freebsd: [36, 14, 4, 2, 10, 12],
  },
  { takes: bySize(0, 135) },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<BtL2capAddress> = /* @__PURE__ */ structCodec(BtL2capAddress, readNumber);

/** An L2CAP address, `bt-l2cap:00:11:22:AA:BB:CC:25`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ParseError. */
export function btL2cap(fields: BtL2capFields): BtL2capAddress {
  return new BtL2capAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<BtL2capAddress>['parse'] = /* @__PURE__ */ parseOf(BtL2capAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<BtL2capAddress>['format'] = /* @__PURE__ */ formatOf(BtL2capAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<BtL2capAddress>['size'] = /* @__PURE__ */ sizeOf(BtL2capAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<BtL2capAddress>['encode'] = /* @__PURE__ */ encodeOf(BtL2capAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<BtL2capAddress>['decode'] = /* @__PURE__ */ decodeOf(BtL2capAddress);
