#include "turns.h"
#include <sys/socket.h>

static int fd;

static void run(long n) {
  while (n--) {
    int value;
    socklen_t length = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_PRIORITY, &value, &length) || value != 3) turns_die("getsockopt");
    if (setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &value, sizeof value)) turns_die("setsockopt");
  }
}

int main(void) {
  int value = 3;
  if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0) turns_die("socket");
  if (setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &value, sizeof value)) turns_die("setsockopt");
  return turns(run);
}
