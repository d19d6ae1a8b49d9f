/* link.h's child as a program, for contenders in JavaScript: says "ready" or "missing", then takes commands. */
#define _GNU_SOURCE
#include "link.h"

int main(void) {
  if (link_make()) return turns_missing("network namespaces and veth take root's rights");
  puts("ready");
  fflush(stdout);
  link_generate(0);
}
