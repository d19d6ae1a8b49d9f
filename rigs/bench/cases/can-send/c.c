#define _GNU_SOURCE
#include "vcan.h"

static int out;

static void run(long n) {
  for (; n > 0; n -= MANY) {
    fill();
    send_all(out, n < MANY ? (int)n : MANY);
  }
}

int main(void) {
  if (!make_bus()) return turns_missing("no vcan");
  out = vcan(0);
  return turns(run);
}
