/* A flood's packets by recvmmsg, each with its address, its time and its auxiliary data, as our captures have them. */
#ifndef RECEIVE_H
#define RECEIVE_H

#include "turns.h"
#define main flood_main
#include "flood/flood.c"
#undef main
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGES = 64, SNAP = 256, CONTROL = 160 };

static char payload[MESSAGES][SNAP], control[MESSAGES][CONTROL];
static struct sockaddr_ll addresses[MESSAGES];
static struct iovec parts[MESSAGES];
static struct mmsghdr messages[MESSAGES];

/* Starts the sender and opens a socket at the other end; gives where the sender is told to start and to stop. */
static inline int flood_start(int *fd) {
  int in[2], out[2];
  if (pipe(in) || pipe(out)) turns_die("pipe");
  pid_t child = fork();
  if (child < 0) turns_die("fork");
  if (child == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
    _exit(flood_main());
  }
  close(in[0]);
  close(out[1]);
  fcntl(in[1], F_SETFD, FD_CLOEXEC);
  FILE *said = fdopen(out[0], "r");
  int pid;
  char path[64];
  if (said == NULL || fscanf(said, "link %d", &pid) != 1) return -1;
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET)) turns_die("setns");
  int on = 1, room = 16 << 20;
  *fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex("eth1")};
  if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) ||
      setsockopt(*fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) ||
      setsockopt(*fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) ||
      bind(*fd, (struct sockaddr *)&address, sizeof address))
    turns_die("packet socket");
  return in[1];
}

/* One call's packets; how many. Bytes on the wire are added up, as the auxiliary data say them. */
static inline long receive(int fd, long long *bytes) {
  for (int i = 0; i < MESSAGES; i++) {
    parts[i] = (struct iovec){payload[i], SNAP};
    messages[i].msg_hdr = (struct msghdr){.msg_name = &addresses[i],
                                          .msg_namelen = sizeof addresses[i],
                                          .msg_iov = &parts[i],
                                          .msg_iovlen = 1,
                                          .msg_control = control[i],
                                          .msg_controllen = CONTROL};
  }
  int count = recvmmsg(fd, messages, MESSAGES, MSG_WAITFORONE | MSG_TRUNC, NULL);
  if (count <= 0) turns_die("recvmmsg");
  for (int i = 0; i < count; i++)
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&messages[i].msg_hdr); one; one = CMSG_NXTHDR(&messages[i].msg_hdr, one))
      if (one->cmsg_level == SOL_PACKET && one->cmsg_type == PACKET_AUXDATA)
        *bytes += ((struct tpacket_auxdata *)CMSG_DATA(one))->tp_len;
  return count;
}

static inline double used(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

/* Answers turns: packets a second, or nanoseconds of processor time a packet. */
static inline int receive_turns(int per_packet) {
  int fd;
  int tell = flood_start(&fd);
  if (tell < 0) return turns_missing("network namespaces take CAP_SYS_ADMIN, CAP_NET_ADMIN and iproute2");
  char line[64];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    double ms;
    if (sscanf(line, "turn %lf", &ms) != 1) return 1;
    if (write(tell, "1", 1) != 1) turns_die("flood");
    long long bytes = 0;
    receive(fd, &bytes);
    long long count = 0, start = turns_now(), now = start;
    double before = used();
    for (; now - start < ms * 1e6; now = turns_now()) count += receive(fd, &bytes);
    double spent = used() - before;
    if (write(tell, "0", 1) != 1) turns_die("flood");
    if (bytes < count * 60) turns_die("bytes");
    usleep(20000);
    while (recv(fd, payload, 1, MSG_DONTWAIT) >= 0);
    printf("value %.1f\n", per_packet ? spent / count : count * 1e9 / (now - start));
    fflush(stdout);
  }
  return 0;
}

#endif
