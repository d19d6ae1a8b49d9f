/** Descriptors between core and the runtime's own `net` and `dgram`, over the built package. */
import { describe, expect, it } from 'vitest';
import { absent, others, releases, run } from './nodes.ts';

/** What the program of that name prints where everything works. */
const everything = {
  toNetSocket: 'to net',
  toNetServer: 'to server',
  toDgramSocket: 'to dgram',
  fromNet: 'from net',
  fromServer: 'from server',
  fromDgram: 'from dgram',
  fdOf: true,
  left: 0,
};

describe.each(releases)('Node.js $major', ({ major, path }) => {
  it('gives and takes, and nothing is left', async (context) => {
    if (path === undefined) return context.skip(absent(major));
    const { status, stdout, stderr } = await run(path, 'adopt.mjs');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(everything);
  });
});

/** What the others cannot is refused with a code, and the socket is as it was. */
const refusals: Record<string, object> = {
  Bun: { toNetSocket: 'ENOTSUP kept', toDgramSocket: 'ENOTSUP kept' },
  Deno: {
    toNetServer: 'ENOTSUP kept',
    toDgramSocket: 'ENOTSUP kept',
    fromNet: 'ENOTSUP',
    fromServer: 'ENOTSUP',
    fromDgram: 'ENOTSUP',
    fdOf: 'ENOTSUP',
  },
};

describe.each(others)('$name', ({ name, command }) => {
  it('gives and takes what its own classes allow, refuses the rest, and nothing is left', async (context) => {
    if (command === undefined)
      return context.skip(`${name} is not installed: npm install --prefix rigs/nodes`);
    const [program = '', ...flags] = command;
    const { status, stdout, stderr } = await run(program, 'adopt.mjs', [], 60, flags);
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({ ...everything, ...refusals[name] });
  });
});
