/** Options of UDP and UDP-Lite: udp(7), udplite(7). */
import { COUNT, FLAG, int } from './codec.ts';
import { type Option, option } from './option.ts';

const page = 'udp(7)';

/** Whether what is sent waits, to go out as one datagram when this is taken away. */
export const udpCork: Option<boolean> = /* @__PURE__ */ option('IPPROTO_UDP', 'UDP_CORK', FLAG, { page });
/** What datagrams carry for the kernel: `UDP_ENCAP_…` of linux/udp.h, 0 nothing. */
export const udpEncapsulation: Option<number> = /* @__PURE__ */ option('IPPROTO_UDP', 'UDP_ENCAP', COUNT, {
  page: 'linux/udp.h',
});
/** The size of the datagrams that a larger send is cut into by the kernel or the device; 0 cuts nothing. */
export const udpSegmentSize: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_UDP',
  'UDP_SEGMENT',
  /* @__PURE__ */ int(0, 0xffff),
  { unit: 'bytes', since: '4.18', page },
);
/** Whether datagrams of one sender come several at once, with their size as a control message. */
export const udpCoalesce: Option<boolean> = /* @__PURE__ */ option('IPPROTO_UDP', 'UDP_GRO', FLAG, {
  since: '5.0',
  page,
});
/** Whether datagrams over IPv6 are sent without a checksum: RFC 6935. */
export const udpNoChecksum6Send: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_UDP',
  'UDP_NO_CHECK6_TX',
  FLAG,
  { since: '3.16', page: 'linux/udp.h' },
);
/** Whether datagrams over IPv6 are taken without a checksum: RFC 6935. */
export const udpNoChecksum6Receive: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_UDP',
  'UDP_NO_CHECK6_RX',
  FLAG,
  { since: '3.16', page: 'linux/udp.h' },
);
/** How many bytes of what UDP-Lite sends the checksum covers; 0 is all. */
export const udpliteSendCoverage: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_UDPLITE',
  'UDPLITE_SEND_CSCOV',
  /* @__PURE__ */ int(0, 0xffff),
  { unit: 'bytes', since: '2.6.20', page: 'udplite(7)' },
);
/** What UDP-Lite receives with a checksum over fewer bytes is dropped. */
export const udpliteReceiveCoverage: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_UDPLITE',
  'UDPLITE_RECV_CSCOV',
  /* @__PURE__ */ int(0, 0xffff),
  { unit: 'bytes', since: '2.6.20', page: 'udplite(7)' },
);
