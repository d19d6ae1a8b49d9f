/*
 * Records what the kernel's headers make of netlink, as JSON on standard output:
 *   cc -Wall -Werror -o record record.c && ./record > linux.json
 * test/vectors.test.ts does this again and compares.
 */
#include <arpa/inet.h>
#include <linux/can.h>
#include <linux/can/gw.h>
#include <linux/can/netlink.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <linux/veth.h>
#include <linux/can/vxcan.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static unsigned char room[4096];
static size_t used;
static const char *comma = "";

static void begin(void)
{
	memset(room, 0, sizeof room);
	used = 0;
}

static void *put(const void *bytes, size_t size)
{
	void *at = room + used;

	if (size > 0)
		memcpy(at, bytes, size);
	used += NLA_ALIGN(size);
	return at;
}

static void attribute(unsigned type, const void *bytes, size_t size)
{
	struct nlattr header = { .nla_len = NLA_HDRLEN + size, .nla_type = type };

	put(&header, sizeof header);
	put(bytes, size);
}

static size_t nest(unsigned type)
{
	size_t at = used;

	attribute(NLA_F_NESTED | type, NULL, 0);
	return at;
}

static void end(size_t at)
{
	((struct nlattr *)(room + at))->nla_len = used - at;
}

static void number(unsigned type, unsigned value)
{
	attribute(type, &value, sizeof value);
}

static void text(unsigned type, const char *value)
{
	attribute(type, value, strlen(value) + 1);
}

static void show(const char *name)
{
	printf("%s\n    \"%s\": \"", comma, name);
	for (size_t i = 0; i < used; i++)
		printf("%02x", room[i]);
	putchar('"');
	comma = ",";
}

static void address(unsigned type, int family, const char *value)
{
	unsigned char bytes[16];

	inet_pton(family, value, bytes);
	attribute(type, bytes, family == AF_INET ? 4 : 16);
}

static void messages(void)
{
	begin();
	struct nlmsghdr header = { .nlmsg_len = 21, .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
				   .nlmsg_seq = 0x01020304, .nlmsg_pid = 0x05060708 };
	put(&header, sizeof header);
	put("hello", 5);
	show("message");

	begin();
	struct ifinfomsg link = { .ifi_index = 7, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	put(&link, sizeof link);
	text(IFLA_IFNAME, "can7");
	number(IFLA_MTU, 72);
	number(IFLA_TXQLEN, 100);
	size_t info = nest(IFLA_LINKINFO);
	text(IFLA_INFO_KIND, "can");
	end(info);
	show("link");

	begin();
	struct ifinfomsg none = { 0 };
	put(&none, sizeof none);
	text(IFLA_IFNAME, "a");
	info = nest(IFLA_LINKINFO);
	text(IFLA_INFO_KIND, "veth");
	size_t data = used;
	attribute(IFLA_INFO_DATA, NULL, 0);
	size_t peer = nest(VETH_INFO_PEER);
	put(&none, sizeof none);
	text(IFLA_IFNAME, "b");
	end(peer);
	end(data);
	end(info);
	show("veth");

	begin();
	struct ifaddrmsg owned = { .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_scope = RT_SCOPE_LINK, .ifa_index = 3 };
	put(&owned, sizeof owned);
	address(IFA_LOCAL, AF_INET, "10.1.0.1");
	address(IFA_ADDRESS, AF_INET, "10.1.0.9");
	address(IFA_BROADCAST, AF_INET, "10.1.0.255");
	text(IFA_LABEL, "eth0:a");
	number(IFA_FLAGS, IFA_F_NOPREFIXROUTE);
	struct ifa_cacheinfo cache = { .ifa_prefered = 500, .ifa_valid = 1000 };
	attribute(IFA_CACHEINFO, &cache, sizeof cache);
	show("address");

	begin();
	struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 16, .rtm_table = RT_TABLE_UNSPEC, .rtm_protocol = RTPROT_STATIC,
			       .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST, .rtm_flags = RTNH_F_ONLINK };
	put(&route, sizeof route);
	address(RTA_DST, AF_INET, "10.9.0.0");
	number(RTA_TABLE, 1000);
	number(RTA_OIF, 3);
	struct { unsigned short family; unsigned char bytes[16]; } __attribute__((packed)) via = { .family = AF_INET6 };
	_Static_assert(offsetof(struct rtvia, rtvia_addr) == 2, "rtvia");
	inet_pton(AF_INET6, "fe80::1", via.bytes);
	attribute(RTA_VIA, &via, sizeof via);
	address(RTA_PREFSRC, AF_INET, "10.1.0.1");
	number(RTA_PRIORITY, 7);
	size_t metrics = nest(RTA_METRICS);
	number(RTAX_MTU, 1234);
	number(RTAX_RTO_MIN, 5);
	end(metrics);
	show("route");

	begin();
	struct rtmsg many = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST };
	put(&many, sizeof many);
	size_t hops = nest(RTA_MULTIPATH);
	size_t hop = used;
	struct rtnexthop way = { .rtnh_hops = 2, .rtnh_ifindex = 3 };
	put(&way, sizeof way);
	address(RTA_GATEWAY, AF_INET, "10.1.0.2");
	((struct rtnexthop *)(room + hop))->rtnh_len = used - hop;
	hop = used;
	struct rtnexthop other = { .rtnh_hops = 0, .rtnh_ifindex = 4 };
	put(&other, sizeof other);
	((struct rtnexthop *)(room + hop))->rtnh_len = used - hop;
	end(hops);
	show("multipath");

	begin();
	struct ndmsg neighbour = { .ndm_family = AF_INET6, .ndm_ifindex = 3, .ndm_state = NUD_STALE, .ndm_flags = NTF_ROUTER };
	put(&neighbour, sizeof neighbour);
	address(NDA_DST, AF_INET6, "fe80::7");
	attribute(NDA_LLADDR, "\x02\0\0\0\0\x07", 6);
	show("neighbour");

	begin();
	struct genlmsghdr generic = { .cmd = CTRL_CMD_GETFAMILY, .version = 2 };
	put(&generic, sizeof generic);
	text(CTRL_ATTR_FAMILY_NAME, "nlctrl");
	show("generic");
}

static void can(void)
{
	begin();
	struct can_bittiming timing = { .bitrate = 500000, .sample_point = 875, .sjw = 2 };
	attribute(IFLA_CAN_BITTIMING, &timing, sizeof timing);
	struct can_ctrlmode mode = { .mask = CAN_CTRLMODE_FD | CAN_CTRLMODE_ONE_SHOT, .flags = CAN_CTRLMODE_FD };
	attribute(IFLA_CAN_CTRLMODE, &mode, sizeof mode);
	struct can_bittiming segments = { .tq = 25, .prop_seg = 3, .phase_seg1 = 4, .phase_seg2 = 5, .sjw = 1 };
	attribute(IFLA_CAN_DATA_BITTIMING, &segments, sizeof segments);
	number(IFLA_CAN_RESTART_MS, 100);
	unsigned short ohms = 120;
	attribute(IFLA_CAN_TERMINATION, &ohms, sizeof ohms);
	size_t tdc = nest(IFLA_CAN_TDC);
	number(IFLA_CAN_TDC_TDCV, 1);
	number(IFLA_CAN_TDC_TDCO, 2);
	number(IFLA_CAN_TDC_TDCF, 3);
	end(tdc);
	show("canSettings");

	begin();
	struct can_bittiming told = { 500000, 875, 125, 6, 7, 2, 1, 1 };
	attribute(IFLA_CAN_BITTIMING, &told, sizeof told);
	struct can_bittiming_const limits = { "sja1000", 1, 16, 2, 8, 4, 3, 64, 5 };
	attribute(IFLA_CAN_BITTIMING_CONST, &limits, sizeof limits);
	struct can_clock clock = { .freq = 8000000 };
	attribute(IFLA_CAN_CLOCK, &clock, sizeof clock);
	number(IFLA_CAN_STATE, CAN_STATE_ERROR_PASSIVE);
	attribute(IFLA_CAN_CTRLMODE, &mode, sizeof mode);
	struct can_berr_counter counter = { .txerr = 130, .rxerr = 7 };
	attribute(IFLA_CAN_BERR_COUNTER, &counter, sizeof counter);
	unsigned short terminations[] = { 0, 120 };
	attribute(IFLA_CAN_TERMINATION, &ohms, sizeof ohms);
	attribute(IFLA_CAN_TERMINATION_CONST, terminations, sizeof terminations);
	unsigned rates[] = { 125000, 500000 };
	attribute(IFLA_CAN_BITRATE_CONST, rates, sizeof rates);
	number(IFLA_CAN_BITRATE_MAX, 8000000);
	tdc = nest(IFLA_CAN_TDC);
	number(IFLA_CAN_TDC_TDCO_MIN, 0);
	number(IFLA_CAN_TDC_TDCO_MAX, 127);
	number(IFLA_CAN_TDC_TDCO, 9);
	end(tdc);
	size_t modes = nest(IFLA_CAN_CTRLMODE_EXT);
	number(IFLA_CAN_CTRLMODE_SUPPORTED, CAN_CTRLMODE_LOOPBACK | CAN_CTRLMODE_TDC_MANUAL);
	end(modes);
	show("canParameters");

	begin();
	struct can_device_stats stats = { .bus_error = 1, .error_warning = 2, .error_passive = 3, .bus_off = 4,
					  .arbitration_lost = 5, .restarts = 6 };
	put(&stats, sizeof stats);
	show("canStatistics");

	begin();
	struct rtcanmsg rule = { .can_family = AF_CAN, .gwtype = CGW_TYPE_CAN_CAN, .flags = CGW_FLAGS_CAN_ECHO };
	put(&rule, sizeof rule);
	struct cgw_frame_mod change = { .cf = { .can_id = 0x456, .data = { 1, 2, 3, 4, 5, 6, 7, 8 } }, .modtype = CGW_MOD_ID | CGW_MOD_DATA };
	attribute(CGW_MOD_SET, &change, sizeof change);
	struct cgw_csum_xor xor = { .from_idx = 0, .to_idx = -2, .result_idx = -1, .init_xor_val = 0x11 };
	attribute(CGW_CS_XOR, &xor, sizeof xor);
	struct cgw_csum_crc8 crc = { .from_idx = 1, .to_idx = 2, .result_idx = 3, .init_crc_val = 4, .final_xor_val = 5,
				     .profile = CGW_CRC8PRF_16U8 };
	for (int i = 0; i < 256; i++)
		crc.crctab[i] = i;
	for (int i = 0; i < 20; i++)
		crc.profile_data[i] = 100 + i;
	attribute(CGW_CS_CRC8, &crc, sizeof crc);
	struct can_filter filter = { .can_id = 0x123, .can_mask = 0x7ff };
	attribute(CGW_FILTER, &filter, sizeof filter);
	number(CGW_SRC_IF, 3);
	number(CGW_DST_IF, 4);
	unsigned char hops = 5;
	attribute(CGW_LIM_HOPS, &hops, sizeof hops);
	show("gateway");
}

static void diag(void)
{
	begin();
	struct inet_diag_req_v2 request = { .sdiag_family = AF_INET6, .sdiag_protocol = IPPROTO_TCP,
					    .idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1), .idiag_states = 1 << 10 };
	put(&request, sizeof request);
	show("inetDiagRequest");

	begin();
	struct inet_diag_msg told = { .idiag_family = AF_INET, .idiag_state = 1, .id = { .idiag_sport = htons(5001), .idiag_dport = htons(5002),
				      .idiag_if = 3, .idiag_cookie = { 0x11, 0x22 } }, .idiag_rqueue = 4, .idiag_wqueue = 5, .idiag_uid = 6,
				      .idiag_inode = 7 };
	inet_pton(AF_INET, "10.0.0.1", told.id.idiag_src);
	inet_pton(AF_INET, "10.0.0.2", told.id.idiag_dst);
	put(&told, sizeof told);
	text(INET_DIAG_CONG, "cubic");
	show("inetDiag");

	begin();
	struct unix_diag_req asked = { .sdiag_family = AF_UNIX, .udiag_states = -1,
				       .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID };
	put(&asked, sizeof asked);
	show("unixDiagRequest");

	begin();
	struct unix_diag_msg one = { .udiag_family = AF_UNIX, .udiag_type = SOCK_SEQPACKET, .udiag_state = 10, .udiag_ino = 7,
				     .udiag_cookie = { 1, 0 } };
	put(&one, sizeof one);
	attribute(UNIX_DIAG_NAME, "\0abstract", 9);
	number(UNIX_DIAG_PEER, 8);
	struct unix_diag_rqlen queues = { .udiag_rqueue = 2, .udiag_wqueue = 3 };
	attribute(UNIX_DIAG_RQLEN, &queues, sizeof queues);
	number(UNIX_DIAG_UID, 1000);
	show("unixDiag");

	begin();
	struct packet_diag_req all = { .sdiag_family = AF_PACKET, .pdiag_show = PACKET_SHOW_INFO };
	put(&all, sizeof all);
	show("packetDiagRequest");

	begin();
	struct packet_diag_msg packet = { .pdiag_family = AF_PACKET, .pdiag_type = SOCK_RAW, .pdiag_num = 3, .pdiag_ino = 9,
					  .pdiag_cookie = { 1, 2 } };
	put(&packet, sizeof packet);
	struct packet_diag_info info = { .pdi_index = 4 };
	attribute(PACKET_DIAG_INFO, &info, sizeof info);
	show("packetDiag");
}

static void named(const char *name, long long value)
{
	printf("%s\n    \"%s\": %lld", comma, name, value);
	comma = ",";
}

#define N(name) named(#name, (long long)(name))

static void numbers(void)
{
#include "numbers.h"
}

int main(void)
{
	printf("{\n  \"from\": \"packages/netlink/vectors/record.c\",\n  \"byteOrder\": \"%s\",\n  \"vectors\": {",
	       htons(1) == 1 ? "big" : "little");
	messages();
	can();
	diag();
	printf("\n  },\n  \"numbers\": {");
	comma = "";
	numbers();
	printf("\n  }\n}\n");
	return 0;
}
