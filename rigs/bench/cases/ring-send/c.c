#define _GNU_SOURCE
#include "link.h"
#include <sys/mman.h>

#define FRAMES 1024
#define SIZE 2048
#define BATCH 64

static int fd;
static unsigned char *memory;
static unsigned next;

static void flush(void) {
  if (send(fd, NULL, 0, MSG_DONTWAIT) < 0 && errno != EAGAIN && errno != ENOBUFS) turns_die("send");
}

static void run(long n) {
  for (long i = 1; i <= n; i++) {
    struct tpacket2_hdr *frame = (struct tpacket2_hdr *)(memory + (size_t)next * SIZE);
    while ((__atomic_load_n(&frame->tp_status, __ATOMIC_ACQUIRE) & 7) != TP_STATUS_AVAILABLE) flush();
    memcpy((unsigned char *)frame + TPACKET2_HDRLEN - sizeof(struct sockaddr_ll), link_frame, LINK_LENGTH);
    frame->tp_len = LINK_LENGTH;
    __atomic_store_n(&frame->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
    next = (next + 1) % FRAMES;
    if (i % BATCH == 0 || i == n) flush();
  }
}

int main(void) {
  if (link_start() < 0) return turns_missing("network namespaces and veth take root's rights");
  int version = TPACKET_V2, on = 1;
  struct tpacket_req request = {65536, FRAMES * SIZE / 65536, SIZE, FRAMES};
  fd = link_socket("tx", 0, 1);
  if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version)) turns_die("PACKET_VERSION");
  if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on)) turns_die("PACKET_QDISC_BYPASS");
  if (setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof request)) turns_die("PACKET_TX_RING");
  memory = mmap(NULL, FRAMES * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) turns_die("mmap");
  return turns(run);
}
