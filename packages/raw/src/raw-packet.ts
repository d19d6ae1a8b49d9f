import { formatIP } from '@sockeye/addr';
import { type ControlMessage, constants, type Message } from '@sockeye/core';
import { decodeControl, type ExtendedError } from '@sockeye/core/cmsg';

/** A packet of a raw socket. */
export interface RawPacket {
  /** What is behind the IP header. */
  readonly data: Buffer;
  /** IPv4 on raw sockets: the header as it came, of 20 bytes or more with its options. Undefined where the kernel keeps it. */
  readonly header: Buffer | undefined;
  /** The sender, as text. */
  readonly from: string;
  /** The sender's sockaddr, to answer to. */
  readonly address: Uint8Array;
  /** To which address of this host, or which group. */
  readonly destination: string | undefined;
  /** The interface that it came by. */
  readonly ifindex: number | undefined;
  /** Time to live, or hop limit, as it came. */
  readonly hopLimit: number | undefined;
  /** DSCP and ECN. */
  readonly trafficClass: number | undefined;
  /** Nanoseconds since 1970, where time stamps were asked for. */
  readonly timestamp: bigint | undefined;
  /** All that came along; extension headers are of the kinds `hop-by-hop-options`, `destination-options`, `routing-header`. */
  readonly control: readonly ControlMessage[];
}

/** What an ICMP message, or this host, said about a packet that was sent. */
export interface RawError {
  /** The packet: of an ICMP error as much of it as that quoted, without its IP header. */
  readonly data: Buffer;
  /** What kind of error. */
  readonly error: ExtendedError;
  /** Who said so, as text; undefined where it was this host. */
  readonly from: string | undefined;
  /** Where the packet was to go, a sockaddr. */
  readonly address: Uint8Array;
  /** Hop limit of the ICMP message; undefined where it was this host. */
  readonly hopLimit: number | undefined;
}

/** The IP address of a sockaddr, as text; with the number of the interface where it has a scope. */
export function hostOf(address: Uint8Array): string {
  const view = new DataView(address.buffer, address.byteOffset, address.byteLength);
  const family = address.length >= 2 ? view.getUint16(0, LITTLE_ENDIAN) : 0;
  if (family === constants.AF_INET && address.length >= 8) return formatIP(address.subarray(4, 8));
  if (family !== constants.AF_INET6 || address.length < 28) return '';
  const scope = view.getUint32(24, LITTLE_ENDIAN);
  return `${formatIP(address.subarray(8, 24))}${scope === 0 ? '' : `%${scope}`}`;
}

/** Port of a sockaddr of IP. */
export const portOf = (address: Uint8Array): number => ((address[2] ?? 0) << 8) | (address[3] ?? 0);

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

type Known = {
  -readonly [Name in 'destination' | 'ifindex' | 'hopLimit' | 'trafficClass' | 'timestamp']: RawPacket[Name];
} & { error: ExtendedError | undefined };

/** What control messages say. */
function known(control: readonly ControlMessage[]): Known {
  const all: Known = {
    destination: undefined,
    ifindex: undefined,
    hopLimit: undefined,
    trafficClass: undefined,
    timestamp: undefined,
    error: undefined,
  };
  for (const message of control) {
    const one = decodeControl(message);
    if (one.kind === 'packet-info') {
      all.destination = formatIP(one.destination);
      all.ifindex = one.interfaceIndex;
    } else if (one.kind === 'ttl') all.hopLimit = one.ttl;
    else if (one.kind === 'hop-limit') all.hopLimit = one.hopLimit;
    else if (one.kind === 'tos') all.trafficClass = one.tos;
    else if (one.kind === 'traffic-class') all.trafficClass = one.trafficClass;
    else if (one.kind === 'timestamp') all.timestamp = one.time;
    else if (one.kind === 'error') all.error = one;
  }
  return all;
}

/** The packet in a message; `headed`, it begins with its IPv4 header. */
export function readPacket(message: Message, headed: boolean): RawPacket {
  const { data, address, control } = message;
  const length = headed && data.length >= 20 ? Math.min(((data[0] as number) & 15) * 4, data.length) : 0;
  const { error: _, ...told } = known(control);
  return {
    data: data.subarray(length),
    header: length === 0 ? undefined : data.subarray(0, length),
    from: hostOf(address),
    address,
    ...told,
    control,
  };
}

/** The error in a message of the error queue; undefined where it holds something else. */
export function readError({ data, address, control }: Message): RawError | undefined {
  const { error, hopLimit } = known(control);
  if (error === undefined || error.origin === 'txstatus') return undefined;
  const from = error.offender === undefined ? undefined : hostOf(error.offender);
  return { data, error, from: from === '' ? undefined : from, address, hopLimit };
}
