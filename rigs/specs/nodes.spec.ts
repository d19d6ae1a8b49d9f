import { describe, expect, it } from 'vitest';
import { absent, others, releases, run } from './nodes.ts';

/** Rounds of twenty workers for each state; 50 are the full measure, and take half an hour. */
const rounds = process.env.SOCKEYE_ROUNDS ?? '1';
const patience = 60 + 2 * Number(rounds);

const states = ['recv', 'midWait', 'idle', 'recvSync', 'acceptSync', 'resolve', 'pingPong', 'close'];
const ends: [string, number][] = [
  ['exit', 7],
  ['inCallback', 8],
  ['exitCode', 9],
  ['thrown', 1],
  ['drained', 10],
];

/** What the program of that name prints. */
const everything = {
  stream: true,
  udp: 'ping',
  timeout: 'ERR_SOCKET_TIMEOUT',
  abort: 'AbortError',
  lo: true,
  copies: ['cjs', 'esm'],
  answer: true,
};

describe.each(others)('$name', ({ name, command }) => {
  it('does everything', async (context) => {
    if (command === undefined)
      return context.skip(`${name} is not installed: npm install --prefix rigs/nodes`);
    const [program = '', ...flags] = command;
    const { status, stdout, stderr } = await run(program, 'everything.mjs', [], 60, flags);
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(everything);
  });
});

const runtimes = [
  ...others,
  ...releases.map(({ major, path }) => ({ name: `Node.js ${major}`, command: path && [path] })),
];

describe.each(runtimes)('$name', ({ name, command }) => {
  it.for(['close', 'wait', 'leave'])('ends well: %s', async (how, context) => {
    if (!command) return context.skip(`${name} is not installed: npm install --prefix rigs/nodes`);
    const [program = '', ...flags] = command;
    const { status, signal, stdout } = await run(program, 'short.mjs', [how], 20, flags);
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: 'through\n' });
  });
});

describe.each(runtimes)('$name', ({ name, command }) => {
  it('ends well with a part of core that never waits', async (context) => {
    if (!command) return context.skip(`${name} is not installed: npm install --prefix rigs/nodes`);
    const [program = '', ...flags] = command;
    const { status, signal, stdout } = await run(program, 'alone.mjs', [], 20, flags);
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: 'through\n' });
  });

  it.for([
    ['unref', 'ended\n'],
    ['ref', 'kept\nended\n'],
  ])('a wait holds the process unless told not to: %s', async ([how = '', said], context) => {
    if (!command) return context.skip(`${name} is not installed: npm install --prefix rigs/nodes`);
    const [program = '', ...flags] = command;
    const { status, signal, stdout } = await run(program, 'ref.mjs', [how], 20, flags);
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: said });
  });
});

describe.each(releases)('Node.js $major', ({ major, path }) => {
  it('does everything', async (context) => {
    if (path === undefined) return context.skip(absent(major));
    const { status, stdout, stderr } = await run(path, 'everything.mjs');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(everything);
  });

  it('does everything with the thread that waits where there is no libuv', async (context) => {
    if (path === undefined) return context.skip(absent(major));
    const { status, stdout, stderr } = await run(path, 'everything.mjs', [], 60, [], {
      SOCKEYE_ENGINE: 'thread',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(everything);
  });

  it.for(states)(
    'the same with that thread: terminated in %s',
    { timeout: (patience + 30) * 1000 },
    async (state, context) => {
      if (path === undefined) return context.skip(absent(major));
      const env = { SOCKEYE_ENGINE: 'thread' };
      const { status, signal, stdout, stderr } = await run(
        path,
        'workers.mjs',
        [state, rounds],
        patience,
        [],
        env,
      );
      expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
      const { before, after, said } = JSON.parse(stdout);
      expect(said).toBe('it goes on');
      expect(after).toEqual(before);
    },
  );

  it('the try forms allocate nothing, whether they would block or not', async (context) => {
    if (path === undefined) return context.skip(absent(major));
    const flags = ['--expose-gc', '--max-semi-space-size=128'];
    const { status, stdout } = await run(path, 'allocations.mjs', [], 60, flags);
    expect(status).toBe(0);
    // The smallest object has 16 bytes; what is seen below that is the engine's own, once for all calls.
    for (const [name, bytes] of Object.entries(JSON.parse(stdout)))
      expect({ name, few: Number(bytes) < 4 }).toEqual({ name, few: true });
  });

  it.for(states)(
    'twenty workers terminated in %s: the process goes on, nothing is left',
    { timeout: (patience + 30) * 1000 },
    async (state, context) => {
      if (path === undefined) return context.skip(absent(major));
      const { status, signal, stdout, stderr } = await run(path, 'workers.mjs', [state, rounds], patience);
      expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
      const { before, after, said } = JSON.parse(stdout);
      expect(said).toBe('it goes on');
      expect(after).toEqual(before);
    },
  );

  it.for(ends)('ends by %s with the status %i while calls wait', async ([end, wanted], context) => {
    if (path === undefined) return context.skip(absent(major));
    const { status, signal } = await run(path, 'exit.mjs', [end], 10);
    expect({ status, signal }).toEqual({ status: wanted, signal: null });
  });
});
