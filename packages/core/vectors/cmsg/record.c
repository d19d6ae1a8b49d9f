/*
 * Prints, as JSON, control messages as the C headers and the CMSG_ macros lay them out on Linux.
 *   cc -o record record.c && ./record > linux.json
 * In "control" stands what the message says: bytes as "hex:…", 64-bit numbers as "12n".
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/can/j1939.h>
#include <linux/errqueue.h>
#include <linux/if_alg.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/tipc.h>
#include <linux/tls.h>
#include <linux/udp.h>

/* What only the kernel's own headers have, or newer ones than these may be. */
#ifndef SCM_SECURITY
#define SCM_SECURITY 3
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif
#ifndef SCM_TS_OPT_ID
#define SCM_TS_OPT_ID 81
#endif
#ifndef SCM_INQ
#define SCM_INQ 84
#endif
#ifndef SOL_TCP
#define SOL_TCP 6
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef SOL_TIPC
#define SOL_TIPC 271
#endif
#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif
#ifndef SOL_ALG
#define SOL_ALG 279
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef SOL_VSOCK
#define SOL_VSOCK 287
#endif
#ifndef VSOCK_RECVERR
#define VSOCK_RECVERR 1
#endif
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif
/* The kernel's, of 64 bits wherever it runs. */
struct ts_new {
  int64_t sec, part;
};

static const char *comma = "";

static void print_hex(const void *data, size_t length) {
  const unsigned char *byte = data;
  for (size_t i = 0; i < length; i++) printf("%02x", byte[i]);
}

/* Bytes in "control". */
static const char *hex(const void *data, size_t length) {
  static char texts[4][600];
  static int turn;
  char *text = texts[turn++ % 4], *at = text + sprintf(text, "\"hex:");
  for (size_t i = 0; i < length; i++) at += sprintf(at, "%02x", ((const unsigned char *)data)[i]);
  strcpy(at, "\"");
  return text;
}

static void open_list(const char *name) {
  printf(",\n  \"%s\": [", name);
  comma = "";
}

static void close_list(void) { printf("\n  ]"); }

/* One message, put together by the macros of cmsg(3), and what it says. */
#define MESSAGE(level, type, data, length, ...)            \
  do {                                                     \
    one(#level, level, #type, type, data, length);         \
    printf(", \"control\": {");                            \
    printf(__VA_ARGS__);                                   \
    printf("}}");                                          \
  } while (0)

static void one(const char *level_name, int level, const char *type_name, int type, const void *data, size_t length) {
  union {
    char bytes[1024];
    struct cmsghdr align;
  } room;
  struct msghdr msg = {.msg_control = room.bytes, .msg_controllen = CMSG_SPACE(length)};
  memset(&room, 0, sizeof room);
  struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
  cmsg->cmsg_level = level;
  cmsg->cmsg_type = type;
  cmsg->cmsg_len = CMSG_LEN(length);
  if (length > 0) memcpy(CMSG_DATA(cmsg), data, length);
  printf("%s\n    {\"names\": [\"%s\", \"%s\"], \"level\": %d, \"type\": %d, \"data\": \"", comma, level_name, type_name,
         level, type);
  comma = ",";
  print_hex(data, length);
  printf("\", \"bytes\": \"");
  print_hex(room.bytes, msg.msg_controllen);
  printf("\"");
}

static struct sockaddr_in v4(uint32_t address, int port) {
  struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}};
  return sa;
}

static struct sockaddr_in6 v6(int last, int port) {
  struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_flowinfo = htonl(0x12345), .sin6_scope_id = 3};
  memcpy(&sa.sin6_addr, "\xfe\x80\0\0\0\0\0\0\x01\x02\x03\x04\x05\x06\x07", 15);
  sa.sin6_addr.s6_addr[15] = last;
  return sa;
}

static void socket_level(void) {
  int fds[] = {3, 7, 0x12345678};
  MESSAGE(SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds, "\"kind\": \"rights\", \"descriptors\": [3, 7, %d]", fds[2]);
  MESSAGE(SOL_SOCKET, SCM_RIGHTS, fds, 4, "\"kind\": \"rights\", \"descriptors\": [3]");
  MESSAGE(SOL_SOCKET, SCM_RIGHTS, fds, 0, "\"kind\": \"rights\", \"descriptors\": []");
  struct ucred who[] = {{.pid = 1, .uid = 0, .gid = 0}, {.pid = 4194303, .uid = 1000, .gid = 4294967294u}};
  for (int i = 0; i < 2; i++)
    MESSAGE(SOL_SOCKET, SCM_CREDENTIALS, &who[i], sizeof who[i],
            "\"kind\": \"credentials\", \"pid\": %d, \"uid\": %u, \"gid\": %u", who[i].pid, who[i].uid, who[i].gid);
  int pidfds[] = {9, -3};
  for (int i = 0; i < 2; i++)
    MESSAGE(SOL_SOCKET, SCM_PIDFD, &pidfds[i], 4, "\"kind\": \"pid-descriptor\", \"descriptor\": %d", pidfds[i]);
  MESSAGE(SOL_SOCKET, SCM_SECURITY, "system_u:system_r:t:s0", 23, "\"kind\": \"security\", \"label\": \"system_u:system_r:t:s0\"");
  MESSAGE(SOL_SOCKET, SCM_SECURITY, "unconfined", 10, "\"kind\": \"security\", \"label\": \"unconfined\"");
  MESSAGE(SOL_IP, SCM_SECURITY, "a:b", 4, "\"kind\": \"security\", \"label\": \"a:b\"");
  uint32_t numbers[] = {0, 5, 4294967295u};
  for (int i = 0; i < 3; i++) {
    MESSAGE(SOL_SOCKET, SO_RXQ_OVFL, &numbers[i], 4, "\"kind\": \"overflow\", \"dropped\": %u", numbers[i]);
    MESSAGE(SOL_SOCKET, SO_MARK, &numbers[i], 4, "\"kind\": \"mark\", \"mark\": %u", numbers[i]);
    MESSAGE(SOL_SOCKET, SO_PRIORITY, &numbers[i], 4, "\"kind\": \"priority\", \"priority\": %u", numbers[i]);
    MESSAGE(SOL_SOCKET, SCM_TS_OPT_ID, &numbers[i], 4, "\"kind\": \"timestamp-id\", \"id\": %u", numbers[i]);
  }
  int acked[] = {0, 1};
  for (int i = 0; i < 2; i++)
    MESSAGE(SOL_SOCKET, SCM_WIFI_STATUS, &acked[i], 4, "\"kind\": \"wifi-status\", \"acknowledged\": %s", acked[i] ? "true" : "false");
  int left = 70000;
  MESSAGE(SOL_SOCKET, SCM_INQ, &left, 4, "\"kind\": \"queued\", \"bytes\": %d", left);
  MESSAGE(SOL_TCP, TCP_CM_INQ, &left, 4, "\"kind\": \"queued\", \"bytes\": %d", left);
}

static void times(void) {
  struct timeval tv = {.tv_sec = 1800000000, .tv_usec = 123456};
  struct timespec ts = {.tv_sec = 1800000000, .tv_nsec = 123456789};
  struct ts_new late = {4000000000, 999999999}, early = {-2, 500000};
  MESSAGE(SOL_SOCKET, SCM_TIMESTAMP, &tv, sizeof tv, "\"kind\": \"timestamp\", \"time\": \"1800000000123456000n\"");
  MESSAGE(SOL_SOCKET, SCM_TIMESTAMPNS, &ts, sizeof ts, "\"kind\": \"timestamp\", \"time\": \"1800000000123456789n\"");
  MESSAGE(SOL_SOCKET, SO_TIMESTAMPNS_NEW, &late, sizeof late, "\"kind\": \"timestamp\", \"time\": \"4000000000999999999n\"");
  MESSAGE(SOL_SOCKET, SO_TIMESTAMP_NEW, &early, sizeof early, "\"kind\": \"timestamp\", \"time\": \"-1500000000n\"");
  struct scm_timestamping software = {.ts = {ts}}, hardware = {.ts = {{0}, {0}, {12, 34}}};
  struct scm_timestamping all = {.ts = {{1, 2}, {3, 4}, {5, 6}}};
  MESSAGE(SOL_SOCKET, SCM_TIMESTAMPING, &software, sizeof software,
          "\"kind\": \"timestamping\", \"software\": \"1800000000123456789n\"");
  MESSAGE(SOL_SOCKET, SCM_TIMESTAMPING, &hardware, sizeof hardware, "\"kind\": \"timestamping\", \"hardware\": \"12000000034n\"");
  MESSAGE(SOL_SOCKET, SO_TIMESTAMPING_NEW, &all, sizeof all,
          "\"kind\": \"timestamping\", \"software\": \"1000000002n\", \"converted\": \"3000000004n\", \"hardware\": \"5000000006n\"");
  uint32_t flags = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE;
  MESSAGE(SOL_SOCKET, SCM_TIMESTAMPING, &flags, 4, "\"kind\": \"timestamping-request\", \"flags\": %u", flags);
  struct scm_ts_pktinfo info = {.if_index = 4, .pkt_length = 1514};
  MESSAGE(SOL_SOCKET, SCM_TIMESTAMPING_PKTINFO, &info, sizeof info,
          "\"kind\": \"timestamping-packet-info\", \"interfaceIndex\": 4, \"length\": 1514");
  struct {
    struct nlattr busy;
    uint64_t usec;
    struct nlattr segments;
    uint32_t count;
    struct nlattr reordered;
    uint8_t seen, pad[3];
  } __attribute__((packed)) stats = {
      .busy = {.nla_len = 12, .nla_type = TCP_NLA_BUSY}, .usec = 0x1122334455667788,
      .segments = {.nla_len = 8, .nla_type = TCP_NLA_DATA_SEGS_OUT | NLA_F_NET_BYTEORDER}, .count = 7,
      .reordered = {.nla_len = 5, .nla_type = TCP_NLA_CA_STATE}, .seen = 2};
  MESSAGE(SOL_SOCKET, SCM_TIMESTAMPING_OPT_STATS, &stats, sizeof stats,
          "\"kind\": \"timestamping-statistics\", \"attributes\": [{\"type\": %d, \"data\": %s}, {\"type\": %d, \"data\": %s}, "
          "{\"type\": %d, \"data\": %s}]",
          TCP_NLA_BUSY, hex(&stats.usec, 8), TCP_NLA_DATA_SEGS_OUT, hex(&stats.count, 4), TCP_NLA_CA_STATE,
          hex(&stats.seen, 1));
  uint64_t when[] = {0, 1800000000123456789ull, UINT64_MAX};
  for (int i = 0; i < 3; i++)
    MESSAGE(SOL_SOCKET, SCM_TXTIME, &when[i], 8, "\"kind\": \"transmit-time\", \"time\": \"%llun\"", (unsigned long long)when[i]);
}

static void errors(void) {
  struct {
    struct sock_extended_err ee;
    struct sockaddr_in offender;
  } refused = {{.ee_errno = 111, .ee_origin = SO_EE_ORIGIN_ICMP, .ee_type = 3, .ee_code = 3}, v4(0x7f000001, 0)},
    big = {{.ee_errno = 90, .ee_origin = SO_EE_ORIGIN_LOCAL, .ee_info = 1400, .ee_data = 5}, {0}};
  MESSAGE(SOL_IP, IP_RECVERR, &refused, sizeof refused,
          "\"kind\": \"error\", \"errno\": 111, \"name\": \"ECONNREFUSED\", \"origin\": \"icmp\", \"type\": 3, \"code\": 3, "
          "\"info\": 0, \"data\": 0, \"offender\": %s",
          hex(&refused.offender, sizeof refused.offender));
  MESSAGE(SOL_IP, IP_RECVERR, &big, sizeof big,
          "\"kind\": \"error\", \"errno\": 90, \"name\": \"EMSGSIZE\", \"origin\": \"local\", \"type\": 0, \"code\": 0, "
          "\"info\": 1400, \"data\": 5");
  struct {
    struct sock_extended_err ee;
    struct sockaddr_in6 offender;
  } far = {{.ee_errno = 113, .ee_origin = SO_EE_ORIGIN_ICMP6, .ee_type = 1, .ee_code = 3, .ee_info = 6, .ee_data = 7}, v6(1, 0)};
  MESSAGE(SOL_IPV6, IPV6_RECVERR, &far, sizeof far,
          "\"kind\": \"error\", \"errno\": 113, \"name\": \"EHOSTUNREACH\", \"origin\": \"icmp6\", \"type\": 1, \"code\": 3, "
          "\"info\": 6, \"data\": 7, \"offender\": %s",
          hex(&far.offender, sizeof far.offender));
  struct sock_extended_err sent = {.ee_errno = 42, .ee_origin = SO_EE_ORIGIN_TIMESTAMPING, .ee_info = SCM_TSTAMP_ACK, .ee_data = 99};
#define SENT                                                                                                           \
  "\"kind\": \"error\", \"errno\": 42, \"name\": \"ENOMSG\", \"origin\": \"txstatus\", \"type\": 0, \"code\": 0, "   \
  "\"info\": 2, \"data\": 99"
  MESSAGE(SOL_PACKET, PACKET_TX_TIMESTAMP, &sent, sizeof sent, SENT);
  MESSAGE(SOL_CAN_J1939, SCM_J1939_ERRQUEUE, &sent, sizeof sent, SENT);
  MESSAGE(SOL_IP, IP_RECVERR, &sent, sizeof sent, SENT);
  struct sock_extended_err late = {.ee_errno = 22, .ee_origin = SO_EE_ORIGIN_TXTIME, .ee_code = SO_EE_CODE_TXTIME_INVALID_PARAM,
                                   .ee_info = 0x89abcdef, .ee_data = 0x01234567};
  MESSAGE(SOL_IP, IP_RECVERR, &late, sizeof late,
          "\"kind\": \"error\", \"errno\": 22, \"name\": \"EINVAL\", \"origin\": \"txtime\", \"type\": 0, \"code\": 1, "
          "\"info\": %u, \"data\": %u",
          late.ee_info, late.ee_data);
  struct sock_extended_err new = {.ee_errno = 0, .ee_origin = 200, .ee_type = 255, .ee_code = 254};
  MESSAGE(SOL_IPV6, IPV6_RECVERR, &new, sizeof new,
          "\"kind\": \"error\", \"errno\": 0, \"origin\": 200, \"type\": 255, \"code\": 254, \"info\": 0, \"data\": 0");
  struct sock_extended_err done = {.ee_origin = SO_EE_ORIGIN_ZEROCOPY, .ee_info = 4294967295u, .ee_data = 8};
  struct sock_extended_err copied = {.ee_origin = SO_EE_ORIGIN_ZEROCOPY, .ee_code = SO_EE_CODE_ZEROCOPY_COPIED, .ee_data = 3};
  MESSAGE(SOL_IP, IP_RECVERR, &done, sizeof done, "\"kind\": \"zero-copy\", \"from\": 4294967295, \"to\": 8, \"copied\": false");
  MESSAGE(SOL_VSOCK, VSOCK_RECVERR, &copied, sizeof copied, "\"kind\": \"zero-copy\", \"from\": 0, \"to\": 3, \"copied\": true");
}

static void ip(void) {
  struct in_pktinfo info[] = {{.ipi_ifindex = 2, .ipi_spec_dst = {htonl(0xc0000201)}, .ipi_addr = {htonl(0xe0000001)}},
                              {.ipi_ifindex = 0, .ipi_spec_dst = {htonl(0x0a000001)}}};
  for (int i = 0; i < 2; i++)
    MESSAGE(SOL_IP, IP_PKTINFO, &info[i], sizeof info[i],
            "\"kind\": \"packet-info\", \"version\": 4, \"interfaceIndex\": %d, \"local\": %s, \"destination\": %s",
            info[i].ipi_ifindex, hex(&info[i].ipi_spec_dst, 4), hex(&info[i].ipi_addr, 4));
  int ttl = 64, tos = 0xb9, size = 1280, protocol = IPPROTO_ICMP;
  uint8_t received = 0xb9;
  uint32_t sum = 0xfffe1234;
  MESSAGE(SOL_IP, IP_TTL, &ttl, 4, "\"kind\": \"ttl\", \"ttl\": 64");
  MESSAGE(SOL_IP, IP_TOS, &tos, 4, "\"kind\": \"tos\", \"tos\": 185, \"dscp\": 46, \"ecn\": 1");
  MESSAGE(SOL_IP, IP_TOS, &received, 1, "\"kind\": \"tos\", \"tos\": 185, \"dscp\": 46, \"ecn\": 1");
  MESSAGE(SOL_IP, IP_RECVOPTS, "\x94\x04\0\0", 4, "\"kind\": \"ip-options\", \"forReturn\": false, \"data\": \"hex:94040000\"");
  MESSAGE(SOL_IP, IP_RETOPTS, "\x94\x04\0\0", 4, "\"kind\": \"ip-options\", \"forReturn\": true, \"data\": \"hex:94040000\"");
  struct sockaddr_in at = v4(0xc6336401, 443);
  MESSAGE(SOL_IP, IP_ORIGDSTADDR, &at, sizeof at, "\"kind\": \"original-destination\", \"address\": %s", hex(&at, sizeof at));
  MESSAGE(SOL_IP, IP_RECVFRAGSIZE, &size, 4, "\"kind\": \"fragment-size\", \"size\": 1280");
  MESSAGE(SOL_IP, IP_CHECKSUM, &sum, 4, "\"kind\": \"checksum\", \"sum\": %u", sum);
  MESSAGE(SOL_IP, IP_PROTOCOL, &protocol, 4, "\"kind\": \"ip-protocol\", \"protocol\": 1");
  uint16_t segment = 1200;
  int coalesced = 1448;
  MESSAGE(SOL_UDP, UDP_SEGMENT, &segment, 2, "\"kind\": \"segment-size\", \"size\": 1200");
  MESSAGE(SOL_UDP, UDP_GRO, &coalesced, 4, "\"kind\": \"segment-size\", \"size\": 1448");
}

static void ipv6(void) {
  struct sockaddr_in6 at = v6(9, 443);
  struct in6_pktinfo info = {.ipi6_addr = at.sin6_addr, .ipi6_ifindex = 3};
#define INFO "\"kind\": \"packet-info\", \"version\": 6, \"interfaceIndex\": 3, \"destination\": %s", hex(&info.ipi6_addr, 16)
  MESSAGE(SOL_IPV6, IPV6_PKTINFO, &info, sizeof info, INFO);
  MESSAGE(SOL_IPV6, IPV6_2292PKTINFO, &info, sizeof info, INFO);
  int hops[] = {255, -1}, tclass = 0xba, size = 1280, on = 1, off = 0;
  for (int i = 0; i < 2; i++)
    MESSAGE(SOL_IPV6, IPV6_HOPLIMIT, &hops[i], 4, "\"kind\": \"hop-limit\", \"hopLimit\": %d", hops[i]);
  MESSAGE(SOL_IPV6, IPV6_2292HOPLIMIT, &hops[0], 4, "\"kind\": \"hop-limit\", \"hopLimit\": 255");
  MESSAGE(SOL_IPV6, IPV6_TCLASS, &tclass, 4, "\"kind\": \"traffic-class\", \"trafficClass\": 186, \"dscp\": 46, \"ecn\": 2");
  uint32_t flow = htonl(0x0ba12345);
  /* IPV6_FLOWINFO is linux/in6.h's, which netinet/in.h excludes. */
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif
  MESSAGE(SOL_IPV6, IPV6_FLOWINFO, &flow, 4, "\"kind\": \"flow-info\", \"flowInfo\": %u", 0x0ba12345u);
  uint8_t options[8] = {59, 0, 5, 2, 0, 0, 1, 0}, routing[24] = {59, 2, 4, 0};
  const char *said = hex(options, sizeof options);
  MESSAGE(SOL_IPV6, IPV6_HOPOPTS, options, sizeof options, "\"kind\": \"hop-by-hop-options\", \"data\": %s", said);
  MESSAGE(SOL_IPV6, IPV6_2292HOPOPTS, options, sizeof options, "\"kind\": \"hop-by-hop-options\", \"data\": %s", said);
  MESSAGE(SOL_IPV6, IPV6_DSTOPTS, options, sizeof options, "\"kind\": \"destination-options\", \"data\": %s", said);
  MESSAGE(SOL_IPV6, IPV6_2292DSTOPTS, options, sizeof options, "\"kind\": \"destination-options\", \"data\": %s", said);
  MESSAGE(SOL_IPV6, IPV6_RTHDRDSTOPTS, options, sizeof options, "\"kind\": \"routing-destination-options\", \"data\": %s", said);
  said = hex(routing, sizeof routing);
  MESSAGE(SOL_IPV6, IPV6_RTHDR, routing, sizeof routing, "\"kind\": \"routing-header\", \"data\": %s", said);
  MESSAGE(SOL_IPV6, IPV6_2292RTHDR, routing, sizeof routing, "\"kind\": \"routing-header\", \"data\": %s", said);
  MESSAGE(SOL_IPV6, IPV6_DONTFRAG, &on, 4, "\"kind\": \"dont-fragment\", \"enabled\": true");
  MESSAGE(SOL_IPV6, IPV6_DONTFRAG, &off, 4, "\"kind\": \"dont-fragment\", \"enabled\": false");
  struct ip6_mtuinfo mtu = {.ip6m_addr = at, .ip6m_mtu = 1400};
  MESSAGE(SOL_IPV6, IPV6_PATHMTU, &mtu, sizeof mtu, "\"kind\": \"path-mtu\", \"address\": %s, \"mtu\": 1400", hex(&at, sizeof at));
#ifndef IPV6_ORIGDSTADDR
#define IPV6_ORIGDSTADDR 74
#endif
  MESSAGE(SOL_IPV6, IPV6_ORIGDSTADDR, &at, sizeof at, "\"kind\": \"original-destination\", \"address\": %s", hex(&at, sizeof at));
  MESSAGE(SOL_IPV6, IPV6_RECVFRAGSIZE, &size, 4, "\"kind\": \"fragment-size\", \"size\": 1280");
}

static void others(void) {
  uint32_t operations[] = {ALG_OP_DECRYPT, ALG_OP_ENCRYPT}, associated = 20;
  for (int i = 0; i < 2; i++)
    MESSAGE(SOL_ALG, ALG_SET_OP, &operations[i], 4, "\"kind\": \"alg-operation\", \"operation\": %u", operations[i]);
  MESSAGE(SOL_ALG, ALG_SET_AEAD_ASSOCLEN, &associated, 4, "\"kind\": \"alg-associated-length\", \"length\": 20");
  union {
    struct af_alg_iv iv;
    char room[sizeof(struct af_alg_iv) + 16];
  } iv = {{.ivlen = 16}};
  memcpy(iv.iv.iv, "0123456789abcdef", 16);
  MESSAGE(SOL_ALG, ALG_SET_IV, &iv, sizeof iv, "\"kind\": \"alg-iv\", \"iv\": %s", hex(iv.iv.iv, 16));

  struct tpacket_auxdata tagged = {.tp_status = TP_STATUS_USER | TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID,
                                   .tp_len = 1500, .tp_snaplen = 96, .tp_mac = 80, .tp_net = 94,
                                   .tp_vlan_tci = 0x6064, .tp_vlan_tpid = ETH_P_8021AD};
  struct tpacket_auxdata untyped = tagged, plain = tagged;
  untyped.tp_status = TP_STATUS_VLAN_VALID;
  plain.tp_status = TP_STATUS_CSUMNOTREADY;
#define AUX "\"kind\": \"packet-auxdata\", \"status\": %u, \"length\": 1500, \"captured\": 96, \"macOffset\": 80, \"networkOffset\": 94"
  MESSAGE(SOL_PACKET, PACKET_AUXDATA, &tagged, sizeof tagged, AUX ", \"vlan\": {\"tci\": 24676, \"tpid\": 34984}", tagged.tp_status);
  MESSAGE(SOL_PACKET, PACKET_AUXDATA, &untyped, sizeof untyped, AUX ", \"vlan\": {\"tci\": 24676}", untyped.tp_status);
  MESSAGE(SOL_PACKET, PACKET_AUXDATA, &plain, sizeof plain, AUX, plain.tp_status);

  uint8_t alert = 21;
  MESSAGE(SOL_TLS, TLS_SET_RECORD_TYPE, &alert, 1, "\"kind\": \"tls-record-type\", \"type\": 21");
  MESSAGE(SOL_TLS, TLS_GET_RECORD_TYPE, &alert, 1, "\"kind\": \"tls-record-type\", \"type\": 21");

  uint8_t address = 0x80, priority = 6;
  name_t name = 0x8877665544332211ull;
  MESSAGE(SOL_CAN_J1939, SCM_J1939_DEST_ADDR, &address, 1, "\"kind\": \"j1939-destination-address\", \"address\": 128");
  MESSAGE(SOL_CAN_J1939, SCM_J1939_DEST_NAME, &name, 8, "\"kind\": \"j1939-destination-name\", \"name\": \"%llun\"",
          (unsigned long long)name);
  MESSAGE(SOL_CAN_J1939, SCM_J1939_PRIO, &priority, 1, "\"kind\": \"j1939-priority\", \"priority\": 6");

  uint32_t rejected[2] = {TIPC_ERR_NO_PORT, 11}, range[3] = {1000, 5, 4294967295u};
  MESSAGE(SOL_TIPC, TIPC_ERRINFO, rejected, sizeof rejected, "\"kind\": \"tipc-error\", \"code\": 2, \"length\": 11");
  MESSAGE(SOL_TIPC, TIPC_RETDATA, "hello tipc!", 11, "\"kind\": \"tipc-returned-data\", \"data\": %s", hex("hello tipc!", 11));
  MESSAGE(SOL_TIPC, TIPC_DESTNAME, range, sizeof range,
          "\"kind\": \"tipc-destination-name\", \"type\": 1000, \"lower\": 5, \"upper\": 4294967295");

  struct nl_pktinfo group = {.group = 31};
  int nsid = -1;
  MESSAGE(SOL_NETLINK, NETLINK_PKTINFO, &group, sizeof group, "\"kind\": \"netlink-packet-info\", \"group\": 31");
  MESSAGE(SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &nsid, 4, "\"kind\": \"netlink-namespace-id\", \"nsid\": -1");
}

static void sctp(void) {
  struct sctp_initmsg init = {.sinit_num_ostreams = 10, .sinit_max_instreams = 65535, .sinit_max_attempts = 4, .sinit_max_init_timeo = 3000};
  MESSAGE(IPPROTO_SCTP, SCTP_INIT, &init, sizeof init,
          "\"kind\": \"sctp-init\", \"outStreams\": 10, \"maxInStreams\": 65535, \"maxAttempts\": 4, \"maxInitTimeout\": 3000");
  struct sctp_sndrcvinfo old = {.sinfo_stream = 1, .sinfo_ssn = 2, .sinfo_flags = SCTP_UNORDERED, .sinfo_ppid = htonl(46),
                                .sinfo_context = 4, .sinfo_timetolive = 5, .sinfo_tsn = 4000000006u, .sinfo_cumtsn = 7,
                                .sinfo_assoc_id = 8};
  memset((char *)&old.sinfo_flags + sizeof old.sinfo_flags, 0, 2); /* padding, as below */
  MESSAGE(IPPROTO_SCTP, SCTP_SNDRCV, &old, sizeof old,
          "\"kind\": \"sctp-send-receive-info\", \"stream\": 1, \"sequence\": 2, \"flags\": 1, \"payloadProtocol\": 46, \"context\": 4, "
          "\"timeToLive\": 5, \"tsn\": 4000000006, \"cumulativeTsn\": 7, \"association\": 8");
  struct sctp_sndinfo snd = {.snd_sid = 65535, .snd_flags = SCTP_EOF, .snd_ppid = htonl(0x12345678), .snd_context = 3000000000u, .snd_assoc_id = 2147483647};
  MESSAGE(IPPROTO_SCTP, SCTP_SNDINFO, &snd, sizeof snd,
          "\"kind\": \"sctp-send-info\", \"stream\": 65535, \"flags\": %d, \"payloadProtocol\": %d, \"context\": 3000000000, \"association\": 2147483647",
          snd.snd_flags, 0x12345678);
  struct sctp_rcvinfo rcv = {.rcv_sid = 1, .rcv_ssn = 2, .rcv_flags = 3, .rcv_ppid = htonl(4), .rcv_tsn = 5, .rcv_cumtsn = 6, .rcv_context = 7, .rcv_assoc_id = 8};
  memset((char *)&rcv.rcv_flags + sizeof rcv.rcv_flags, 0, 2);
  MESSAGE(IPPROTO_SCTP, SCTP_RCVINFO, &rcv, sizeof rcv,
          "\"kind\": \"sctp-receive-info\", \"stream\": 1, \"sequence\": 2, \"flags\": 3, \"payloadProtocol\": 4, \"tsn\": 5, "
          "\"cumulativeTsn\": 6, \"context\": 7, \"association\": 8");
  struct sctp_nxtinfo nxt = {.nxt_sid = 1, .nxt_flags = 2, .nxt_ppid = htonl(3), .nxt_length = 4, .nxt_assoc_id = 5};
  MESSAGE(IPPROTO_SCTP, SCTP_NXTINFO, &nxt, sizeof nxt,
          "\"kind\": \"sctp-next-info\", \"stream\": 1, \"flags\": 2, \"payloadProtocol\": 3, \"length\": 4, \"association\": 5");
  struct sctp_prinfo pr = {.pr_policy = SCTP_PR_SCTP_RTX, .pr_value = 3};
  memset((char *)&pr + sizeof pr.pr_policy, 0, offsetof(struct sctp_prinfo, pr_value) - sizeof pr.pr_policy);
  MESSAGE(IPPROTO_SCTP, SCTP_PRINFO, &pr, sizeof pr, "\"kind\": \"sctp-partial-reliability\", \"policy\": %d, \"value\": 3", SCTP_PR_SCTP_RTX);
  struct sctp_authinfo auth = {.auth_keynumber = 513};
  MESSAGE(IPPROTO_SCTP, SCTP_AUTHINFO, &auth, sizeof auth, "\"kind\": \"sctp-auth-key\", \"key\": 513");
  struct in_addr four = {htonl(0xc0000205)};
  struct in6_addr six = v6(5, 0).sin6_addr;
  MESSAGE(IPPROTO_SCTP, SCTP_DSTADDRV4, &four, sizeof four, "\"kind\": \"sctp-destination\", \"address\": %s", hex(&four, 4));
  MESSAGE(IPPROTO_SCTP, SCTP_DSTADDRV6, &six, sizeof six, "\"kind\": \"sctp-destination\", \"address\": %s", hex(&six, 16));
}

/* Messages with 0, 1, … bytes of data one behind the other, as CMSG_NXTHDR finds room for them. */
static void series(void) {
  open_list("series");
  for (int count = 0; count <= 20; count++) {
    union {
      char bytes[2048];
      struct cmsghdr align;
    } room;
    size_t length = 0;
    for (int i = 0; i < count; i++) length += CMSG_SPACE(i);
    memset(&room, 0, sizeof room);
    struct msghdr msg = {.msg_control = room.bytes, .msg_controllen = length};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    for (int i = 0; i < count; i++, cmsg = CMSG_NXTHDR(&msg, cmsg)) {
      if (cmsg == NULL) exit(1);
      cmsg->cmsg_level = 1000 + i;
      cmsg->cmsg_type = -i;
      cmsg->cmsg_len = CMSG_LEN(i);
      memset(CMSG_DATA(cmsg), 0x40 + i, i);
    }
    printf("%s\n    \"", comma);
    comma = ",";
    print_hex(room.bytes, length);
    printf("\"");
  }
  close_list();
}

#define NUMBER(name) (printf("%s\n    \"%s\": %d", comma, #name, (int)(name)), comma = ",")

static void numbers(void) {
  printf(",\n  \"numbers\": {");
  comma = "";
  NUMBER(TCP_NLA_PAD), NUMBER(TCP_NLA_BUSY), NUMBER(TCP_NLA_RWND_LIMITED), NUMBER(TCP_NLA_SNDBUF_LIMITED);
  NUMBER(TCP_NLA_DATA_SEGS_OUT), NUMBER(TCP_NLA_TOTAL_RETRANS), NUMBER(TCP_NLA_PACING_RATE), NUMBER(TCP_NLA_DELIVERY_RATE);
  NUMBER(TCP_NLA_SND_CWND), NUMBER(TCP_NLA_REORDERING), NUMBER(TCP_NLA_MIN_RTT), NUMBER(TCP_NLA_RECUR_RETRANS);
  NUMBER(TCP_NLA_DELIVERY_RATE_APP_LMT), NUMBER(TCP_NLA_SNDQ_SIZE), NUMBER(TCP_NLA_CA_STATE), NUMBER(TCP_NLA_SND_SSTHRESH);
  NUMBER(TCP_NLA_DELIVERED), NUMBER(TCP_NLA_DELIVERED_CE), NUMBER(TCP_NLA_BYTES_SENT), NUMBER(TCP_NLA_BYTES_RETRANS);
  NUMBER(TCP_NLA_DSACK_DUPS), NUMBER(TCP_NLA_REORD_SEEN), NUMBER(TCP_NLA_SRTT), NUMBER(TCP_NLA_TIMEOUT_REHASH);
  NUMBER(TCP_NLA_BYTES_NOTSENT), NUMBER(TCP_NLA_EDT), NUMBER(TCP_NLA_TTL);
  printf("\n  }");
}

int main(void) {
  const uint16_t probe = 1;
  printf("{\n  \"from\": \"packages/core/vectors/cmsg/record.c\",\n  \"byteOrder\": \"%s\",\n  \"wordSize\": %zu",
         *(const char *)&probe ? "little" : "big", sizeof(size_t));
  printf(",\n  \"spaces\": [");
  for (int i = 0; i <= 40; i++) printf("%s%zu", i ? ", " : "", CMSG_SPACE(i));
  printf("]");
  open_list("messages");
  socket_level();
  times();
  errors();
  ip();
  ipv6();
  others();
  sctp();
  close_list();
  series();
  numbers();
  printf("\n}\n");
  return 0;
}
