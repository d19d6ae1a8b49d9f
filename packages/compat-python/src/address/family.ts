/** Any address tuple, as calls return it. */
export type RetAddress =
  | ReturnedInet
  | ReturnedInet6
  | ReturnedUnix
  | ReturnedPacket
  | ReturnedCan
  | ReturnedOther;
/** AF_INET. */
export type ReturnedInet = [host: string, port: number];
/** AF_INET6. */
export type ReturnedInet6 = [host: string, port: number, flowinfo: number, scope_id: number];
/** AF_UNIX: a path, `''` for none, bytes for an abstract name. */
export type ReturnedUnix = string | Buffer;
/** AF_PACKET. */
export type ReturnedPacket = [ifname: string, proto: number, pkttype: number, hatype: number, addr: Buffer];
/** AF_CAN. */
export type ReturnedCan = [ifname: string];
/** A family without a form of its own, and null where the kernel tells no address. */
export type ReturnedOther = [family: number, data: Buffer] | null;

/** What a family's form may depend on. */
export interface Called {
  /** The calling method's name, for the words of errors. */
  readonly caller: string;
  readonly family: number;
  readonly proto: number;
}
