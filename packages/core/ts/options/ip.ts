/** Options of IPv4, level IPPROTO_IP: ip(7). */
import { checkInteger } from '../check.ts';
import { bytes, checkObject, FLAG, INT, int, NET_INT, words } from './codec.ts';
import { type Gettable, gettable, type Option, option } from './option.ts';
import { structReader } from './struct.ts';

const page = 'ip(7)';

/** Type of service: DSCP and ECN bits of what is sent. */
export const ipTos: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_TOS',
  /* @__PURE__ */ int(0, 255),
  { page },
);
/** Hops that what is sent may take; -1 is the system's default. */
export const ipTtl: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_TTL',
  /* @__PURE__ */ int(-1, 255),
  { unit: 'hops', page },
);
/** What comes with fewer hops left is dropped: RFC 5082. 0 takes all. */
export const ipMinimumTtl: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_MINTTL',
  /* @__PURE__ */ int(0, 255),
  { unit: 'hops', since: '2.6.34', page: 'linux/in.h' },
);
/** Whether bind takes addresses that this machine has not, or not yet. */
export const ipFreeBind: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_FREEBIND', FLAG, {
  page,
});
/** Whether it may have foreign addresses, and take what a TPROXY rule sends it. CAP_NET_RAW does too. */
export const ipTransparent: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_TRANSPARENT', FLAG, {
  since: '2.6.24',
  capability: 'CAP_NET_ADMIN',
  page,
});
/** Whether bind to port 0 leaves the choice of a port to connect, so that more connections fit. */
export const ipBindAddressNoPort: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_BIND_ADDRESS_NO_PORT',
  FLAG,
  { since: '4.2', page },
);
/** Ports that the kernel chooses among; 0 is the system's bound. */
export interface PortRange {
  low: number;
  high: number;
}
/** The ports that bind to port 0 and connect choose among: both bounds in one integer. */
export const ipLocalPortRange: Option<PortRange> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_LOCAL_PORT_RANGE',
  {
    type: '__u32',
    get: (socket, level, name) => {
      const range = socket.getsockopt(level, name);
      return { low: range & 0xffff, high: range >>> 16 };
    },
    set: (socket, level, name, value) => {
      const { low, high } = checkObject('value', value);
      const lower = checkInteger('value.low', low, 0, 0xffff);
      socket.setsockopt(level, name, lower | (checkInteger('value.high', high, 0, 0xffff) << 16));
    },
  },
  { since: '6.3', page },
);
/** Whether the program writes the IPv4 header, of raw sockets. */
export const ipHeaderIncluded: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_HDRINCL', FLAG, {
  page,
});
/** The path's MTU, of a connected socket. */
export const ipMtu: Gettable<number> = /* @__PURE__ */ gettable('IPPROTO_IP', 'IP_MTU', INT, {
  unit: 'bytes',
  page,
});

/** How a socket finds the path's MTU: `IP_PMTUDISC_…`. */
export type PathMtuDiscovery = 'dont' | 'want' | 'do' | 'probe' | 'interface' | 'omit';
/**
 * Whether what is sent may be fragmented: `dont` sets no DF, `do` always does and fails with EMSGSIZE, `want` does by route,
 * `probe` does and ignores the path's MTU, `interface` and `omit` believe no ICMP message.
 */
export const ipMtuDiscover: Option<PathMtuDiscovery | number> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_MTU_DISCOVER',
  /* @__PURE__ */ words<PathMtuDiscovery>('dont', 'want', 'do', 'probe', 'interface', 'omit'),
  { page },
);
/** Whether raw sockets send without reassembly by connection tracking. */
export const ipNoDefragment: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_NODEFRAG', FLAG, {
  since: '2.6.36',
  page,
});
/** The most that a header has for options. */
const MOST_OPTIONS = 40;
/** Options in the header of what is sent: RFC 791. */
export const ipOptions: Option<Uint8Array> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_OPTIONS',
  /* @__PURE__ */ bytes(MOST_OPTIONS),
  { page },
);
/** The interface for what is sent, whatever the routes' metrics; 0 for none. It need not be bound. */
export const ipUnicastInterface: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_UNICAST_IF',
  NET_INT,
  { unit: 'interface index', since: '3.4', page: 'linux/in.h' },
);
/** Whether a raw socket gets what carries the router alert option. */
export const ipRouterAlert: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_ROUTER_ALERT', FLAG, {
  page,
});

/** Whether messages bring interface and addresses. */
export const ipReceivePacketInfo: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_PKTINFO', FLAG, {
  page,
});
/** Whether messages bring the hops left. */
export const ipReceiveTtl: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_RECVTTL', FLAG, {
  page,
});
/** Whether messages bring the type of service. */
export const ipReceiveTos: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_RECVTOS', FLAG, {
  page,
});
/** Whether messages bring the header's options. */
export const ipReceiveOptions: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_RECVOPTS', FLAG, {
  page,
});
/** Whether errors come to the error queue, with who reported them. */
export const ipReceiveErrors: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_RECVERR', FLAG, {
  page,
});
/** Whether those bring what RFC 4884 adds to ICMP. */
export const ipReceiveErrorsRfc4884: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_RECVERR_RFC4884',
  FLAG,
  { since: '5.9', page: 'linux/in.h' },
);
/** Whether messages bring the address they were for before it was translated. */
export const ipReceiveOriginalDestination: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_RECVORIGDSTADDR',
  FLAG,
  { since: '2.6.29', page },
);
/** Whether messages bring the size of the largest fragment. */
export const ipReceiveFragmentSize: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_RECVFRAGSIZE',
  FLAG,
  { since: '4.10', page: 'linux/in.h' },
);
/** Whether messages bring the sum of their bytes. */
export const ipReceiveChecksum: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IP', 'IP_CHECKSUM', FLAG, {
  since: '4.0',
  page: 'linux/in.h',
});
/** Where a connection that a REDIRECT or DNAT rule sent here was for, a sockaddr. ENOENT when none did. */
export const ipOriginalDestination: Gettable<Uint8Array> = /* @__PURE__ */ gettable(
  'IPPROTO_IP',
  'SO_ORIGINAL_DST',
  /* @__PURE__ */ structReader('struct sockaddr_in', 16, (bytes) => bytes),
  { page: 'linux/netfilter_ipv4.h' },
);
