/*
 * Records how C lays out the structs of options, for ../../test/option-layout.test.ts:
 *   cc -o record record.c && ./record > linux.json
 * Structs that grew since the headers of Linux 6.1 are written out here as of the release named, and held to those headers as
 * far as these go.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/net_tstamp.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/tipc.h>
#include <linux/tls.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
/* What is in glibc already, these leave out. */
#include <linux/icmp.h>
#include <netinet/icmp6.h>

/* struct tcp_info of Linux 7.0. */
struct tcp_info_7_0 {
  uint8_t state, ca_state, retransmits, probes, backoff, options;
  uint8_t snd_wscale : 4, rcv_wscale : 4;
  uint8_t delivery_rate_app_limited : 1, fastopen_client_fail : 2;
  uint32_t rto, ato, snd_mss, rcv_mss;
  uint32_t unacked, sacked, lost, retrans, fackets;
  uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
  uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
  uint32_t rcv_rtt, rcv_space;
  uint32_t total_retrans;
  uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
  uint32_t segs_out, segs_in;
  uint32_t notsent_bytes, min_rtt, data_segs_in, data_segs_out;
  uint64_t delivery_rate;
  uint64_t busy_time, rwnd_limited, sndbuf_limited;
  uint32_t delivered, delivered_ce;
  uint64_t bytes_sent, bytes_retrans;
  uint32_t dsack_dups, reord_seen, rcv_ooopack;
  uint32_t snd_wnd, rcv_wnd, rehash;
  uint16_t total_rto, total_rto_recoveries;
  uint32_t total_rto_time;
  uint32_t received_ce, delivered_e1_bytes, delivered_e0_bytes, delivered_ce_bytes;
  uint32_t received_e1_bytes, received_e0_bytes, received_ce_bytes;
  uint32_t ecn_mode : 2, accecn_opt_seen : 2, accecn_fail_mode : 4, options2 : 24;
};
#define SAME(member) \
  _Static_assert(offsetof(struct tcp_info_7_0, member) == offsetof(struct tcp_info, tcpi_##member), #member)
SAME(rto); SAME(unacked); SAME(last_data_sent); SAME(pmtu); SAME(rcv_rtt); SAME(total_retrans); SAME(pacing_rate);
SAME(segs_out); SAME(notsent_bytes); SAME(delivery_rate); SAME(busy_time); SAME(delivered); SAME(bytes_sent);
SAME(dsack_dups); SAME(snd_wnd);

/* struct mptcp_info of Linux 6.18. */
struct mptcp_info_6_18 {
  uint8_t subflows, add_addr_signal, add_addr_accepted, subflows_max, add_addr_signal_max, add_addr_accepted_max;
  uint32_t flags, token;
  uint64_t write_seq, snd_una, rcv_nxt;
  uint8_t local_addr_used, local_addr_max, csum_enabled;
  uint32_t retransmits;
  uint64_t bytes_retrans, bytes_sent, bytes_received, bytes_acked;
  uint8_t subflows_total, reserved[3];
  uint32_t last_data_sent, last_data_recv, last_ack_recv;
};
_Static_assert(offsetof(struct mptcp_info_6_18, csum_enabled) == offsetof(struct mptcp_info, mptcpi_csum_enabled), "");

/* struct ip_mreqn, group_req and their kin are the C library's, which is what programs give to the kernel. */

static const char *separator = "";

static void begin(const char *name, size_t size) {
  printf("%s\n  \"%s\": {\"size\": %zu, \"at\": {", separator, name, size);
  separator = "";
}

static void field(const char *name, size_t at, size_t size) {
  printf("%s\"%s\": [%zu, %zu]", separator, name, at, size);
  separator = ", ";
}

static void end(void) {
  printf("}}");
  separator = ",";
}

static void bytes(const char *name, const void *data, size_t size) {
  printf("%s\n  \"%s\": {\"bytes\": \"", separator, name);
  for (size_t i = 0; i < size; i++) printf("%02x", ((const unsigned char *)data)[i]);
  printf("\"}");
  separator = ",";
}

#define F(type, member) field(#member, offsetof(type, member), sizeof(((type *)0)->member))
#define FN(type, name, member) field(name, offsetof(type, member), sizeof(((type *)0)->member))

int main(void) {
  printf("{");
#define T struct tcp_info_7_0
  begin("tcp_info", sizeof(T));
  F(T, state); F(T, ca_state); F(T, retransmits); F(T, probes); F(T, backoff); F(T, options);
  F(T, rto); F(T, ato); F(T, snd_mss); F(T, rcv_mss);
  F(T, unacked); F(T, sacked); F(T, lost); F(T, retrans); F(T, fackets);
  F(T, last_data_sent); F(T, last_ack_sent); F(T, last_data_recv); F(T, last_ack_recv);
  F(T, pmtu); F(T, rcv_ssthresh); F(T, rtt); F(T, rttvar); F(T, snd_ssthresh); F(T, snd_cwnd); F(T, advmss);
  F(T, reordering); F(T, rcv_rtt); F(T, rcv_space); F(T, total_retrans);
  F(T, pacing_rate); F(T, max_pacing_rate); F(T, bytes_acked); F(T, bytes_received); F(T, segs_out); F(T, segs_in);
  F(T, notsent_bytes); F(T, min_rtt); F(T, data_segs_in); F(T, data_segs_out); F(T, delivery_rate);
  F(T, busy_time); F(T, rwnd_limited); F(T, sndbuf_limited); F(T, delivered); F(T, delivered_ce);
  F(T, bytes_sent); F(T, bytes_retrans); F(T, dsack_dups); F(T, reord_seen); F(T, rcv_ooopack);
  F(T, snd_wnd); F(T, rcv_wnd); F(T, rehash); F(T, total_rto); F(T, total_rto_recoveries); F(T, total_rto_time);
  F(T, received_ce); F(T, delivered_e1_bytes); F(T, delivered_e0_bytes); F(T, delivered_ce_bytes);
  F(T, received_e1_bytes); F(T, received_e0_bytes); F(T, received_ce_bytes);
  end();
#undef T
  struct tcp_info_7_0 info;
  memset(&info, 0, sizeof info);
  info.state = 8; /* CLOSE_WAIT */
  info.ca_state = TCP_CA_Recovery;
  info.options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_WSCALE | TCPI_OPT_SYN_DATA;
  info.snd_wscale = 7;
  info.rcv_wscale = 10;
  info.delivery_rate_app_limited = 1;
  info.fastopen_client_fail = TFO_DATA_NOT_ACKED;
  info.ecn_mode = 2;
  info.accecn_opt_seen = 1;
  info.accecn_fail_mode = 9;
  info.options2 = 0xabcdef;
  bytes("tcp_info bits", &info, sizeof info);
  union tcp_cc_info cc;
  memset(&cc, 0, sizeof cc);
  cc.bbr = (struct tcp_bbr_info){.bbr_bw_lo = 0x11223344, .bbr_bw_hi = 5, .bbr_min_rtt = 77, .bbr_pacing_gain = 739, .bbr_cwnd_gain = 512};
  bytes("bbr", &cc.bbr, sizeof cc.bbr);
  memset(&cc, 0, sizeof cc);
  cc.vegas = (struct tcpvegas_info){.tcpv_enabled = 1, .tcpv_rttcnt = 2, .tcpv_rtt = 3, .tcpv_minrtt = 4};
  bytes("vegas", &cc.vegas, sizeof cc.vegas);
  cc.dctcp = (struct tcp_dctcp_info){.dctcp_enabled = 1, .dctcp_ce_state = 2, .dctcp_alpha = 3, .dctcp_ab_ecn = 4, .dctcp_ab_tot = 5};
  bytes("dctcp", &cc.dctcp, sizeof cc.dctcp);

#define T struct mptcp_info_6_18
  begin("mptcp_info", sizeof(T));
  F(T, subflows); F(T, add_addr_signal); F(T, add_addr_accepted); F(T, subflows_max); F(T, add_addr_signal_max);
  F(T, add_addr_accepted_max); F(T, flags); F(T, token); F(T, write_seq); F(T, snd_una); F(T, rcv_nxt);
  F(T, local_addr_used); F(T, local_addr_max); F(T, csum_enabled); F(T, retransmits); F(T, bytes_retrans);
  F(T, bytes_sent); F(T, bytes_received); F(T, bytes_acked); F(T, subflows_total); F(T, last_data_sent);
  F(T, last_data_recv); F(T, last_ack_recv);
  end();
#undef T

  struct linger linger = {1, 7};
  bytes("linger", &linger, sizeof linger);
  struct timeval time = {12, 345678};
  bytes("timeval", &time, sizeof time);
  struct sock_txtime txtime = {11, SOF_TXTIME_DEADLINE_MODE | SOF_TXTIME_REPORT_ERRORS};
  bytes("sock_txtime", &txtime, sizeof txtime);
  struct so_timestamping stamping = {SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_BIND_PHC, 3};
  bytes("so_timestamping", &stamping, sizeof stamping);
  struct ucred who = {1234, 1000, 100};
  bytes("ucred", &who, sizeof who);
  struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x800, 1, 2), BPF_STMT(BPF_RET | BPF_K, 0xffffffff)};
  bytes("sock_filter", filter, sizeof filter);

  struct ip_mreqn mreqn;
  memset(&mreqn, 0, sizeof mreqn);
  mreqn.imr_ifindex = 0x01020304;
  bytes("ip_mreqn", &mreqn, sizeof mreqn);
  struct sockaddr_in group = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xe8010203)};
  struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
  struct sockaddr_in6 group6 = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0xff, 0x15, [15] = 9}};
  struct group_req join;
  memset(&join, 0, sizeof join);
  join.gr_interface = 5;
  memcpy(&join.gr_group, &group6, sizeof group6);
  bytes("group_req", &join, sizeof join);
  struct group_source_req from;
  memset(&from, 0, sizeof from);
  from.gsr_interface = 6;
  memcpy(&from.gsr_group, &group, sizeof group);
  memcpy(&from.gsr_source, &source, sizeof source);
  bytes("group_source_req", &from, sizeof from);
  static unsigned char room[GROUP_FILTER_SIZE(2)];
  struct group_filter *all = (struct group_filter *)room;
  all->gf_interface = 7;
  memcpy(&all->gf_group, &group, sizeof group);
  all->gf_fmode = MCAST_EXCLUDE;
  all->gf_numsrc = 2;
  memcpy(&all->gf_slist[0], &source, sizeof source);
  source.sin_addr.s_addr = htonl(0x7f000002);
  memcpy((struct sockaddr_storage *)&all->gf_slist[0] + 1, &source, sizeof source);
  bytes("group_filter", room, sizeof room);

  struct tcp_md5sig md5;
  memset(&md5, 0, sizeof md5);
  memcpy(&md5.tcpm_addr, &source, sizeof source);
  md5.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX | TCP_MD5SIG_FLAG_IFINDEX;
  md5.tcpm_prefixlen = 24;
  md5.tcpm_keylen = 6;
  md5.tcpm_ifindex = 3;
  memcpy(md5.tcpm_key, "secret", 6);
  bytes("tcp_md5sig", &md5, sizeof md5);

  struct tipc_group_req tipc = {4711, 17, TIPC_NODE_SCOPE, TIPC_GROUP_LOOPBACK | TIPC_GROUP_MEMBER_EVTS};
  bytes("tipc_group_req", &tipc, sizeof tipc);
  struct tls12_crypto_info_aes_gcm_256 gcm = {.info = {TLS_1_3_VERSION, TLS_CIPHER_AES_GCM_256}};
  memset(gcm.iv, 1, sizeof gcm.iv);
  memset(gcm.key, 2, sizeof gcm.key);
  memset(gcm.salt, 3, sizeof gcm.salt);
  memset(gcm.rec_seq, 4, sizeof gcm.rec_seq);
  bytes("tls aes-256-gcm", &gcm, sizeof gcm);
  struct tls12_crypto_info_chacha20_poly1305 chacha = {.info = {TLS_1_2_VERSION, TLS_CIPHER_CHACHA20_POLY1305}};
  memset(chacha.iv, 1, sizeof chacha.iv);
  memset(chacha.key, 2, sizeof chacha.key);
  memset(chacha.rec_seq, 4, sizeof chacha.rec_seq);
  bytes("tls chacha20-poly1305", &chacha, sizeof chacha);
  struct { const char *name; size_t size; } ciphers[] = {
    {"aes-128-gcm", sizeof(struct tls12_crypto_info_aes_gcm_128)}, {"aes-256-gcm", sizeof gcm},
    {"aes-128-ccm", sizeof(struct tls12_crypto_info_aes_ccm_128)}, {"chacha20-poly1305", sizeof chacha},
    {"sm4-gcm", sizeof(struct tls12_crypto_info_sm4_gcm)}, {"sm4-ccm", sizeof(struct tls12_crypto_info_sm4_ccm)},
    {"aria-128-gcm", sizeof(struct tls12_crypto_info_aria_gcm_128)}, {"aria-256-gcm", sizeof(struct tls12_crypto_info_aria_gcm_256)},
  };
  begin("tls", 0);
  for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) field(ciphers[i].name, 0, ciphers[i].size);
  end();

  struct sctp_initmsg init = {1, 2, 3, 4};
  bytes("sctp_initmsg", &init, sizeof init);
  struct sctp_rtoinfo rto = {1, 2, 3, 4};
  bytes("sctp_rtoinfo", &rto, sizeof rto);
  struct sctp_assocparams assoc = {1, 2, 3, 4, 5, 6};
  bytes("sctp_assocparams", &assoc, sizeof assoc);
  struct sctp_sndinfo snd = {1, 2, 3, 4, 5};
  bytes("sctp_sndinfo", &snd, sizeof snd);
  struct sctp_assoc_value value = {1, 2};
  bytes("sctp_assoc_value", &value, sizeof value);
  struct sctp_sack_info sack = {1, 2, 3};
  bytes("sctp_sack_info", &sack, sizeof sack);
  struct sctp_setadaptation adaptation = {0x12345678};
  bytes("sctp_setadaptation", &adaptation, sizeof adaptation);
  struct sctp_event_subscribe events = {.sctp_association_event = 1, .sctp_shutdown_event = 1, .sctp_stream_change_event = 1};
  bytes("sctp_event_subscribe", &events, sizeof events);
  struct sctp_paddrparams params;
  memset(&params, 0, sizeof params);
  params.spp_assoc_id = 1;
  memcpy(&params.spp_address, &source, sizeof source);
  params.spp_hbinterval = 2;
  params.spp_pathmaxrxt = 3;
  params.spp_pathmtu = 4;
  params.spp_sackdelay = 5;
  params.spp_flags = SPP_HB_ENABLE | SPP_PMTUD_DISABLE | SPP_IPV6_FLOWLABEL | SPP_DSCP;
  params.spp_ipv6_flowlabel = 6;
  params.spp_dscp = 7;
  bytes("sctp_paddrparams", &params, sizeof params);
  struct sctp_status status;
  memset(&status, 0, sizeof status);
  status.sstat_assoc_id = 1;
  status.sstat_state = SCTP_ESTABLISHED;
  status.sstat_rwnd = 2;
  status.sstat_unackdata = 3;
  status.sstat_penddata = 4;
  status.sstat_instrms = 5;
  status.sstat_outstrms = 6;
  status.sstat_fragmentation_point = 7;
  memcpy(&status.sstat_primary.spinfo_address, &source, sizeof source);
  status.sstat_primary.spinfo_state = SCTP_ACTIVE;
  status.sstat_primary.spinfo_cwnd = 8;
  status.sstat_primary.spinfo_srtt = 9;
  status.sstat_primary.spinfo_rto = 10;
  status.sstat_primary.spinfo_mtu = 11;
  bytes("sctp_status", &status, sizeof status);
  struct tpacket_stats stats = {1, 2};
  bytes("tpacket_stats", &stats, sizeof stats);
  struct tpacket_rollover_stats rollover = {1, 2, 3};
  bytes("tpacket_rollover_stats", &rollover, sizeof rollover);
  struct icmp_filter echo = {1u << ICMP_ECHO | 1u << 31};
  bytes("icmp_filter", &echo, sizeof echo);
  struct icmp6_filter six;
  ICMP6_FILTER_SETPASSALL(&six);
  ICMP6_FILTER_SETBLOCK(ICMP6_ECHO_REQUEST, &six);
  ICMP6_FILTER_SETBLOCK(0, &six);
  ICMP6_FILTER_SETBLOCK(255, &six);
  bytes("icmp6_filter", &six, sizeof six);
  printf("\n}\n");
  return 0;
}
