"""The contender's side of the turns, for CPython. What goes over stdin and stdout is in ../README.md."""

import sys
from time import perf_counter_ns


def turns(run):
    """Answer turns by doing operations until the turn's time is over. run(n) does n of them."""
    batch = 1
    print("ready", flush=True)
    for line in sys.stdin:
        ns = float(line.split()[1]) * 1e6
        count = 0
        start = last = perf_counter_ns()
        while last - start < ns:
            run(batch)
            count += batch
            now = perf_counter_ns()
            if now - last < 1_000_000:
                batch *= 2  # the clock is read about once a millisecond
            last = now
        print("did", count, last - start, flush=True)


def missing(reason):
    """This machine cannot run the contender: a missing peer, not a crash."""
    print("missing", reason, flush=True)
    sys.exit(0)
