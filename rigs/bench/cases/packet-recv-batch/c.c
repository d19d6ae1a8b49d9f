#define _GNU_SOURCE
#include "flood/receive.h"

int main(void) { return receive_turns(0); }
