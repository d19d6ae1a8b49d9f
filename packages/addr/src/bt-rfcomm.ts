import { bySize, type Codec } from './codec.ts';
import { bluetooth, guid, uint } from './kinds.ts';
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

/** The fields of an RFCOMM address; what is left out is 0, BDADDR_ANY, and no service. */
export interface BtRfcommFields {
  /** `00:11:22:AA:BB:CC`, or its 6 bytes as they are written; BDADDR_ANY is zeros. */
  readonly address?: string | Uint8Array | undefined;
  /** 1 to 30; 0 for one of the system's choice, 0xffffffff (BT_PORT_ANY) on Windows. */
  readonly channel?: number | undefined;
  /** `serviceClassId`, a GUID: Windows finds the channel by it. */
  readonly service?: string | undefined;
}

const narrow = uint(1, 0);

/** AF_BLUETOOTH with BTPROTO_RFCOMM, struct sockaddr_rc: rfcomm(7) of BlueZ. Linux, FreeBSD, Windows. */
export interface BtRfcommAddress extends StructAddress<'bt-rfcomm'> {
  readonly address: string;
  readonly channel: number;
  readonly service: string;
}

/** The class of its values. */
export const BtRfcommAddress: StructClass<BtRfcommAddress, BtRfcommFields> = /* @__PURE__ */ structClass<
  BtRfcommAddress,
  BtRfcommFields
>(
  'bt-rfcomm',
  { address: bluetooth, channel: uint(4, 0), service: guid },
  2,
  {
    // bluetooth/rfcomm.h, struct sockaddr_rc
    linux: [31, 10, 2, [8, narrow]],
    // FreeBSD: sys/netgraph/bluetooth/include/ng_btsocket.h, struct sockaddr_rfcomm
    freebsd: [36, 9, 2, [8, narrow]],
    // Windows SDK: ws2bth.h, SOCKADDR_BTH, packed; btAddr is 64 bits, of which 48 are the address
    win32: [32, 30, 2, 26, 10],
  },
  { takes: bySize(3, 136) },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<BtRfcommAddress> = /* @__PURE__ */ structCodec(BtRfcommAddress, readNumber);

/** An RFCOMM address, `bt-rfcomm:00:11:22:AA:BB:CC:1`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ParseError. */
export function btRfcomm(fields: BtRfcommFields): BtRfcommAddress {
  return new BtRfcommAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<BtRfcommAddress>['parse'] = /* @__PURE__ */ parseOf(BtRfcommAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<BtRfcommAddress>['format'] = /* @__PURE__ */ formatOf(BtRfcommAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<BtRfcommAddress>['size'] = /* @__PURE__ */ sizeOf(BtRfcommAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<BtRfcommAddress>['encode'] = /* @__PURE__ */ encodeOf(BtRfcommAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<BtRfcommAddress>['decode'] = /* @__PURE__ */ decodeOf(BtRfcommAddress);
