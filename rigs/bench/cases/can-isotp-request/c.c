#include "isotp.h"
#include "turns.h"

static int tester, ecu;

static void run(long n) {
  static const char request[] = {0x22, (char)0xf1, (char)0x90}, answer[] = {0x62, (char)0xf1, (char)0x90, 1, 2};
  char buffer[4096];
  while (n--) {
    if (send(tester, request, sizeof request, 0) != sizeof request) turns_die("send");
    if (recv(ecu, buffer, sizeof buffer, 0) != sizeof request) turns_die("recv");
    if (send(ecu, answer, sizeof answer, 0) != sizeof answer) turns_die("send");
    if (recv(tester, buffer, sizeof buffer, 0) != sizeof answer) turns_die("recv");
  }
}

int main(void) {
  if (!make_bus()) return turns_missing("no vcan");
  tester = isotp_end(0x7e0, 0x7e8);
  ecu = isotp_end(0x7e8, 0x7e0);
  if (tester < 0 || ecu < 0) return turns_missing("no can-isotp");
  return turns(run);
}
