/** Any address tuple, as calls return it. */
export type RetAddress =
  | ReturnedInet
  | ReturnedInet6
  | ReturnedUnix
  | ReturnedPacket
  | ReturnedCan
  | ReturnedIsotp
  | ReturnedJ1939
  | ReturnedPair
  | ReturnedTipc
  | ReturnedAlg
  | ReturnedHci
  | ReturnedL2cap
  | ReturnedOther;
/** AF_INET. */
export type ReturnedInet = [host: string, port: number];
/** AF_INET6. */
export type ReturnedInet6 = [host: string, port: number, flowinfo: number, scope_id: number];
/** AF_UNIX: a path, `''` for none, bytes for an abstract name. */
export type ReturnedUnix = string | Buffer;
/** AF_PACKET. */
export type ReturnedPacket = [ifname: string, proto: number, pkttype: number, hatype: number, addr: Buffer];
/** AF_CAN, raw and broadcast manager. */
export type ReturnedCan = [ifname: string];
/** AF_CAN, CAN_ISOTP. */
export type ReturnedIsotp = [ifname: string, rx_id: number, tx_id: number];
/** AF_CAN, CAN_J1939; a name above 2⁵³ is a bigint. */
export type ReturnedJ1939 = [ifname: string, name: number | bigint, pgn: number, addr: number];
/** AF_NETLINK `(pid, groups)`, AF_VSOCK `(cid, port)`, AF_QIPCRTR `(node, port)`. */
export type ReturnedPair = [first: number, second: number];
/** AF_TIPC. */
export type ReturnedTipc = [addr_type: number, v1: number, v2: number, v3: number, scope: number];
/** AF_ALG. */
export type ReturnedAlg = [type: string, name: string, feat: number, mask: number];
/** AF_BLUETOOTH, BTPROTO_HCI: the device, and a channel other than HCI_CHANNEL_RAW. */
export type ReturnedHci = number | [dev: number, channel: number];
/** AF_BLUETOOTH: L2CAP `(bdaddr, psm[, cid, bdaddr_type])`, RFCOMM `(bdaddr, channel)`; SCO is the address alone. */
export type ReturnedL2cap =
  | [bdaddr: string, psm: number]
  | [bdaddr: string, psm: number, cid: number, bdaddr_type: number]
  | string;
/** A family without a form of its own, and null where the kernel tells no address. */
export type ReturnedOther = [family: number, data: Buffer] | null;

/** What a family's form may depend on. */
export interface Called {
  /** The calling method's name, for the words of errors. */
  readonly caller: string;
  readonly family: number;
  readonly proto: number;
  /** The socket is closed. */
  readonly closed?: boolean;
}

/** A family's form: how its addresses are written in Python, to and from `sockaddr` bytes. */
export interface Family {
  /** `AF_…`; more than one where families share a form. Undefined where the platform has none. */
  readonly numbers: readonly (number | undefined)[];
  /** Accepted sockets have no peer's address, and accept(2) fails where one is asked for. */
  readonly nameless?: true;
  /** The sockaddr of what a caller gave. Throws what Python throws. */
  to(address: unknown, called: Called): Uint8Array;
  /** What Python shows of a sockaddr, which may be shorter or longer than it should be. */
  from(sockaddr: Uint8Array, proto: number): RetAddress;
}
