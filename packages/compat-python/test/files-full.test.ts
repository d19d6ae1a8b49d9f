/** Files of sockets that do not wait, whose peer reads now and then: what is taken, refused and sent, as in CPython. */
import { createHash } from 'node:crypto';
import * as socket from '@sockeye/compat-python';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needsPython311, python } from './support.ts';

const SNDBUF = 8000;

type Step = readonly ['write' | 'drain', number] | readonly ['flush'];

interface Writing {
  readonly mode: string;
  readonly size: number;
  readonly steps: readonly Step[];
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant('write' as const),
      fc.constantFrom(1, 5, 63, 64, 65, 3000, 9000, 40_000, 100_000),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant('flush' as const)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('drain' as const), fc.constantFrom(100, 5000, 100_000)) },
);

const writing: fc.Arbitrary<Writing> = fc.record({
  mode: fc.constantFrom('wb', 'rwb', 'w'),
  size: fc.constantFrom(1, 7, 64, 5000, 30_000),
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),
});

const WRITE = `
import hashlib, json, socket, sys
out = []
for w in json.load(sys.stdin):
    a, b = socket.socketpair()
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ${SNDBUF})
    a.setblocking(False); b.setblocking(False)
    file = a.makefile(w['mode'], w['size']); made = 0; done = []; came = b''
    def drain(most):
        global came
        try: data = b.recv(most)
        except BlockingIOError: return -1
        came += data
        return len(data)
    for name, *args in w['steps']:
        try:
            if name == 'drain': done.append(drain(args[0]))
            elif name == 'flush': done.append(file.flush())
            else:
                data = bytes(97 + (made + at) % 26 for at in range(args[0])); made += args[0]
                done.append(file.write(data.decode() if w['mode'] == 'w' else data))
        except BlockingIOError as e: done.append([str(e), e.characters_written])
    for _ in range(100):
        while drain(100000) > 0: pass
        try: file.flush(); break
        except BlockingIOError: pass
    drain(100000)
    done.append([len(came), hashlib.md5(came).hexdigest()]); out.append(done)
    file.close(); a.close(); b.close()
print(json.dumps(out))`;

function letters(made: number, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, at) => 97 + ((made + at) % 26)));
}

/** What a full file says, or that it has taken all. */
function tried(call: () => unknown): unknown {
  try {
    return call() ?? null;
  } catch (error) {
    if (!(error instanceof socket.BlockingIOError)) throw error;
    const { characters_written } = error as { characters_written?: number };
    return [String(error).replace(/^BlockingIOError: /, ''), characters_written];
  }
}

function write({ mode, size, steps }: Writing): unknown[] {
  const [a, b] = socket.socketpair();
  a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SNDBUF);
  for (const end of [a, b]) end.setblocking(false);
  const file = a.makefile(mode, size) as { write(data: unknown): number; flush(): void; close(): void };
  const came: Buffer[] = [];
  const drain = (most: number): number => {
    try {
      const data = b.recv(most);
      came.push(data);
      return data.length;
    } catch (error) {
      if (!(error instanceof socket.BlockingIOError)) throw error;
      return -1;
    }
  };
  let made = 0;
  const done: unknown[] = steps.map(([name, count = 0]) => {
    if (name === 'drain') return drain(count);
    if (name === 'flush') return tried(() => file.flush());
    const data = letters(made, count);
    made += count;
    return tried(() => file.write(mode === 'w' ? data.toString() : data));
  });
  for (let again = 0; again < 100; again++) {
    while (drain(100_000) > 0);
    if (tried(() => file.flush()) === null) break;
  }
  drain(100_000);
  const all = Buffer.concat(came);
  for (const one of [file, a, b]) one.close();
  return [...done, [all.length, createHash('md5').update(all).digest('hex')]];
}

describe('files of sockets that are full', () => {
  it.for([1, 2, Math.floor(Math.random() * 2 ** 31)])('seed %i', (seed, context) => {
    needsPython311(context);
    const writings = fc.sample(writing, { seed, numRuns: 100 });
    const expected = JSON.parse(python(WRITE, JSON.stringify(writings))) as unknown[][];
    for (const [at, one] of writings.entries()) {
      expect({ ...one, done: write(one) }).toEqual({ ...one, done: expected[at] });
    }
  });
});
