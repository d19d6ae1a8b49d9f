import { fstatSync } from 'node:fs';
import { inet } from '@sockeye/addr/inet';
import { inet6 } from '@sockeye/addr/inet6';
import { packet } from '@sockeye/addr/packet';
import { unixAbstract } from '@sockeye/addr/unix';
import { constants, Socket } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SockDiag } from '../src/index.ts';
import { Namespace } from './namespace.ts';

const {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  AF_UNIX,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
} = constants;

let space: Namespace;
let diag: SockDiag;
const open: Socket[] = [];

function socket(family: number, type: number, protocol: number = 0): Socket {
  const made = Socket.create(family, type, protocol, { netns: space.netns });
  open.push(made);
  return made;
}

const inode = ({ fd }: Socket): number => fstatSync(fd).ino;

beforeEach(async (context) => {
  const made = await Namespace.create();
  if (typeof made === 'string') return context.skip(made);
  space = made;
  space.ip('link', 'set', 'lo', 'up');
  diag = SockDiag.open({ netns: made.netns });
});

afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  diag?.close();
  await space?.[Symbol.asyncDispose]();
});

describe('sockets', () => {
  it('of TCP are those that are there, and those of ss', async () => {
    const server = socket(AF_INET, SOCK_STREAM);
    server.bind(inet('127.0.0.1', 5001));
    server.listen(7);
    const client = socket(AF_INET, SOCK_STREAM);
    client.bind(inet('127.0.0.1', 5002));
    client.connectSync(inet('127.0.0.1', 5001), { timeout: 5000 });
    const peer = server.acceptSync({ timeout: 5000 });
    open.push(peer);
    client.sendAllSync(Buffer.alloc(100), { timeout: 5000 });
    const six = socket(AF_INET6, SOCK_STREAM);
    six.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    six.bind(inet6('::1', 5003));
    six.listen(3);
    const all = await diag.inet();
    expect(all).toHaveLength(3);
    expect(all.find((one) => one.inode === inode(server))).toMatchObject({
      family: 'inet',
      state: 'LISTEN',
      local: '127.0.0.1',
      localPort: 5001,
      remote: '0.0.0.0',
      remotePort: 0,
      sendQueue: 7,
      uid: process.getuid?.(),
    });
    expect(all.find((one) => one.inode === inode(peer))).toMatchObject({
      state: 'ESTABLISHED',
      localPort: 5001,
      remote: '127.0.0.1',
      remotePort: 5002,
      receiveQueue: 100,
    });
    const one = all.find((other) => other.inode === inode(client));
    // struct tcp_info begins with the state.
    expect(one?.info?.[0]).toBe(1);
    expect(one?.congestion).toMatch(/^\w+$/);
    expect(one?.cookie).toBe(
      client.getsockopt(constants.SOL_SOCKET, constants.SO_COOKIE, 8).readBigUInt64LE(),
    );
    expect((await diag.inet({ states: ['LISTEN'] })).map(({ localPort }) => localPort)).toEqual([5001]);
    // The kernel may have some of its own in each namespace, as for RDS.
    const sixes = await diag.inet({ family: 'inet6' });
    expect(sixes.filter((other) => other.inode === inode(six))).toMatchObject([
      { family: 'inet6', local: '::1', localPort: 5003, state: 'LISTEN' },
    ]);
    const lines = space
      .run('ss', '-tanH')
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/).slice(1, 5).join(' '));
    const ours = [...all, ...sixes].map(
      ({ family, receiveQueue, sendQueue, local, localPort, remote, remotePort }) =>
        [
          receiveQueue,
          sendQueue,
          ...[
            [local, localPort],
            [remote, remotePort],
          ].map(
            ([address, port]) =>
              `${family === 'inet6' ? `[${address}]` : address}:${port === 0 ? '*' : port}`,
          ),
        ].join(' '),
    );
    expect(ours.sort()).toEqual(lines.sort());
  });

  it('of UDP, Unix and packets are those that are there', async (context) => {
    const udp = socket(AF_INET, SOCK_DGRAM);
    udp.bind(inet('127.0.0.1', 5004));
    expect(await diag.inet({ protocol: 'udp' })).toMatchObject([
      { localPort: 5004, inode: inode(udp), state: 'CLOSE' },
    ]);
    const [a, b] = Socket.socketpair(AF_UNIX, SOCK_STREAM, 0, { netns: space.netns });
    open.push(a, b);
    const bound = socket(AF_UNIX, SOCK_DGRAM);
    bound.bind(unixAbstract('sockeye-diag'));
    const ours = await diag.unix();
    expect(ours.find((one) => one.inode === inode(a))).toMatchObject({
      type: 'stream',
      state: 'ESTABLISHED',
      peer: inode(b),
      name: undefined,
    });
    expect(ours.find((one) => one.inode === inode(bound))).toMatchObject({
      type: 'dgram',
      name: '\0sockeye-diag',
      peer: undefined,
    });
    expect((await diag.unix({ states: ['ESTABLISHED'] })).some((one) => one.inode === inode(bound))).toBe(
      false,
    );
    const raw = socket(AF_PACKET, SOCK_RAW);
    raw.bind(packet({ protocol: 3, ifindex: 1 }));
    const packets = await diag.packet().catch((error: Error & { code?: string }) => error);
    if (packets instanceof Error) return context.skip(`no packet_diag: ${packets.message}`);
    expect(packets).toMatchObject([{ type: 'raw', protocol: 3, interfaceIndex: 1, inode: inode(raw) }]);
  });

  it('of what there is not are refused', async () => {
    await expect(diag.inet({ protocol: 'smoke' as 'tcp' })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(diag.inet({ states: ['BORED' as 'LISTEN'] })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(diag.inet({ family: 'ipx' as 'inet' })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });
});
