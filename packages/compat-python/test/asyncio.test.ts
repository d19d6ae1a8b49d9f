/** asyncio's socket calls: over real sockets, and their refusals beside CPython's. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as socket from '@sockeye/compat-python';
import * as asyncio from '@sockeye/compat-python/asyncio';
import { afterEach, describe, expect, it } from 'vitest';
import { needsPython311, python } from './support.ts';

const loop = asyncio.get_running_loop();
const open: socket.socket[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function kept<T extends socket.socket>(one: T): T {
  one.setblocking(false);
  open.push(one);
  return one;
}
const pair = (): socket.socket[] => socket.socketpair().map(kept);

describe('over sockets', () => {
  it('connects by name, accepts, sends all and receives in both forms', async () => {
    const server = kept(socket.create_server(['127.0.0.1', 0]));
    const [, port] = server.getsockname<socket.ReturnedInet>();
    const client = kept(socket.socket());
    const accepted = loop.sock_accept<socket.ReturnedInet>(server);
    await loop.sock_connect(client, ['localhost', port]);
    const [conn, address] = await accepted;
    kept(conn);
    expect(conn.gettimeout()).toBe(0);
    expect(address).toEqual(client.getsockname());
    const big = Buffer.alloc(3_000_000, 'ab');
    const sent = loop.sock_sendall(client, big);
    const got: Buffer[] = [];
    const room = Buffer.alloc(100_000);
    for (let total = 0; total < big.length; ) {
      const chunk =
        got.length % 2 === 0
          ? await loop.sock_recv(conn, 100_000)
          : Buffer.from(room.subarray(0, await loop.sock_recv_into(conn, room)));
      got.push(chunk);
      total += chunk.length;
    }
    await sent;
    expect(Buffer.concat(got).equals(big)).toBe(true);
    client.close();
    expect(await loop.sock_recv(conn, 10)).toHaveLength(0);
  });

  it('datagrams, with their senders', async () => {
    const [one, other] = [0, 1].map(() => kept(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))) as [
      socket.socket,
      socket.socket,
    ];
    for (const each of [one, other]) each.bind(['127.0.0.1', 0]);
    const got = loop.sock_recvfrom(other, 100);
    expect(
      await loop.sock_sendto(one, Buffer.from('datagram'), other.getsockname<socket.ReturnedInet>()),
    ).toBe(8);
    expect(await got).toEqual([Buffer.from('datagram'), one.getsockname()]);
    await loop.sock_sendto(one, Buffer.from('datagram'), other.getsockname<socket.ReturnedInet>());
    const room = Buffer.alloc(9);
    expect(await loop.sock_recvfrom_into(other, room, 4)).toEqual([4, one.getsockname()]);
    expect(room.toString('latin1', 0, 4)).toBe('data');
  });

  it('files: by number, in part, and what can only be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sockeye-'));
    const path = join(folder, 'file');
    writeFileSync(path, Buffer.alloc(50_000, '0123456789'));
    const fd = openSync(path, 'r');
    try {
      const [one, other] = pair() as [socket.socket, socket.socket];
      expect(await loop.sock_sendfile(one, fd, 3, 4)).toBe(4);
      expect((await loop.sock_recv(other, 100)).toString()).toBe('3456');
      const all = loop.sock_sendfile(one, fd);
      let total = 0;
      while (total < 50_000) total += (await loop.sock_recv(other, 65536)).length;
      expect(await all).toBe(50_000);
      const blocks = [Buffer.from('ab'), Buffer.from('cd'), Buffer.alloc(0)];
      expect(await loop.sock_sendfile(one, { read: () => blocks.shift() ?? null })).toBe(4);
      expect((await loop.sock_recv(other, 100)).toString()).toBe('abcd');
      expect(readFileSync(path)).toHaveLength(50_000);
    } finally {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    }
  });

  it('a wait can be given up, and takes nothing with it', async () => {
    const [one, other] = pair() as [socket.socket, socket.socket];
    const cancel = new AbortController();
    const got = loop.sock_recv(one, 10, { signal: cancel.signal });
    cancel.abort();
    await expect(got).rejects.toThrow(/abort/i);
    other.send(Buffer.from('later'));
    expect((await loop.sock_recv(one, 10)).toString()).toBe('later');
  });
});

describe('refusals', () => {
  const cases: [string, (a: socket.socket, u: socket.socket, s: socket.socket) => Promise<unknown>][] = [
    ['l.sock_recv(a,-1)', (a) => loop.sock_recv(a, -1)],
    ["l.sock_recv(a,'x')", (a) => Reflect.apply(loop.sock_recv, loop, [a, 'x'])],
    ["l.sock_sendall(a,'x')", (a) => Reflect.apply(loop.sock_sendall, loop, [a, 'x'])],
    ["l.sock_connect(a,'/nonexist')", (a) => loop.sock_connect(a, '/nonexist')],
    ['l.sock_accept(a)', (a) => loop.sock_accept(a)],
    [
      "l.sock_sendto(u,b'x',('127.0.0.1',70000))",
      (_, u) => loop.sock_sendto(u, Buffer.from('x'), ['127.0.0.1', 70000]),
    ],
    ["l.sock_sendto(u,b'x',1)", (_, u) => loop.sock_sendto(u, Buffer.from('x'), 1)],
    ['l.sock_recvfrom_into(u,bytearray(3),9)', (_, u) => loop.sock_recvfrom_into(u, Buffer.alloc(3), 9)],
    ['l.sock_recvfrom(u,-1)', (_, u) => loop.sock_recvfrom(u, -1)],
    ["l.sock_recvfrom(u,'x')", (_, u) => Reflect.apply(loop.sock_recvfrom, loop, [u, 'x'])],
    [
      "l.sock_recvfrom_into(u,bytearray(3),'x')",
      (_, u) => Reflect.apply(loop.sock_recvfrom_into, loop, [u, Buffer.alloc(3), 'x']),
    ],
    ["l.sock_connect(s,('127.0.0.1',1))", (_, _u, s) => loop.sock_connect(s, ['127.0.0.1', 1])],
    ["l.sock_connect(s,('127.0.0.1',))", (_, _u, s) => loop.sock_connect(s, ['127.0.0.1'])],
  ];
  it('are as in CPython', async (context) => {
    needsPython311(context);
    const program = `
import asyncio, json, socket, sys
async def main():
    l = asyncio.get_running_loop(); out = []
    for t in json.load(sys.stdin):
        a, b = socket.socketpair(); u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s = socket.socket()
        for x in (a, u, s): x.setblocking(False)
        try: out.append(repr(await eval(t)))
        except Exception as e: out.append(type(e).__name__ + ': ' + str(e))
        for x in (a, b, u, s): x.close()
    print(json.dumps(out))
asyncio.run(main())`;
    const theirs = JSON.parse(python(program, JSON.stringify(cases.map(([line]) => line)))) as string[];
    const ours: string[] = [];
    for (const [, call] of cases) {
      const [a] = pair() as [socket.socket, socket.socket];
      const [u, s] = [kept(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)), kept(socket.socket())];
      ours.push(await call(a, u, s).then(String, ({ name, message }: Error) => `${name}: ${message}`));
    }
    expect(ours).toEqual(theirs);
  });
});
