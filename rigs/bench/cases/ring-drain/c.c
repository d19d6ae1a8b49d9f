#define _GNU_SOURCE
#include "ring.h"

int main(void) { return ring_drain(); }
