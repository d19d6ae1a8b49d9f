/* One end of an ISO-TP connection on a bus of its own, with no pauses between frames. */
#ifndef ISOTP_H
#define ISOTP_H

#include "bus.h"
#include <linux/can.h>
#include <linux/can/isotp.h>
#include <sys/socket.h>

/* A descriptor, or -1 where there is no can-isotp, or no bus. */
static inline int isotp_end(canid_t tx, canid_t rx) {
  struct can_isotp_options options = {.txpad_content = 0xcc, .rxpad_content = 0xcc};
  struct sockaddr_can address = {.can_family = AF_CAN, .can_ifindex = (int)if_nametoindex(bus)};
  int fd = socket(AF_CAN, SOCK_DGRAM | SOCK_CLOEXEC, CAN_ISOTP);
  if (fd < 0) return -1;
  options.frame_txtime = CAN_ISOTP_FRAME_TXTIME_ZERO;
  address.can_addr.tp.tx_id = tx;
  address.can_addr.tp.rx_id = rx;
  if (setsockopt(fd, SOL_CAN_ISOTP, CAN_ISOTP_OPTS, &options, sizeof options) ||
      bind(fd, (struct sockaddr *)&address, sizeof address)) {
    close(fd);
    return -1;
  }
  return fd;
}

#endif
