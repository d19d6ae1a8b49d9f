#include "turns.h"
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static int loop, ping, pong;
static struct sockaddr_in to;
static char message[64], buffer[64];

/* Wait until one of the two is readable, and read it: one turn of an event loop. */
static int next(struct sockaddr_in *from, socklen_t *length) {
  struct epoll_event event;
  if (epoll_wait(loop, &event, 1, -1) != 1) turns_die("epoll_wait");
  if (recvfrom(event.data.fd, buffer, sizeof buffer, 0, (struct sockaddr *)from, length) != sizeof buffer)
    turns_die("recvfrom");
  return event.data.fd;
}

static void run(long n) {
  while (n--) {
    if (sendto(ping, message, sizeof message, 0, (struct sockaddr *)&to, sizeof to) != sizeof message)
      turns_die("sendto");
    for (;;) {
      struct sockaddr_in from;
      socklen_t length = sizeof from;
      if (next(&from, &length) == ping) break;
      if (sendto(pong, buffer, sizeof buffer, 0, (struct sockaddr *)&from, length) != sizeof buffer)
        turns_die("sendto");
    }
  }
}

static int watched(void) {
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&loopback, sizeof loopback)) turns_die("socket, bind");
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event)) turns_die("epoll_ctl");
  return fd;
}

int main(void) {
  socklen_t length = sizeof to;
  loop = epoll_create1(EPOLL_CLOEXEC);
  if (loop < 0) turns_die("epoll_create1");
  ping = watched();
  pong = watched();
  if (getsockname(pong, (struct sockaddr *)&to, &length)) turns_die("getsockname");
  return turns(run);
}
