/*
 * A link between two network namespaces that end with this process, and packets over it as fast as they go: 60 bytes each, 64 with a
 * system call. Says "link PID", where /proc/PID/ns/net has the other end, eth1. Sends from '1' on its standard input to '0', and ends
 * with it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLOOD_MESSAGES = 64, FLOOD_SIZE = 60, PRIVATE = 0x88b5 };

static void die(const char *what) {
  fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
  exit(1);
}

int main(void) {
  int made[2];
  char command[256], byte;
  if (pipe(made)) die("pipe");
  pid_t other = fork();
  if (other < 0) die("fork");
  if (other == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWNET)) _exit(1);
    if (write(made[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(made[1]);
  if (read(made[0], &byte, 1) != 1 || unshare(CLONE_NEWNET)) die("unshare");
  snprintf(command, sizeof command, "ip link add eth0 type veth peer name eth1 netns %d && ip link set eth0 up", other);
  if (system(command) != 0) die("ip");
  snprintf(command, sizeof command, "nsenter --net=/proc/%d/ns/net ip link set eth1 up", other);
  if (system(command) != 0) die("nsenter");

  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  int on = 1;
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("eth0")};
  if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) ||
      bind(fd, (struct sockaddr *)&address, sizeof address))
    die("socket");
  unsigned char frame[FLOOD_SIZE];
  memset(frame, 0xff, 6);
  memset(frame + 6, 2, 6);
  memset(frame + 14, 'x', FLOOD_SIZE - 14);
  frame[12] = PRIVATE >> 8;
  frame[13] = PRIVATE & 0xff;
  struct iovec part = {frame, FLOOD_SIZE};
  struct mmsghdr messages[FLOOD_MESSAGES];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < FLOOD_MESSAGES; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
  printf("link %d\n", other);
  fflush(stdout);
  int sending = 0;
  for (;;) {
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, sending ? 0 : -1) < 0) die("poll");
    if (input.revents != 0) {
      if (read(STDIN_FILENO, &byte, 1) <= 0) break;
      sending = byte == '1';
    }
    for (int i = 0; sending && i < 16; i++)
      if (sendmmsg(fd, messages, FLOOD_MESSAGES, 0) < 0 && errno != ENOBUFS) die("sendmmsg");
  }
  kill(other, SIGKILL);
  return 0;
}
