/** Sockets handed between the threads of a process, over the built package. */
import { describe, expect, it } from 'vitest';
import { absent, others, releases, run } from './nodes.ts';

/** What the program of that name prints. */
const everything = { answers: 80, ends: 8, closed: 64, left: 0 };

describe.each(releases)('Node.js $major', ({ major, path }) => {
  it.for(['uv', 'thread'])(
    'to workers and back, some terminated on the way: nothing is lost or left, engine %s',
    { timeout: 60_000 },
    async (engine, context) => {
      if (path === undefined) return context.skip(absent(major));
      const { status, stdout, stderr } = await run(path, 'handover.mjs', [], 50, [], {
        SOCKEYE_ENGINE: engine,
      });
      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toEqual(everything);
    },
  );
});

describe.each(others)('$name', ({ name, command }) => {
  it('to workers and back, some terminated on the way', { timeout: 60_000 }, async (context) => {
    if (command === undefined)
      return context.skip(`${name} is not installed: npm install --prefix rigs/nodes`);
    const [program = '', ...flags] = command;
    const { status, stdout, stderr } = await run(program, 'handover.mjs', [], 50, flags);
    expect([status, stderr]).toEqual([0, '']);
    // Deno does not end the thread-safe function of a terminated worker, and so the engine's thread keeps its epoll.
    const left = name === 'Deno' ? expect.any(Number) : 0;
    expect(JSON.parse(stdout)).toEqual({ ...everything, left });
  });
});
