/** Control messages of packet sockets, level SOL_PACKET: packet(7). */
import { constants as c } from '../constants.ts';
import { type Decoder, decoder } from './codec.ts';
import { type ExtendedError, errorDecoder, type ZeroCopyCompletion } from './error.ts';
import { readUint, readUint16 } from './fields.ts';

/** PACKET_AUXDATA: `struct tpacket_auxdata`, received after the option of that name. */
export interface PacketAuxdata {
  readonly kind: 'packet-auxdata';
  /** `tp_status`: `TP_STATUS_…`. */
  readonly status: number;
  /** `tp_len`: bytes of the packet on the wire. */
  readonly length: number;
  /** `tp_snaplen`: bytes of it that a filter left. */
  readonly captured: number;
  /** `tp_mac`, `tp_net`: where the headers of the link and of the network begin. */
  readonly macOffset: number;
  readonly networkOffset: number;
  /** The VLAN tag that the kernel or the interface took out of the packet; undefined when there was none. */
  readonly vlan:
    | {
        /** Priority (3 bits), drop eligible (1), id (12), IEEE 802.1Q. */
        readonly tci: number;
        /** Its EtherType: ETH_P_8021Q, ETH_P_8021AD; undefined when the kernel does not say (before 3.14). */
        readonly tpid: number | undefined;
      }
    | undefined;
}

export type PacketControl = PacketAuxdata | ExtendedError | ZeroCopyCompletion;

/** `struct tpacket_auxdata`. */
const STATUS = 0;
const LEN = 4;
const SNAPLEN = 8;
const MAC = 12;
const NET = 14;
const VLAN_TCI = 16;
const VLAN_TPID = 18;
const AUXDATA_SIZE = 20;

export const packetDecoders: readonly Decoder<PacketControl>[] = [
  decoder<PacketAuxdata>('packet-auxdata', 'SOL_PACKET', 'PACKET_AUXDATA', AUXDATA_SIZE, (data) => {
    const status = readUint(data, STATUS);
    const tagged = (status & c.TP_STATUS_VLAN_VALID) !== 0;
    const typed = (status & c.TP_STATUS_VLAN_TPID_VALID) !== 0;
    return {
      kind: 'packet-auxdata',
      status,
      length: readUint(data, LEN),
      captured: readUint(data, SNAPLEN),
      macOffset: readUint16(data, MAC),
      networkOffset: readUint16(data, NET),
      vlan: tagged
        ? { tci: readUint16(data, VLAN_TCI), tpid: typed ? readUint16(data, VLAN_TPID) : undefined }
        : undefined,
    };
  }),
  // Transmit time stamps of packet sockets, after SO_TIMESTAMPING.
  errorDecoder('SOL_PACKET', 'PACKET_TX_TIMESTAMP'),
];
