/** UDP at the limit beside another implementation, over paths with small MTUs, and without copying. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { constants as c, getaddrinfoSync, Socket } from '@sockeye/core';
import { probeUdp, sendSegments, UdpReceiver } from '@sockeye/core/udp';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { orSkip } from '../need/index.ts';
import { kind } from '../netns/host.ts';
import { type Host, Net, Unavailable } from '../netns/index.ts';
import { ip } from '../netns/ip.ts';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const net = (context: TestContext): Promise<Net> => orSkip(context, () => Net.create());

/** What a program says, line by line. */
function lines(child: ChildProcess): AsyncIterator<string> {
  onTestFinished(() => {
    child.kill();
  });
  return createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })[
    Symbol.asyncIterator
  ]();
}

const python = (...words: string[]): ChildProcess =>
  spawn('python3', [program('udp-offload.py'), ...words], { stdio: ['ignore', 'pipe', 'inherit'] });

function loopback(port: number): Uint8Array {
  const hints = { type: c.SOCK_DGRAM, flags: c.AI_NUMERICHOST };
  const [found] = getaddrinfoSync('127.0.0.1', port, hints);
  if (found === undefined) throw new Error('127.0.0.1 is no address');
  return found.address;
}

const hasPython = spawnSync('python3', ['--version']).status === 0;

/** A UDP socket on this host; skips where the kernel has no offload, or where there is no peer. */
function bound(context: TestContext): Socket {
  if (!hasPython) context.skip('there is no python3 on this machine');
  const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
  onTestFinished(() => socket.close());
  const { segmentation, coalescing } = probeUdp(socket);
  if (!segmentation || !coalescing) context.skip('this kernel has no UDP_SEGMENT or no UDP_GRO');
  socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 1 << 20);
  socket.bind(loopback(0));
  return socket;
}

const data = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => index * 7));

describe('beside CPython', () => {
  it('what it sends with UDP_SEGMENT comes apart as it was cut', async (context) => {
    const socket = bound(context);
    for (const offload of [true, false]) {
      const receiver = new UdpReceiver(socket, { offload });
      const port = Buffer.from(socket.getsockname()).readUInt16BE(2);
      const peer = lines(python('send', String(port), '30500', '1000'));
      expect(await peer.next()).toMatchObject({ value: '30500' });
      const came: Buffer[] = [];
      while (came.length < 31) {
        await receiver.receive({ timeout: 5000 });
        for (const datagram of receiver) came.push(Buffer.from(datagram.data));
      }
      expect(came.map(({ length }) => length)).toEqual([...Array(30).fill(1000), 500]);
      expect(Buffer.concat(came).equals(data(30_500))).toBe(true);
    }
  });

  it('what we send, together or singly, it receives with UDP_GRO', async (context) => {
    const socket = bound(context);
    for (const offload of [true, false]) {
      const peer = lines(python('receive', '31'));
      const { value: port } = await peer.next();
      await sendSegments(socket, data(30_500), 1000, { address: loopback(Number(port)), offload });
      const lengths: string[] = [];
      while (lengths.length < 31) lengths.push(...String((await peer.next()).value).split(' '));
      expect(lengths).toEqual([...Array(30).fill('1000'), '500']);
      const { value: digest } = await peer.next();
      expect(digest).toBe(createHash('sha256').update(data(30_500)).digest('hex'));
    }
  });
});

/** A receiver in one host, a sender in another; what both said. */
async function send(from: Host, to: Host, address: string, count: number): Promise<[unknown, unknown]> {
  const command = [process.execPath, program('udp-path.mjs'), 'receive', address, String(count)];
  const server = lines(to.spawn(command, { stdio: ['ignore', 'pipe', 'inherit'] }));
  const { value: port } = await server.next();
  const { stdout, stderr } = await from.run([
    process.execPath,
    program('udp-path.mjs'),
    'send',
    address,
    String(port),
  ]);
  expect(stderr).toBe('');
  return [JSON.parse(stdout), JSON.parse(String((await server.next()).value))];
}

describe('over a path with a smaller MTU', () => {
  it.for([
    'v4',
    'v6',
  ] as const)('fragments, learns the MTU, refuses and fits: %s', async (version, context) => {
    await using made = await net(context);
    const [a, router, b] = [made.host('a'), made.host('router'), made.host('b')];
    const [, near] = made.link(a, router);
    const [far, end] = made.link(router, b, { mtu: 1300 });
    router.forward();
    a.route('default', near[version]);
    b.route('default', far[version]);
    const headers = version === 'v4' ? 28 : 48;
    const fits = Math.ceil(6000 / (1300 - headers));
    const [said, lengths] = await send(a, b, end[version], 2 + fits);
    expect(said).toEqual({
      before: 1500,
      refused: 'EMSGSIZE',
      after: 1300,
      fits: 6000,
      tooLong: 'EMSGSIZE',
      cut: 6000,
    });
    expect(lengths).toEqual([
      ...Array(fits - 1).fill(1300 - headers),
      6000 - (fits - 1) * (1300 - headers),
      3000,
      3000,
    ]);
  });
});

describe('MSG_ZEROCOPY', () => {
  it('copies nothing over a device that takes memory as it is', async (context) => {
    await using made = await net(context);
    const host = made.host('a');
    // Both drop what is sent by them, and take memory as it is.
    const sink = (type: string) =>
      kind(type, () => ip('-n', host.namespace, 'link', 'add', 'sink', 'type', type));
    await orSkip(context, async () => {
      try {
        return sink('dummy');
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        return sink('ifb');
      }
    });
    host.address('sink', '192.0.2.1/24', '2001:db8::1/64');
    ip('-n', host.namespace, 'link', 'set', 'sink', 'up');
    for (const address of ['192.0.2.2', '2001:db8::2']) {
      const { stdout, stderr } = await host.run([process.execPath, program('zerocopy.mjs'), address]);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual(Array(20).fill({ bytes: 1200, copied: false }));
    }
  });
});
