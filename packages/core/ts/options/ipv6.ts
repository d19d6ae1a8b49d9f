/** Options of IPv6, level IPPROTO_IPV6: ipv6(7), RFC 3493, RFC 3542. */
import { checkInteger } from '../check.ts';
import { FLAG, INT, int, NET_INT, words } from './codec.ts';
import type { PathMtuDiscovery } from './ip.ts';
import { type Option, option } from './option.ts';

const page = 'ipv6(7)';

/** Whether it is for IPv6 alone, not for IPv4 in mapped addresses. Before bind. */
export const ipv6Only: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IPV6', 'IPV6_V6ONLY', FLAG, {
  page,
});
/** Hops that what is sent may take; -1 is the system's default. */
export const ipv6UnicastHops: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_UNICAST_HOPS',
  /* @__PURE__ */ int(-1, 255),
  { unit: 'hops', page },
);
/** DSCP and ECN bits of what is sent; -1 is the default. */
export const ipv6TrafficClass: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_TCLASS',
  /* @__PURE__ */ int(-1, 255),
  { page: 'RFC 3542' },
);
/** What comes with fewer hops left is dropped: RFC 5082. 0 takes all. */
export const ipv6MinimumHopCount: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_MINHOPCOUNT',
  /* @__PURE__ */ int(0, 255),
  { unit: 'hops', since: '2.6.35', page: 'linux/in6.h' },
);
/** Whether bind takes addresses that this machine has not, or not yet. */
export const ipv6FreeBind: Option<boolean> = /* @__PURE__ */ option('IPPROTO_IPV6', 'IPV6_FREEBIND', FLAG, {
  since: '4.15',
  page: 'linux/in6.h',
});
/** Whether it may have foreign addresses, and take what a TPROXY rule sends it. CAP_NET_RAW does too. */
export const ipv6Transparent: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_TRANSPARENT',
  FLAG,
  { since: '2.6.37', capability: 'CAP_NET_ADMIN', page: 'linux/in6.h' },
);
/** Whether the program writes the IPv6 header, of raw sockets. */
export const ipv6HeaderIncluded: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_HDRINCL',
  FLAG,
  { since: '4.5', page: 'linux/in6.h' },
);
/** The path's MTU, of a connected socket; set, the most that is sent at once. */
export const ipv6Mtu: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_MTU',
  /* @__PURE__ */ int(0),
  { unit: 'bytes', page },
);
/** Whether what is sent may be fragmented, as {@link ipMtuDiscover}. */
export const ipv6MtuDiscover: Option<PathMtuDiscovery | number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_MTU_DISCOVER',
  /* @__PURE__ */ words<PathMtuDiscovery>('dont', 'want', 'do', 'probe', 'interface', 'omit'),
  { page },
);
/** Whether what is too large is refused and not fragmented. */
export const ipv6DontFragment: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_DONTFRAG',
  FLAG,
  { since: '2.6.35', page: 'RFC 3542' },
);
/** Where the checksum stands in what a raw socket sends, which the kernel then writes; -1 for nowhere. */
export const ipv6Checksum: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_CHECKSUM',
  /* @__PURE__ */ int(-1, 0xffff),
  { unit: 'bytes', page: 'RFC 3542' },
);
/** Whether what is sent has a flow label of the kernel's making. */
export const ipv6AutoFlowLabel: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_AUTOFLOWLABEL',
  FLAG,
  { since: '3.17', page: 'linux/in6.h' },
);
/** Whether the address's flow information goes out with what is sent. */
export const ipv6FlowInfoSend: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_FLOWINFO_SEND',
  FLAG,
  { page: 'linux/in6.h' },
);
/** The interface for what is sent, whatever the routes' metrics; 0 for none. It need not be bound. */
export const ipv6UnicastInterface: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_UNICAST_IF',
  NET_INT,
  { unit: 'interface index', since: '3.4', page: 'linux/in6.h' },
);
/** Which of its addresses the machine sends from: `constants.IPV6_PREFER_SRC_…`, joined by `|`. RFC 5014. */
export const ipv6AddressPreferences: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_ADDR_PREFERENCES',
  INT,
  { since: '2.6.26', page: 'RFC 5014' },
);
/** The value of the router alert option whose packets a raw socket gets; -1 for none. */
export const ipv6RouterAlert: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_ROUTER_ALERT',
  {
    type: 'int',
    get: (socket, level, name) => socket.getsockopt(level, name),
    set: (socket, level, name, value) =>
      socket.setsockopt(level, name, checkInteger('value', value, -1, 0xffff)),
  },
  { page },
);

/** Whether messages bring interface and address. */
export const ipv6ReceivePacketInfo: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVPKTINFO',
  FLAG,
  { since: '2.6.14', page },
);
/** Whether messages bring the hops left. */
export const ipv6ReceiveHopLimit: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVHOPLIMIT',
  FLAG,
  { since: '2.6.14', page: 'RFC 3542' },
);
/** Whether messages bring the traffic class. */
export const ipv6ReceiveTrafficClass: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVTCLASS',
  FLAG,
  { since: '2.6.14', page: 'RFC 3542' },
);
/** Whether messages bring the flow information. */
export const ipv6ReceiveFlowInfo: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_FLOWINFO',
  FLAG,
  { page },
);
/** Whether messages bring hop-by-hop options. */
export const ipv6ReceiveHopOptions: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVHOPOPTS',
  FLAG,
  { since: '2.6.14', page: 'RFC 3542' },
);
/** Whether messages bring destination options. */
export const ipv6ReceiveDestinationOptions: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVDSTOPTS',
  FLAG,
  { since: '2.6.14', page: 'RFC 3542' },
);
/** Whether messages bring the routing header. */
export const ipv6ReceiveRoutingHeader: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVRTHDR',
  FLAG,
  { since: '2.6.14', page: 'RFC 3542' },
);
/** Whether errors come to the error queue, with who reported them. */
export const ipv6ReceiveErrors: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVERR',
  FLAG,
  { page },
);
/** Whether those bring what RFC 4884 adds to ICMP. */
export const ipv6ReceiveErrorsRfc4884: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVERR_RFC4884',
  FLAG,
  { since: '5.9', page: 'linux/in6.h' },
);
/** Whether a change of the path's MTU comes along with messages. */
export const ipv6ReceivePathMtu: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVPATHMTU',
  FLAG,
  { since: '2.6.35', page: 'RFC 3542' },
);
/** Whether messages bring the address they were for before it was translated. */
export const ipv6ReceiveOriginalDestination: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVORIGDSTADDR',
  FLAG,
  { since: '2.6.37', page: 'linux/in6.h' },
);
/** Whether messages bring the size of the largest fragment. */
export const ipv6ReceiveFragmentSize: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_RECVFRAGSIZE',
  FLAG,
  { since: '4.10', page: 'linux/in6.h' },
);
/** An IPv4-mapped connection is an AF_INET socket from now on: takes `constants.AF_INET`. Reads as the family. */
export const ipv6AddressForm: Option<number> = /* @__PURE__ */ option('IPPROTO_IPV6', 'IPV6_ADDRFORM', INT, {
  page,
});
