/** What happens to a claim, as it is iterated over. */
import type { J1939Change } from './claimer.ts';
import { aborted, untilAborted } from './limit.ts';

/**
 * Gives what comes into `queue` until that is undefined.
 * @param waits takes the function that tells of more in the queue
 * @param done is called when nobody iterates any more
 */
export async function* changesOf(
  queue: (J1939Change | undefined)[],
  signal: AbortSignal | undefined,
  waits: (resolve: () => void) => void,
  done: () => void,
): AsyncGenerator<J1939Change, void, undefined> {
  try {
    const never = new AbortController().signal;
    for (;;) {
      if (signal?.aborted) throw aborted(signal);
      if (queue.length === 0) await untilAborted(new Promise<void>(waits), signal ?? never);
      while (queue.length > 0) {
        const change = queue.shift();
        if (change === undefined) return;
        yield change;
      }
    }
  } finally {
    done();
  }
}
