/* What a C program does that receives by TPACKET_V3 and counts bytes: Documentation/networking/packet_mmap.rst. */
#ifndef RING_H
#define RING_H

#include "link.h"
#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define RING_BLOCK (1 << 20)
#define RING_BLOCKS 64
#define RING_BURSTS 256 /* of a turn, at most */

static inline double ring_cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e9 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e3;
}

/* A ring on rx: its memory. */
static inline unsigned char *ring_open(int *fd) {
  int version = TPACKET_V3;
  *fd = link_socket("rx", 0, 0);
  struct tpacket_req3 request = {.tp_block_size = RING_BLOCK,
                                 .tp_block_nr = RING_BLOCKS,
                                 .tp_frame_size = RING_BLOCK,
                                 .tp_frame_nr = RING_BLOCKS,
                                 .tp_retire_blk_tov = 10};
  if (setsockopt(*fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version)) turns_die("PACKET_VERSION");
  if (setsockopt(*fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request)) turns_die("PACKET_RX_RING");
  unsigned char *memory = mmap(NULL, (size_t)RING_BLOCK * RING_BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (memory == MAP_FAILED) turns_die("mmap");
  struct sockaddr_ll from = {.sll_family = AF_PACKET, .sll_protocol = htons(3), .sll_ifindex = if_nametoindex("rx")};
  if (bind(*fd, (struct sockaddr *)&from, sizeof from)) turns_die("bind");
  return memory;
}

/* Reads the next block, when there is one, and gives it back. Whether there was. */
static inline int ring_next(unsigned char *memory, int *next, unsigned long long *packets, unsigned long long *bytes) {
  struct tpacket_block_desc *block = (struct tpacket_block_desc *)(memory + (size_t)*next * RING_BLOCK);
  if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) return 0;
  unsigned char *at = (unsigned char *)block + block->hdr.bh1.offset_to_first_pkt;
  for (unsigned i = block->hdr.bh1.num_pkts; i > 0; i--) {
    struct tpacket3_hdr *packet = (struct tpacket3_hdr *)at;
    *bytes += packet->tp_len;
    *packets += 1;
    at += packet->tp_next_offset;
  }
  __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  *next = (*next + 1) % RING_BLOCKS;
  return 1;
}

static inline void ring_wait(int fd) {
  struct pollfd one = {fd, POLLIN, 0};
  poll(&one, 1, 100);
}

/* Answers turns with packets a second, or with nanoseconds of this process's time for each. */
static inline int ring_receive(int cpu) {
  int commands = link_start(), fd, next = 0;
  if (commands < 0) return turns_missing("network namespaces and veth take root's rights");
  unsigned char *memory = ring_open(&fd);
  char line[64];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    double ms;
    if (sscanf(line, "turn %lf", &ms) != 1) return 1;
    if (write(commands, "g", 1) != 1) turns_die("write");
    unsigned long long packets = 0, bytes = 0;
    double used = ring_cpu();
    long long start = turns_now(), end = start + (long long)(ms * 1e6), now = start;
    while ((now = turns_now()) < end)
      if (!ring_next(memory, &next, &packets, &bytes)) ring_wait(fd);
    used = ring_cpu() - used;
    if (write(commands, "s", 1) != 1) turns_die("write");
    if (bytes != packets * LINK_LENGTH || packets == 0) turns_die("other bytes than were sent");
    printf("value %f\n", cpu ? used / packets : packets * 1e9 / (now - start));
    fflush(stdout);
  }
  return 0;
}

static inline int ring_earlier(const void *a, const void *b) {
  long long one = *(const long long *)a, other = *(const long long *)b;
  return (one > other) - (one < other);
}

/* Answers turns with packets a second of bursts that lie ready: of the median one. */
static inline int ring_drain(void) {
  int commands = link_start(), fd, next = 0;
  if (commands < 0) return turns_missing("network namespaces and veth take root's rights");
  unsigned char *memory = ring_open(&fd);
  char line[64];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    double ms;
    if (sscanf(line, "turn %lf", &ms) != 1) return 1;
    unsigned long long packets = 0, bytes = 0, bursts = 0;
    long long times[RING_BURSTS], end = turns_now() + (long long)(ms * 1e6);
    while (bursts < RING_BURSTS && turns_now() < end) {
      if (write(commands, "b", 1) != 1) turns_die("write");
      for (unsigned came = 0; came < LINK_BURST;) {
        struct tpacket_stats_v3 counts;
        socklen_t length = sizeof counts;
        usleep(1000);
        if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &counts, &length)) turns_die("PACKET_STATISTICS");
        came += counts.tp_packets;
      }
      usleep(25000);
      long long start = turns_now();
      while (packets < (bursts + 1) * LINK_BURST)
        if (!ring_next(memory, &next, &packets, &bytes)) ring_wait(fd);
      times[bursts++] = turns_now() - start;
    }
    if (bytes != packets * LINK_LENGTH || packets != bursts * LINK_BURST) turns_die("other bytes than were sent");
    qsort(times, bursts, sizeof *times, ring_earlier);
    printf("value %f\n", LINK_BURST * 1e9 / times[bursts / 2]);
    fflush(stdout);
  }
  return 0;
}

#endif
