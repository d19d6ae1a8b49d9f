#include "turns.h"
#include <sys/epoll.h>
#include <sys/socket.h>

static int loop, fds[2];
static char message[64], buffer[64];

/* Interest in room, only while there is none. */
static void want_room(int wanted) {
  struct epoll_event event = {.events = wanted ? EPOLLOUT : 0, .data.fd = fds[0]};
  if (epoll_ctl(loop, EPOLL_CTL_MOD, fds[0], &event)) turns_die("epoll_ctl");
}

static void run(long n) {
  long unsent = n, due = n;
  int full = 0;
  while (due > 0) {
    while (unsent > 0 && !full) {
      if (send(fds[0], message, sizeof message, 0) == sizeof message) unsent--;
      else if (errno == EAGAIN) want_room(full = 1);
      else turns_die("send");
    }
    struct epoll_event events[2];
    int count = epoll_wait(loop, events, 2, -1);
    if (count < 0) turns_die("epoll_wait");
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == fds[0]) {
        if (full) want_room(full = 0);
        continue;
      }
      ssize_t length;
      while ((length = recv(fds[1], buffer, sizeof buffer, 0)) == sizeof buffer) due--;
      if (length >= 0 || errno != EAGAIN) turns_die("recv");
    }
  }
}

int main(void) {
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds)) turns_die("socketpair");
  loop = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event out = {.data.fd = fds[0]}, in = {.events = EPOLLIN, .data.fd = fds[1]};
  if (loop < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fds[0], &out) || epoll_ctl(loop, EPOLL_CTL_ADD, fds[1], &in))
    turns_die("epoll");
  return turns(run);
}
