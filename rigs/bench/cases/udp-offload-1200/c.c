#include "turns.h"
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

enum { size = 1200, window = 50 };
static int a, b;
static struct sockaddr_in to;
static char message[size * window], buffer[65535];
static long surplus; /* what an earlier batch received beyond its operations */

/* The datagrams of one call: each one's length and first byte. */
static int receive(void) {
  union {
    char bytes[256];
    struct cmsghdr align;
  } control;
  struct sockaddr_storage from;
  struct iovec place = {buffer, sizeof buffer};
  struct msghdr header = {.msg_name = &from,
                          .msg_namelen = sizeof from,
                          .msg_iov = &place,
                          .msg_iovlen = 1,
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof control.bytes};
  ssize_t length = recvmsg(b, &header, 0);
  if (length < 0) turns_die("recvmsg");
  int segment = length, count = 0;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c))
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) memcpy(&segment, CMSG_DATA(c), sizeof segment);
  for (ssize_t at = 0; at < length; at += segment, count++)
    if ((length - at < segment ? length - at : segment) != size || buffer[at] != 'x') turns_die("not what was sent");
  return count;
}

static void run(long n) {
  long left = n - surplus;
  while (left > 0) {
    union {
      char bytes[CMSG_SPACE(sizeof(uint16_t))];
      struct cmsghdr align;
    } control = {{0}};
    struct iovec place = {message, sizeof message};
    struct msghdr header = {.msg_name = &to,
                            .msg_namelen = sizeof to,
                            .msg_iov = &place,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    uint16_t segment = size;
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
    if (sendmsg(a, &header, 0) != sizeof message) turns_die("sendmsg");
    for (int due = window; due > 0;) due -= receive();
    left -= window;
  }
  surplus = -left;
}

static int bound(void) {
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&loopback, sizeof loopback)) turns_die("socket, bind");
  return fd;
}

int main(void) {
  socklen_t length = sizeof to;
  int on = 1, room = 1 << 20;
  a = bound();
  b = bound();
  memset(message, 'x', sizeof message);
  if (getsockname(b, (struct sockaddr *)&to, &length)) turns_die("getsockname");
  if (setsockopt(b, SOL_UDP, UDP_GRO, &on, sizeof on)) return turns_missing("this kernel has no UDP_GRO");
  if (setsockopt(b, SOL_SOCKET, SO_RCVBUF, &room, sizeof room)) turns_die("SO_RCVBUF");
  return turns(run);
}
