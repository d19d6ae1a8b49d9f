#include "turns.h"
#include <arpa/inet.h>
#include <sys/socket.h>

static int a, b;
static struct sockaddr_in to;
static char message[64], buffer[64];

static void run(long n) {
  while (n--) {
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    if (sendto(a, message, sizeof message, 0, (struct sockaddr *)&to, sizeof to) != sizeof message)
      turns_die("sendto");
    if (recvfrom(b, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length) != sizeof buffer)
      turns_die("recvfrom");
  }
}

static int bound(void) {
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&loopback, sizeof loopback)) turns_die("socket, bind");
  return fd;
}

int main(void) {
  socklen_t length = sizeof to;
  a = bound();
  b = bound();
  if (getsockname(b, (struct sockaddr *)&to, &length)) turns_die("getsockname");
  return turns(run);
}
