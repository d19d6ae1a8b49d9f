#include "turns.h"
#include <sys/socket.h>

static int fds[2];
static char message[64], buffer[64];

static void run(long n) {
  while (n--) {
    if (send(fds[0], message, sizeof message, 0) != sizeof message) turns_die("send");
    if (recv(fds[1], buffer, sizeof buffer, 0) != sizeof buffer) turns_die("recv");
  }
}

int main(void) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) turns_die("socketpair");
  return turns(run);
}
