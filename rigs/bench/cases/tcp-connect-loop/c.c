#include "turns.h"
#include <arpa/inet.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { at_once = 8 };
static int loop, turn;
static struct sockaddr_in address;

/* Accept and close, as often as the loop says that somebody is there. */
static void accept_all(int listener) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) turns_die("epoll");
  for (;;) {
    if (epoll_wait(epoll, &event, 1, -1) < 0) turns_die("epoll_wait");
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) close(fd);
    if (errno != EAGAIN) turns_die("accept4");
  }
}

static void begin(void) {
  struct sockaddr_in to = address;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % 250);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)) turns_die("connect");
  /* The other end closes: what there is to be read is the end. */
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event)) turns_die("epoll_ctl");
}

static void run(long n) {
  long begun = 0, done = 0;
  for (; begun < n && begun < at_once; begun++) begin();
  while (done < n) {
    struct epoll_event events[at_once];
    int count = epoll_wait(loop, events, at_once, -1);
    if (count < 0) turns_die("epoll_wait");
    for (int i = 0; i < count; i++) {
      char byte;
      if (recv(events[i].data.fd, &byte, 1, 0) != 0) turns_die("not closed");
      close(events[i].data.fd);
      done++;
      if (begun < n) {
        begun++;
        begin();
      }
    }
  }
}

int main(void) {
  socklen_t length = sizeof address;
  address.sin_family = AF_INET;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 511) ||
      getsockname(listener, (struct sockaddr *)&address, &length))
    turns_die("listener");
  pid_t parent = getpid(), child = fork();
  if (child < 0) turns_die("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* the other process has ended */
    if (getppid() != parent) return 0;
    fclose(stdin);
    fclose(stdout);
    accept_all(listener);
  }
  close(listener);
  loop = epoll_create1(EPOLL_CLOEXEC);
  if (loop < 0) turns_die("epoll_create1");
  return turns(run);
}
