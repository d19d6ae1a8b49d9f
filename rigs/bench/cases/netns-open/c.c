#define _GNU_SOURCE
#include "turns.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

static int namespace;

static void *abroad(void *made) {
  if (setns(namespace, CLONE_NEWNET) == 0)
    *(int *)made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return NULL;
}

static void run(long n) {
  while (n--) {
    int fd = -1;
    pthread_t thread;
    if (pthread_create(&thread, NULL, abroad, &fd) || pthread_join(thread, NULL)) turns_die("pthread_create");
    if (fd < 0 || close(fd)) turns_die("setns, socket, close");
  }
}

int main(void) {
  namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (setns(namespace, CLONE_NEWNET)) return turns_missing("setns(2) takes CAP_SYS_ADMIN");
  return turns(run);
}
