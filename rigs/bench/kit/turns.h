/* The contender's side of the turns, for C. What goes over stdin and stdout is in ../README.md. */
#ifndef TURNS_H
#define TURNS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline long long turns_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Leave with a word on what failed: a crashed contender. */
static inline void turns_die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

/* This machine cannot run the contender: a missing peer, not a crash. */
static inline int turns_missing(const char *reason) {
  printf("missing %s\n", reason);
  return 0;
}

/* Answer turns by doing operations until the turn's time is over. run(n) does n of them. */
static inline int turns(void (*run)(long n)) {
  char line[64];
  long batch = 1;
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    double ms;
    if (sscanf(line, "turn %lf", &ms) != 1) return 1;
    long long count = 0, start = turns_now(), last = start;
    while (last - start < ms * 1e6) {
      run(batch);
      count += batch;
      long long now = turns_now();
      if (now - last < 1000000) batch *= 2; /* the clock is read about once a millisecond */
      last = now;
    }
    printf("did %lld %lld\n", count, last - start);
    fflush(stdout);
  }
  return 0;
}

#endif
