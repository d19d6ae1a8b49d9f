#include "isotp.h"
#include "turns.h"

static int from, to;

static void run(long n) {
  static char message[4095], buffer[8192];
  while (n--) {
    if (send(from, message, sizeof message, 0) != sizeof message) turns_die("send");
    if (recv(to, buffer, sizeof buffer, 0) != sizeof message) turns_die("recv");
  }
}

int main(void) {
  if (!make_bus()) return turns_missing("no vcan");
  from = isotp_end(0x7e0, 0x7e8);
  to = isotp_end(0x7e8, 0x7e0);
  if (from < 0 || to < 0) return turns_missing("no can-isotp");
  return turns(run);
}
