/* Raw CAN sockets on a virtual bus, and messages of one frame each. */
#ifndef VCAN_H
#define VCAN_H

#include "bus.h"
#include "turns.h"
#include <linux/can.h>
#include <linux/can/raw.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define MANY 64

static struct canfd_frame frames[MANY];
static struct iovec parts[MANY];
static struct mmsghdr messages[MANY];

static int vcan(int receives) {
  struct sockaddr_can to = {.can_family = AF_CAN, .can_ifindex = (int)if_nametoindex(bus)};
  int fd = socket(AF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);
  if (fd < 0) turns_die("socket");
  if (!receives && setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0)) turns_die("CAN_RAW_FILTER");
  if (bind(fd, (struct sockaddr *)&to, sizeof to)) turns_die("bind");
  return fd;
}

static void messages_of(size_t size) {
  for (int i = 0; i < MANY; i++) {
    parts[i] = (struct iovec){.iov_base = &frames[i], .iov_len = size};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
}

static void fill(void) {
  messages_of(CAN_MTU);
  for (int i = 0; i < MANY; i++) {
    memset(&frames[i], 0, sizeof frames[i]);
    frames[i].can_id = (canid_t)i;
    frames[i].len = 8;
    memset(frames[i].data, i, 8);
  }
}

static void send_all(int fd, int count) {
  for (int sent = 0; sent < count;) {
    int now = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
    if (now < 0) turns_die("sendmmsg");
    sent += now;
  }
}

#endif
