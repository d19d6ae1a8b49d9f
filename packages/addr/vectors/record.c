/*
 * Prints, as JSON, socket addresses as the C headers, libc and the kernel lay them out on Linux.
 *   cc -o record record.c && ./record > linux.json
 * Only unprivileged calls; the bound names are in a directory of its own, which is removed.
 */
#include <arpa/inet.h>
#include <linux/can.h>
#include <linux/if_alg.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/llc.h>
#include <linux/netlink.h>
#include <linux/qrtr.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Not among the kernel's headers: BlueZ has them. Without them these families are left out. */
#if __has_include(<bluetooth/bluetooth.h>)
#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/l2cap.h>
#include <bluetooth/rfcomm.h>
#include <bluetooth/sco.h>
#define BLUETOOTH 1
#endif

static const char *comma;

static void open_list(const char *name) {
  printf("%s\n  \"%s\": [", comma ? "," : "", name);
  comma = "";
}

static void close_list(void) {
  printf("\n  ]");
  comma = ",";
}

static void item(void) {
  printf("%s\n    ", comma);
  comma = ",";
}

static void hex(const void *data, size_t length) {
  const unsigned char *byte = data;
  putchar('"');
  for (size_t i = 0; i < length; i++) printf("%02x", byte[i]);
  putchar('"');
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

#define OFFSET(type, field) printf(", \"%s\": %zu", #field, offsetof(struct type, field))

static void layout(void) {
  printf(",\n  \"layout\": {");
  printf("\n    \"inet\": {\"family\": %d, \"size\": %zu", AF_INET, sizeof(struct sockaddr_in));
  OFFSET(sockaddr_in, sin_port);
  OFFSET(sockaddr_in, sin_addr);
  printf("},\n    \"inet6\": {\"family\": %d, \"size\": %zu", AF_INET6, sizeof(struct sockaddr_in6));
  OFFSET(sockaddr_in6, sin6_port);
  OFFSET(sockaddr_in6, sin6_flowinfo);
  OFFSET(sockaddr_in6, sin6_addr);
  OFFSET(sockaddr_in6, sin6_scope_id);
  printf("},\n    \"unix\": {\"family\": %d, \"size\": %zu", AF_UNIX, sizeof(struct sockaddr_un));
  OFFSET(sockaddr_un, sun_path);
  printf(", \"sun_path_size\": %zu", sizeof(((struct sockaddr_un *)0)->sun_path));
  printf("},\n    \"packet\": {\"family\": %d, \"size\": %zu", AF_PACKET, sizeof(struct sockaddr_ll));
  OFFSET(sockaddr_ll, sll_protocol);
  OFFSET(sockaddr_ll, sll_ifindex);
  OFFSET(sockaddr_ll, sll_hatype);
  OFFSET(sockaddr_ll, sll_pkttype);
  OFFSET(sockaddr_ll, sll_halen);
  OFFSET(sockaddr_ll, sll_addr);
  printf("},\n    \"can\": {\"family\": %d, \"size\": %zu", AF_CAN, sizeof(struct sockaddr_can));
  OFFSET(sockaddr_can, can_ifindex);
  printf(", \"minimum\": %zu", offsetof(struct sockaddr_can, can_ifindex) + sizeof(int));
  printf("}\n  }");
}

static const int ports[] = {0, 1, 80, 255, 256, 8080, 32768, 65535};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void inet(void) {
  static const char *const hosts[] = {"0.0.0.0",   "127.0.0.1", "255.255.255.255", "1.2.3.4",
                                      "224.0.0.1", "10.0.200.9", "192.168.100.254"};
  open_list("inet");
  for (size_t h = 0; h < COUNT(hosts); h++) {
    for (size_t p = 0; p < COUNT(ports); p++) {
      struct sockaddr_in sa;
      memset(&sa, 0, sizeof sa);
      sa.sin_family = AF_INET;
      sa.sin_port = htons((uint16_t)ports[p]);
      if (inet_pton(AF_INET, hosts[h], &sa.sin_addr) != 1) fail(hosts[h]);
      item();
      printf("{\"address\": \"%s\", \"port\": %d, \"bytes\": ", hosts[h], ports[p]);
      hex(&sa, sizeof sa);
      putchar('}');
    }
  }
  close_list();
}

static void inet6(void) {
  static const char *const hosts[] = {"::", "::1", "fe80::1", "2001:db8::8:800:200c:417a", "::ffff:192.0.2.1",
                                      "ff02::2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
  static const struct { uint32_t flow, scope; } more[] = {
      {0, 0}, {0x12345, 0}, {0, 2}, {0xfffff, 7}, {0x0ab12345, 0x01020304}, {0xffffffff, 0xffffffff}};
  open_list("inet6");
  for (size_t h = 0; h < COUNT(hosts); h++) {
    for (size_t m = 0; m < COUNT(more); m++) {
      const int port = ports[(h + m) % COUNT(ports)];
      struct sockaddr_in6 sa;
      char text[INET6_ADDRSTRLEN];
      memset(&sa, 0, sizeof sa);
      sa.sin6_family = AF_INET6;
      sa.sin6_port = htons((uint16_t)port);
      sa.sin6_flowinfo = htonl(more[m].flow);
      sa.sin6_scope_id = more[m].scope;
      if (inet_pton(AF_INET6, hosts[h], &sa.sin6_addr) != 1) fail(hosts[h]);
      if (!inet_ntop(AF_INET6, &sa.sin6_addr, text, sizeof text)) fail("inet_ntop");
      item();
      printf("{\"address\": \"%s\", \"port\": %d, \"flowInfo\": %u, \"scopeId\": %u, \"bytes\": ", text, port,
             more[m].flow, more[m].scope);
      hex(&sa, sizeof sa);
      putchar('}');
    }
  }
  close_list();
}

static void unix_item(const char *kind, const void *name, size_t length, const void *sa, size_t size) {
  item();
  printf("{\"kind\": \"%s\", \"name\": ", kind);
  hex(name, length);
  printf(", \"bytes\": ");
  hex(sa, size);
  putchar('}');
}

/* What a program hands to bind(2): a path with its final NUL where it fits. */
static void unix_paths(void) {
  static const char *const paths[] = {"/", "x", "/run/x.sock", "@x", "/tmp/a b%c", "/caf\xc3\xa9", "/\xff\xfe\x80"};
  char longest[109];
  struct sockaddr_un sa;
  open_list("unix");
  for (size_t p = 0; p < COUNT(paths) + 3; p++) {
    const char *path = longest;
    memset(longest, 'p', sizeof longest);
    if (p < COUNT(paths)) path = paths[p];
    else longest[106 + p - COUNT(paths)] = 0; /* 106, 107, 108 bytes */
    const size_t length = strlen(path), room = sizeof sa.sun_path;
    memset(&sa, 0, sizeof sa);
    sa.sun_family = AF_UNIX;
    memcpy(sa.sun_path, path, length);
    unix_item("path", path, length, &sa, offsetof(struct sockaddr_un, sun_path) + (length < room ? length + 1 : room));
  }
  static const struct { const char *name; size_t length; } abstract[] = {
      {"", 0}, {"x", 1}, {"name", 4}, {"a\0b\0", 4}, {"\0", 1}, {"\xff\x00\x80", 3}, {"@", 1}};
  for (size_t a = 0; a < COUNT(abstract); a++) {
    memset(&sa, 0, sizeof sa);
    sa.sun_family = AF_UNIX;
    memcpy(sa.sun_path + 1, abstract[a].name, abstract[a].length);
    unix_item("abstract", abstract[a].name, abstract[a].length, &sa,
              offsetof(struct sockaddr_un, sun_path) + 1 + abstract[a].length);
  }
  memset(longest, 'a', sizeof longest);
  memset(&sa, 0, sizeof sa);
  sa.sun_family = AF_UNIX;
  memcpy(sa.sun_path + 1, longest, sizeof sa.sun_path - 1);
  unix_item("abstract", longest, sizeof sa.sun_path - 1, &sa, sizeof sa);
  unix_item("unnamed", "", 0, &sa, sizeof(sa_family_t));
  close_list();
}

/* What the kernel gives back: bind(2), then getsockname(2). */
static void unix_bound(const char *kind, const void *name, size_t length, size_t before, size_t after) {
  char out[160];
  struct sockaddr_un sa;
  socklen_t size = sizeof out;
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) fail("socket");
  memset(&sa, 0, sizeof sa);
  sa.sun_family = AF_UNIX;
  memcpy(sa.sun_path + before, name, length);
  if (kind[0] != 'u' &&
      bind(fd, (struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + before + length + after)))
    fail("bind");
  if (getsockname(fd, (struct sockaddr *)out, &size)) fail("getsockname");
  unix_item(kind, name, length, out, size);
  close(fd);
  if (kind[0] == 'p') {
    char path[109] = {0};
    memcpy(path, name, length);
    if (unlink(path)) fail("unlink");
  }
}

static void unix_kernel(void) {
  char directory[] = "/tmp/sockaddr-XXXXXX", name[108], abstract[64];
  if (!mkdtemp(directory) || chdir(directory)) fail(directory);
  memset(name, 'k', sizeof name);
  open_list("unixKernel");
  unix_bound("path", "x.sock", 6, 0, 1);
  unix_bound("path", "x.sock", 6, 0, 0);
  unix_bound("path", "\xff\x80", 2, 0, 1);
  unix_bound("path", name, 107, 0, 1);
  unix_bound("path", name, 108, 0, 0);
  memcpy(abstract, "sockaddr vector \0 with NULs \0", 29);
  unix_bound("abstract", abstract, 29, 1, 0);
  unix_bound("unnamed", "", 0, 0, 0);
  close_list();
  if (chdir("/") || rmdir(directory)) fail(directory);
}

static void packet(void) {
  static const unsigned char address[32] = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02, 0xfe, 0xff, 0x80, 0x01, 0x7f,
                                            0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0,
                                            0xc0, 0xd0, 0xe0, 0xf0, 0x0f, 0x1f, 0x2f, 0x3f, 0x4f, 0x5f};
  static const struct { int ifindex, protocol, hatype, pkttype; unsigned length; } cases[] = {
      {0, 0, 0, 0, 0},
      {1, ETH_P_ALL, ARPHRD_LOOPBACK, PACKET_HOST, 6},
      {2, ETH_P_IP, ARPHRD_ETHER, PACKET_BROADCAST, 6},
      {0x01020304, ETH_P_IPV6, ARPHRD_ETHER, PACKET_MULTICAST, 8},
      {0x7fffffff, ETH_P_ARP, 0xffff, PACKET_OUTGOING, 7},
      {3, ETH_P_8021Q, ARPHRD_INFINIBAND, PACKET_OTHERHOST, 20},
      {4, 0xffff, ARPHRD_NONE, 255, 32},
      {5, ETH_P_CAN, ARPHRD_CAN, PACKET_HOST, 0},
      {6, ETH_P_IP, ARPHRD_ETHER, PACKET_HOST, 1},
      {6, ETH_P_IP, ARPHRD_ETHER, PACKET_HOST, 9},
  };
  open_list("packet");
  for (size_t c = 0; c < COUNT(cases); c++) {
    union { struct sockaddr_ll ll; unsigned char bytes[64]; } sa;
    size_t size = offsetof(struct sockaddr_ll, sll_addr) + cases[c].length;
    if (size < sizeof sa.ll) size = sizeof sa.ll;
    memset(&sa, 0, sizeof sa);
    sa.ll.sll_family = AF_PACKET;
    sa.ll.sll_protocol = htons((uint16_t)cases[c].protocol);
    sa.ll.sll_ifindex = cases[c].ifindex;
    sa.ll.sll_hatype = (unsigned short)cases[c].hatype;
    sa.ll.sll_pkttype = (unsigned char)cases[c].pkttype;
    sa.ll.sll_halen = (unsigned char)cases[c].length;
    memcpy(sa.bytes + offsetof(struct sockaddr_ll, sll_addr), address, cases[c].length);
    item();
    printf("{\"ifindex\": %d, \"protocol\": %d, \"hatype\": %d, \"pkttype\": %d, \"address\": ", cases[c].ifindex,
           cases[c].protocol, cases[c].hatype, cases[c].pkttype);
    hex(address, cases[c].length);
    printf(", \"bytes\": ");
    hex(&sa, size);
    putchar('}');
  }
  close_list();
}

static void can(void) {
  static const int indices[] = {0, 1, 3, 255, 65536, 0x01020304, 0x7fffffff};
  open_list("can");
  for (size_t i = 0; i < COUNT(indices); i++) {
    struct sockaddr_can sa;
    memset(&sa, 0, sizeof sa);
    sa.can_family = AF_CAN;
    sa.can_ifindex = indices[i];
    item();
    printf("{\"ifindex\": %d, \"bytes\": ", indices[i]);
    hex(&sa, sizeof sa);
    putchar('}');
  }
  close_list();
}

/* Families without a codec: they go round as bytes. */
static void unknown(void) {
  static const int numbers[] = {AF_UNSPEC, AF_KEY, AF_PPPOX, AF_RXRPC, AF_SMC};
  open_list("unknown");
  for (size_t n = 0; n < COUNT(numbers); n++) {
    struct sockaddr sa;
    memset(&sa, (int)n, sizeof sa);
    sa.sa_family = (sa_family_t)numbers[n];
    item();
    printf("{\"number\": %d, \"bytes\": ", numbers[n]);
    hex(&sa, sizeof sa);
    putchar('}');
  }
  close_list();
}

/* The families of plain fields: offsets by the names that our values have, then addresses beside their human form. */
#define FAMILY(name, number, type) \
  printf("%s\n    \"%s\": {\"family\": %d, \"size\": %zu, \"at\": {", comma, name, number, sizeof(struct type)), comma = ""
#define AT(name, type, field) printf("%s\"%s\": %zu", comma, name, offsetof(struct type, field)), comma = ", "
#define END() printf("}}"), comma = ","

static void struct_layouts(void) {
  printf(",\n  \"structs\": {");
  comma = "";
  FAMILY("netlink", AF_NETLINK, sockaddr_nl);
  AT("pid", sockaddr_nl, nl_pid), AT("groups", sockaddr_nl, nl_groups), END();
  FAMILY("can", AF_CAN, sockaddr_can);
  AT("ifindex", sockaddr_can, can_ifindex), END();
  FAMILY("can-isotp", AF_CAN, sockaddr_can);
  AT("ifindex", sockaddr_can, can_ifindex), AT("rxId", sockaddr_can, can_addr.tp.rx_id);
  AT("txId", sockaddr_can, can_addr.tp.tx_id), END();
  FAMILY("can-j1939", AF_CAN, sockaddr_can);
  AT("ifindex", sockaddr_can, can_ifindex), AT("name", sockaddr_can, can_addr.j1939.name);
  AT("pgn", sockaddr_can, can_addr.j1939.pgn), AT("addr", sockaddr_can, can_addr.j1939.addr), END();
  FAMILY("tipc-service", AF_TIPC, sockaddr_tipc);
  AT("type", sockaddr_tipc, addr.name.name.type), AT("instance", sockaddr_tipc, addr.name.name.instance);
  AT("domain", sockaddr_tipc, addr.name.domain), AT("scope", sockaddr_tipc, scope), END();
  FAMILY("tipc-range", AF_TIPC, sockaddr_tipc);
  AT("type", sockaddr_tipc, addr.nameseq.type), AT("lower", sockaddr_tipc, addr.nameseq.lower);
  AT("upper", sockaddr_tipc, addr.nameseq.upper), AT("scope", sockaddr_tipc, scope), END();
  FAMILY("tipc-socket", AF_TIPC, sockaddr_tipc);
  AT("ref", sockaddr_tipc, addr.id.ref), AT("node", sockaddr_tipc, addr.id.node), AT("scope", sockaddr_tipc, scope), END();
  FAMILY("vsock", AF_VSOCK, sockaddr_vm);
  AT("cid", sockaddr_vm, svm_cid), AT("port", sockaddr_vm, svm_port), AT("flags", sockaddr_vm, svm_flags), END();
  FAMILY("alg", AF_ALG, sockaddr_alg);
  AT("type", sockaddr_alg, salg_type), AT("name", sockaddr_alg, salg_name);
  AT("feat", sockaddr_alg, salg_feat), AT("mask", sockaddr_alg, salg_mask), END();
  FAMILY("qipcrtr", AF_QIPCRTR, sockaddr_qrtr);
  AT("node", sockaddr_qrtr, sq_node), AT("port", sockaddr_qrtr, sq_port), END();
  FAMILY("xdp", AF_XDP, sockaddr_xdp);
  AT("ifindex", sockaddr_xdp, sxdp_ifindex), AT("queueId", sockaddr_xdp, sxdp_queue_id);
  AT("flags", sockaddr_xdp, sxdp_flags), AT("sharedUmemFd", sockaddr_xdp, sxdp_shared_umem_fd), END();
  FAMILY("llc", AF_LLC, sockaddr_llc);
  AT("address", sockaddr_llc, sllc_mac), AT("sap", sockaddr_llc, sllc_sap), AT("arphrd", sockaddr_llc, sllc_arphrd);
  AT("test", sockaddr_llc, sllc_test), AT("xid", sockaddr_llc, sllc_xid), AT("ua", sockaddr_llc, sllc_ua), END();
#ifdef BLUETOOTH
  FAMILY("bt-l2cap", AF_BLUETOOTH, sockaddr_l2);
  AT("address", sockaddr_l2, l2_bdaddr), AT("psm", sockaddr_l2, l2_psm), AT("cid", sockaddr_l2, l2_cid);
  AT("addressType", sockaddr_l2, l2_bdaddr_type), END();
  FAMILY("bt-rfcomm", AF_BLUETOOTH, sockaddr_rc);
  AT("address", sockaddr_rc, rc_bdaddr), AT("channel", sockaddr_rc, rc_channel), END();
  FAMILY("bt-hci", AF_BLUETOOTH, sockaddr_hci);
  AT("dev", sockaddr_hci, hci_dev), AT("channel", sockaddr_hci, hci_channel), END();
  FAMILY("bt-sco", AF_BLUETOOTH, sockaddr_sco);
  AT("address", sockaddr_sco, sco_bdaddr), END();
#endif
  printf("\n  }");
  comma = ",";
}

static void form(const char *text, int protocol, const void *sa, size_t size) {
  item();
  printf("{\"text\": \"%s\", \"protocol\": %d, \"bytes\": ", text, protocol);
  hex(sa, size);
  putchar('}');
}

/* One address of `type`: its fields are set by what follows. -1 stands for no protocol. */
#define FORM(text, protocol, type, ...)               \
  do {                                                \
    struct type sa;                                   \
    memset(&sa, 0, sizeof sa);                        \
    __VA_ARGS__;                                      \
    form(text, protocol, &sa, sizeof sa);             \
  } while (0)

static void long_alg(const char *text, const char *name) {
  union { struct sockaddr_alg alg; struct sockaddr_storage room; } sa;
  memset(&sa, 0, sizeof sa);
  sa.alg.salg_family = AF_ALG;
  strcpy((char *)sa.alg.salg_type, "aead");
  memcpy((char *)&sa + offsetof(struct sockaddr_alg, salg_name), name, strlen(name));
  form(text, -1, &sa, offsetof(struct sockaddr_alg, salg_name) + strlen(name) + 1);
}

static void structs(void) {
  open_list("forms");
  FORM("netlink:", -1, sockaddr_nl, sa.nl_family = AF_NETLINK);
  FORM("netlink:/pid=4711/groups=0x80000001", -1, sockaddr_nl, sa.nl_family = AF_NETLINK, sa.nl_pid = 4711, sa.nl_groups = 0x80000001);
  FORM("netlink:route/groups=0x11", NETLINK_ROUTE, sockaddr_nl, sa.nl_family = AF_NETLINK, sa.nl_groups = 0x11);
  FORM("netlink:generic/pid=4294967295", NETLINK_GENERIC, sockaddr_nl, sa.nl_family = AF_NETLINK, sa.nl_pid = 0xffffffff);
  FORM("netlink:kobject_uevent/groups=0x1", NETLINK_KOBJECT_UEVENT, sockaddr_nl, sa.nl_family = AF_NETLINK, sa.nl_groups = 1);
  FORM("netlink:smc", NETLINK_SMC, sockaddr_nl, sa.nl_family = AF_NETLINK);
  FORM("netlink:31", 31, sockaddr_nl, sa.nl_family = AF_NETLINK);
  FORM("can-isotp:3:0x123:0x80000456", CAN_ISOTP, sockaddr_can, sa.can_family = AF_CAN, sa.can_ifindex = 3,
       sa.can_addr.tp.rx_id = 0x123, sa.can_addr.tp.tx_id = 0x456 | CAN_EFF_FLAG);
  FORM("can-isotp:1:0x0:0x0", CAN_ISOTP, sockaddr_can, sa.can_family = AF_CAN, sa.can_ifindex = 1);
  FORM("can-j1939:2/name=0x123456789abcdef0/pgn=0xfeca/addr=0x20", CAN_J1939, sockaddr_can, sa.can_family = AF_CAN,
       sa.can_ifindex = 2, sa.can_addr.j1939.name = 0x123456789abcdef0, sa.can_addr.j1939.pgn = 0xfeca, sa.can_addr.j1939.addr = 0x20);
  FORM("can-j1939:2", CAN_J1939, sockaddr_can, sa.can_family = AF_CAN, sa.can_ifindex = 2,
       sa.can_addr.j1939.pgn = 0x40000, sa.can_addr.j1939.addr = 0xff);
  FORM("tipc:service:18888:17", -1, sockaddr_tipc, sa.family = AF_TIPC, sa.addrtype = TIPC_SERVICE_ADDR,
       sa.scope = TIPC_CLUSTER_SCOPE, sa.addr.name.name.type = 18888, sa.addr.name.name.instance = 17);
  FORM("tipc:service:1:4294967295/domain=16781313/scope=3", -1, sockaddr_tipc, sa.family = AF_TIPC, sa.addrtype = TIPC_SERVICE_ADDR,
       sa.scope = TIPC_NODE_SCOPE, sa.addr.name.name.type = 1, sa.addr.name.name.instance = 0xffffffff, sa.addr.name.domain = 0x01001001);
  FORM("tipc:range:18888:0:99", -1, sockaddr_tipc, sa.family = AF_TIPC, sa.addrtype = TIPC_SERVICE_RANGE, sa.scope = TIPC_CLUSTER_SCOPE,
       sa.addr.nameseq.type = 18888, sa.addr.nameseq.upper = 99);
  FORM("tipc:range:18888:5:6/scope=-3", -1, sockaddr_tipc, sa.family = AF_TIPC, sa.addrtype = TIPC_SERVICE_RANGE, sa.scope = -TIPC_NODE_SCOPE,
       sa.addr.nameseq.type = 18888, sa.addr.nameseq.lower = 5, sa.addr.nameseq.upper = 6);
  FORM("tipc:socket:0x1001001:2000000", -1, sockaddr_tipc, sa.family = AF_TIPC, sa.addrtype = TIPC_SOCKET_ADDR,
       sa.addr.id.ref = 2000000, sa.addr.id.node = 0x01001001);
  FORM("vsock:2:1234", -1, sockaddr_vm, sa.svm_family = AF_VSOCK, sa.svm_cid = VMADDR_CID_HOST, sa.svm_port = 1234);
  FORM("vsock:4294967295:4294967295/flags=1", -1, sockaddr_vm, sa.svm_family = AF_VSOCK, sa.svm_cid = VMADDR_CID_ANY,
       sa.svm_port = VMADDR_PORT_ANY, sa.svm_flags = VMADDR_FLAG_TO_HOST);
  FORM("alg:hash:sha256", -1, sockaddr_alg, sa.salg_family = AF_ALG, strcpy((char *)sa.salg_type, "hash"), strcpy((char *)sa.salg_name, "sha256"));
  FORM("alg:skcipher:cbc(aes)/feat=0x8/mask=0xf", -1, sockaddr_alg, sa.salg_family = AF_ALG, strcpy((char *)sa.salg_type, "skcipher"),
       strcpy((char *)sa.salg_name, "cbc(aes)"), sa.salg_feat = 8, sa.salg_mask = 15);
  FORM("alg:nnnnnnnnnnnnn:1234567890123456789012345678901234567890123456789012345678901%3a%2f", -1, sockaddr_alg, sa.salg_family = AF_ALG,
       strcpy((char *)sa.salg_type, "nnnnnnnnnnnnn"), strcpy((char *)sa.salg_name, "1234567890123456789012345678901234567890123456789012345678901:/"));
#define LONG "authenc(hmac(sha256-generic),cbc(aes-generic))-and-so-on-until-it-is-longer-than-sixty-four"
  long_alg("alg:aead:" LONG, LONG);
  FORM("qipcrtr:1:2", -1, sockaddr_qrtr, sa.sq_family = AF_QIPCRTR, sa.sq_node = 1, sa.sq_port = 2);
  FORM("qipcrtr:4294967295:4294967294", -1, sockaddr_qrtr, sa.sq_family = AF_QIPCRTR, sa.sq_node = QRTR_NODE_BCAST, sa.sq_port = QRTR_PORT_CTRL);
  FORM("xdp:2:0", -1, sockaddr_xdp, sa.sxdp_family = AF_XDP, sa.sxdp_ifindex = 2);
  FORM("xdp:3:7/flags=0x5/sharedUmemFd=12", -1, sockaddr_xdp, sa.sxdp_family = AF_XDP, sa.sxdp_ifindex = 3, sa.sxdp_queue_id = 7,
       sa.sxdp_flags = XDP_SHARED_UMEM | XDP_ZEROCOPY, sa.sxdp_shared_umem_fd = 12);
  FORM("llc:02:42:ac:11:00:02:4/arphrd=1/test=1/xid=2/ua=3", -1, sockaddr_llc, sa.sllc_family = AF_LLC, sa.sllc_arphrd = ARPHRD_ETHER,
       sa.sllc_test = 1, sa.sllc_xid = 2, sa.sllc_ua = 3, sa.sllc_sap = 4, memcpy(sa.sllc_mac, "\x02\x42\xac\x11\x00\x02", 6));
  close_list();
#ifdef BLUETOOTH
  const bdaddr_t address = {{0xcc, 0xbb, 0xaa, 0x22, 0x11, 0x00}}; /* as str2ba reads 00:11:22:AA:BB:CC */
  open_list("bluetooth");
  FORM("bt-l2cap:00:11:22:AA:BB:CC:25", BTPROTO_L2CAP, sockaddr_l2, sa.l2_family = AF_BLUETOOTH, sa.l2_bdaddr = address, sa.l2_psm = htobs(25));
  FORM("bt-l2cap:00:11:22:AA:BB:CC:0/cid=4/addressType=2", BTPROTO_L2CAP, sockaddr_l2, sa.l2_family = AF_BLUETOOTH, sa.l2_bdaddr = address,
       sa.l2_cid = htobs(4), sa.l2_bdaddr_type = BDADDR_LE_RANDOM);
  FORM("bt-l2cap:00:00:00:00:00:00:4097", BTPROTO_L2CAP, sockaddr_l2, sa.l2_family = AF_BLUETOOTH, sa.l2_psm = htobs(0x1001));
  FORM("bt-rfcomm:00:11:22:AA:BB:CC:30", BTPROTO_RFCOMM, sockaddr_rc, sa.rc_family = AF_BLUETOOTH, sa.rc_bdaddr = address, sa.rc_channel = 30);
  FORM("bt-hci:0", BTPROTO_HCI, sockaddr_hci, sa.hci_family = AF_BLUETOOTH);
  FORM("bt-hci:65535/channel=3", BTPROTO_HCI, sockaddr_hci, sa.hci_family = AF_BLUETOOTH, sa.hci_dev = HCI_DEV_NONE, sa.hci_channel = HCI_CHANNEL_CONTROL);
  FORM("bt-sco:00:11:22:AA:BB:CC", BTPROTO_SCO, sockaddr_sco, sa.sco_family = AF_BLUETOOTH, sa.sco_bdaddr = address);
  close_list();
#endif
}

/* Autobind: bind(2) of nothing but the family; the kernel chooses '\0' and five hexadecimal digits. */
static void unix_autobind(void) {
  struct sockaddr_un sa;
  socklen_t size = sizeof sa;
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  memset(&sa, 0, sizeof sa);
  sa.sun_family = AF_UNIX;
  if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa_family_t))) fail("autobind");
  printf(",\n  \"unixAutobind\": {\"asked\": ");
  hex(&sa, sizeof(sa_family_t));
  if (getsockname(fd, (struct sockaddr *)&sa, &size)) fail("getsockname");
  printf(", \"length\": %u, \"digits\": %zu}", size, strspn(sa.sun_path + 1, "0123456789abcdef"));
  close(fd);
}

/* What inet_pton(3) says of a text, and what inet_ntop(3) makes of its bytes. */
static void text_item(int family, const char *text) {
  unsigned char bytes[16];
  char out[INET6_ADDRSTRLEN];
  item();
  printf("{\"text\": \"%s\", \"bytes\": ", text);
  if (inet_pton(family, text, bytes) == 1) {
    hex(bytes, family == AF_INET ? 4 : 16);
    printf(", \"ntop\": \"%s\"}", inet_ntop(family, bytes, out, sizeof out));
  } else printf("null}");
}

static void ip_text(void) {
  static const char *const four[] = {
      "", "0.0.0.0", "1.2.3.4", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4",
      "01.2.3.4", "1.02.3.4", "1.2.3.00", "1..3.4", "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4", "0x1.2.3.4", "1.2.3.1000",
      "1.2.3.-4", "1,2,3,4", "127.1", "2130706433", "99.199.200.249", "1.2.3.a", "0.0.0.256", "00.0.0.0"};
  static const char *const six[] = {
      "", ":", "::", ":::", "::1", "1::", "1::2", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3", "::1::2", "::1::",
      "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "1:", ":1", "::1:", "12345::", "g::", "ABCD:EF01::", "abcd:ef01::",
      "0001:0002:0003:0004:0005:0006:0007:0008", "00001::", "2001:DB8::1", "2001:db8:0:0:1:0:0:1",
      "2001:db8::1:0:0:1", "2001:0:0:1:0:0:0:1", "0:0:0:0:0:0:0:0", "0:0:0:0:0:0:0:1", "1:0:0:0:0:0:0:0",
      "1:0:2:0:3:0:4:0", "0:1:2:3:4:5:6:7", "1:2:3:4:5:6:7:0", "1:2:0:0:5:6:7:8", "0:0:3:4:5:6:0:0",
      "0:0:0:4:5:0:0:0", "::ffff:1.2.3.4", "::ffff:0:0", "::FFFF:102:304", "::1.2.3.4", "::1:2", "::0.0.1.2",
      "::0.0.0.1", "::fffe:1.2.3.4", "::ffff:0:1.2.3.4", "64:ff9b::192.0.2.33", "1:2:3:4:5:6:1.2.3.4",
      "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5::1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "::1.2.3", "::1.2.3.256", "::01.2.3.4",
      "1.2.3.4::", "::1.2.3.4:5", "1.2.3.4", "::1%1", "::1 ", " ::1", "[::1]", "1:2:3:4:5:6:7:8 ", "fe80::200:5aee:feaa:20a2",
      "1:2:3:4:0:0:7:8", "0:0:1::", "::1:0:0", "::1:0:0:0", "1:0:0:2::"};
  open_list("pton4");
  for (size_t i = 0; i < COUNT(four); i++) text_item(AF_INET, four[i]);
  close_list();
  open_list("pton6");
  for (size_t i = 0; i < COUNT(six); i++) text_item(AF_INET6, six[i]);
  close_list();
}

int main(void) {
  const uint16_t one = 1;
  printf("{\n  \"byteOrder\": \"%s\"", *(const unsigned char *)&one ? "little" : "big");
#ifdef __GLIBC__
  printf(",\n  \"libc\": \"glibc\"");
#else
  printf(",\n  \"libc\": \"other\"");
#endif
  comma = ",";
  layout();
  inet();
  inet6();
  unix_paths();
  unix_kernel();
  packet();
  can();
  unknown();
  struct_layouts();
  structs();
  unix_autobind();
  ip_text();
  printf("\n}\n");
  return ferror(stdout) || fflush(stdout);
}
