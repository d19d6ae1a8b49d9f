/*
 * A link of one's own for cases about packets: a child in a network namespace of its own, with the interfaces rx and tx, a veth pair,
 * that sends frames from tx on as fast as it can while it is told to.
 */
#ifndef LINK_H
#define LINK_H

#ifndef _GNU_SOURCE
#error "#define _GNU_SOURCE comes first: unshare(2), sendmmsg(2)"
#endif
#include "turns.h"
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINK_LENGTH 60 /* of a frame: the least that Ethernet has, without its checksum */
#define LINK_BATCH 64
#define LINK_BURST (500 * LINK_BATCH) /* what 'b' sends: a ring of 64 MiB holds them, libpcap's too */

static const unsigned char link_frame[LINK_LENGTH] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};

/* A packet socket bound to an interface of this namespace, receiving what has this EtherType (in network order). */
static inline int link_socket(const char *name, int protocol, int bound) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) turns_die("socket");
  if (!bound) return fd;
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = protocol, .sll_ifindex = if_nametoindex(name)};
  if (bind(fd, (struct sockaddr *)&to, sizeof to)) turns_die("bind");
  return fd;
}

/* Sends between 'g' and 's' on the descriptor, and for each 'b' a burst, until its end. */
static inline void link_generate(int commands) {
  static struct mmsghdr messages[LINK_BATCH];
  static struct iovec part = {(void *)link_frame, LINK_LENGTH};
  int fd = link_socket("tx", 0, 1), on = 1, going = 0;
  setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
  for (int i = 0; i < LINK_BATCH; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
  for (;;) {
    struct pollfd one = {commands, POLLIN, 0};
    if (poll(&one, 1, going ? 0 : -1) > 0) {
      char command;
      if (read(commands, &command, 1) < 1) _exit(0);
      if (command == 'g' || command == 's') going = command == 'g';
      for (int sent = 0; command == 'b' && sent < LINK_BURST; sent += LINK_BATCH) sendmmsg(fd, messages, LINK_BATCH, 0);
      continue;
    }
    for (int i = 0; i < 16 && going; i++) sendmmsg(fd, messages, LINK_BATCH, 0);
  }
}

/* Has an interface take no larger packets than its MTU: libpcap makes room for 64 KiB in each place of its ring otherwise. */
static inline int link_plain(const char *name) {
  static const unsigned features[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result = 0;
  for (unsigned i = 0; i < sizeof features / sizeof *features && result == 0; i++) {
    struct ethtool_value off = {.cmd = features[i]};
    struct ifreq request = {.ifr_data = (void *)&off};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    result = ioctl(fd, SIOCETHTOOL, &request);
  }
  close(fd);
  return result;
}

/* Makes this process's namespace and its link. 0, or -1 when it may not. */
static inline int link_make(void) {
  if (unshare(CLONE_NEWNET)) return -1;
  if (system("PATH=$PATH:/usr/sbin:/sbin; for c in all default; do echo 1 >/proc/sys/net/ipv6/conf/$c/disable_ipv6; done 2>/dev/null;"
                "ip link add name tx type veth peer name rx && ip link set dev tx up && ip link set dev rx up") != 0)
    return -1;
  return link_plain("rx");
}

/* Starts the child that sends, and enters its namespace. The descriptor for its commands, or -1 when that may not be. */
static inline int link_start(void) {
  int commands[2], told[2];
  char made = 0;
  if (pipe2(commands, O_CLOEXEC) || pipe2(told, O_CLOEXEC)) turns_die("pipe2");
  pid_t child = fork();
  if (child < 0) turns_die("fork");
  if (child == 0) {
    close(commands[1]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    made = link_make() == 0 ? 'y' : 'n';
    if (write(told[1], &made, 1) != 1 || made == 'n') _exit(0);
    link_generate(commands[0]);
  }
  if (read(told[0], &made, 1) != 1 || made != 'y') return -1;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/net", (int)child);
  int namespace = open(path, O_RDONLY | O_CLOEXEC);
  if (namespace < 0 || setns(namespace, CLONE_NEWNET)) turns_die("setns");
  close(namespace);
  return commands[1];
}

#endif
