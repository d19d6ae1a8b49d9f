/*
 * Prints, as JSON, control messages that this machine's kernel gives: whole, as recvmsg(2) left them in msg_control, of which there were
 * "room" bytes. Nothing in them depends on the machine, but a kernel may lack some, or the network: these are left out.
 *   cc -o kernel kernel.c && ./kernel > kernel.json
 * Only unprivileged calls, on the loopback interface.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

static const char *comma = "";

static int on(int fd, int level, int name) {
  int one = 1;
  return setsockopt(fd, level, name, &one, sizeof one);
}

/* One message of `fd`, within a second. */
static void received(const char *what, int fd, int flags, size_t room) {
  union {
    char bytes[1024];
    struct cmsghdr align;
  } control;
  char data[4096];
  struct iovec iov = {data, sizeof data};
  struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = room};
  struct pollfd ready = {.fd = fd, .events = flags & MSG_ERRQUEUE ? 0 : POLLIN};
  memset(&control, 0xaa, sizeof control);
  if (poll(&ready, 1, 1000) != 1 || recvmsg(fd, &msg, flags | MSG_DONTWAIT) < 0) return;
  printf("%s\n    {\"what\": \"%s\", \"room\": %zu, \"truncated\": %s, \"control\": \"", comma, what, room,
         msg.msg_flags & MSG_CTRUNC ? "true" : "false");
  comma = ",";
  for (size_t i = 0; i < msg.msg_controllen; i++) printf("%02x", (unsigned char)control.bytes[i]);
  printf("\"}");
}

/* Sends with two integers as control messages, to itself. */
static int send_with(int fd, const void *to, socklen_t tolen, int level, int type1, int value1, int type2, int value2) {
  union {
    char bytes[2 * CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  struct iovec iov = {"x", 1};
  struct msghdr msg = {.msg_name = (void *)to, .msg_namelen = tolen, .msg_iov = &iov, .msg_iovlen = 1,
                       .msg_control = control.bytes, .msg_controllen = sizeof control};
  memset(&control, 0, sizeof control);
  struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
  int types[] = {type1, type2}, values[] = {value1, value2};
  for (int i = 0; i < 2; i++, cmsg = CMSG_NXTHDR(&msg, cmsg)) {
    cmsg->cmsg_level = level;
    cmsg->cmsg_type = types[i];
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &values[i], sizeof(int));
  }
  return sendmsg(fd, &msg, 0);
}

static int udp4(struct sockaddr_in *at) {
  socklen_t length = sizeof *at;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  memset(at, 0, sizeof *at);
  at->sin_family = AF_INET;
  at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (void *)at, sizeof *at) < 0) return -1;
  getsockname(fd, (void *)at, &length);
  return fd;
}

static void ipv4(void) {
  struct sockaddr_in at;
  int fd = udp4(&at);
  if (fd < 0) return;
  on(fd, SOL_IP, IP_PKTINFO), on(fd, SOL_IP, IP_RECVTTL), on(fd, SOL_IP, IP_RECVTOS);
  /* 72, 60: the third has its header alone, or not even that; 52: the second ends without padding; below, none behind the first. */
  const size_t rooms[] = {1024, 72, 60, 52, 40, 33, 20, 16, 15, 0};
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
    if (send_with(fd, &at, sizeof at, SOL_IP, IP_TTL, 33, IP_TOS, 0xb9) == 1) received("ipv4", fd, 0, rooms[i]);
  close(fd);
}

static void ipv6(void) {
  struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  socklen_t length = sizeof at;
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (void *)&at, sizeof at) < 0) return;
  getsockname(fd, (void *)&at, &length);
  on(fd, SOL_IPV6, IPV6_RECVPKTINFO), on(fd, SOL_IPV6, IPV6_RECVHOPLIMIT), on(fd, SOL_IPV6, IPV6_RECVTCLASS);
  const size_t rooms[] = {1024, 60};
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
    if (send_with(fd, &at, sizeof at, SOL_IPV6, IPV6_HOPLIMIT, 7, IPV6_TCLASS, 0x2a) == 1) received("ipv6", fd, 0, rooms[i]);
  close(fd);
}

static void refused(void) {
  struct sockaddr_in at;
  int gone = udp4(&at), fd = socket(AF_INET, SOCK_DGRAM, 0);
  close(gone);
  on(fd, SOL_IP, IP_RECVERR);
  if (connect(fd, (void *)&at, sizeof at) == 0 && send(fd, "x", 1, 0) == 1) received("refused", fd, MSG_ERRQUEUE, 1024);
  close(fd);
}

static void zero_copy(void) {
  struct sockaddr_in at;
  int fd = udp4(&at);
  if (fd < 0) return;
  if (on(fd, SOL_SOCKET, SO_ZEROCOPY) == 0 && connect(fd, (void *)&at, sizeof at) == 0 && send(fd, "x", 1, MSG_ZEROCOPY) == 1) {
    char data[8];
    if (recv(fd, data, sizeof data, 0) == 1) received("zero-copy", fd, MSG_ERRQUEUE, 1024);
  }
  close(fd);
}

static void coalesced(void) {
  struct sockaddr_in at;
  int fd = udp4(&at), size = 100;
  char data[300] = {0};
  if (fd < 0) return;
  if (on(fd, SOL_UDP, UDP_GRO) == 0 && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof size) == 0 &&
      sendto(fd, data, sizeof data, 0, (void *)&at, sizeof at) == sizeof data)
    received("coalesced", fd, 0, 1024);
  close(fd);
}

static void netlink(void) {
  struct {
    struct nlmsghdr header;
    struct rtgenmsg body;
  } ask = {{.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
           {.rtgen_family = AF_UNSPEC}};
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  on(fd, SOL_NETLINK, NETLINK_PKTINFO);
  if (send(fd, &ask, ask.header.nlmsg_len, 0) > 0) received("netlink", fd, 0, 1024);
  close(fd);
}

int main(void) {
  printf("{\n  \"from\": \"packages/core/vectors/cmsg/kernel.c\",\n  \"received\": [");
  ipv4();
  ipv6();
  refused();
  zero_copy();
  coalesced();
  netlink();
  printf("\n  ]\n}\n");
  return 0;
}
