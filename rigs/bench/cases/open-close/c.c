#include "turns.h"
#include <sys/socket.h>
#include <unistd.h>

static void run(long n) {
  while (n--) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || close(fd)) turns_die("socket, close");
  }
}

int main(void) { return turns(run); }
