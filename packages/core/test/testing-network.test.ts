/** What a network in memory has beside pairs: listeners, datagrams by address, groups; and what it has not. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { AddressBuffer, constants as c, errnos, Socket, type SocketLike } from '@sockeye/core';
import { controlSpace, decodeControl, mark } from '@sockeye/core/cmsg';
import { MemoryNetwork } from '@sockeye/core/testing';
import { describe, expect, it } from 'vitest';
import { STAND_IN_CONSTANTS, STAND_IN_ERRNOS } from '../ts/stand-in.ts';
import { arrived, bytes, member, path, tcpListener, text } from './memory.ts';
import { loopback, rejected, thrown } from './support.ts';

for (const [name, makes] of [
  ['the kernel', () => ({ create: Socket.create })],
  ['in memory', () => new MemoryNetwork()],
] as [string, () => { create(family: number, type: number): SocketLike }][]) {
  describe(`a listener: ${name}`, () => {
    it('takes connections, whose ends know each other', async () => {
      const network = makes();
      const server = tcpListener(network);
      const clients = [1, 2, 3].map(() => network.create(c.AF_INET, c.SOCK_STREAM));
      expect(server.getsockopt(c.SOL_SOCKET, c.SO_ACCEPTCONN)).toBe(1);
      const address = new AddressBuffer();
      const accepts = server.accept({ address });
      await (clients[0] as SocketLike).connect(server.getsockname());
      const first = await accepts;
      expect(address.copy()).toEqual((clients[0] as SocketLike).getsockname());
      expect(first.getpeername()).toEqual(address.copy());
      expect(first.getsockname()).toEqual(server.getsockname());
      clients[1]?.connectSync(server.getsockname(), { timeout: 5000 });
      await clients[2]?.connect(server.getsockname(), { data: bytes('hello') });
      const others = await server.acceptBatch(8);
      if (others.length < 2) others.push(await server.accept());
      expect(text(await (others[1] as SocketLike).recv(16))).toBe('hello');
      expect(server.tryAccept()).toBe(-errnos.EAGAIN);
      expect(thrown(() => clients[0]?.connectSync(server.getsockname())).code).toBe('EISCONN');
      for (const socket of [server, first, ...clients, ...others]) socket.close();
    });

    it('refuses where nobody listens, and names that are taken', async () => {
      const network = makes();
      const server = tcpListener(network);
      const other = network.create(c.AF_INET, c.SOCK_STREAM);
      expect(thrown(() => other.bind(server.getsockname()))).toMatchObject({
        code: 'EADDRINUSE',
        syscall: 'bind',
      });
      const gone = server.getsockname();
      server.close();
      expect(await rejected(other.connect(gone))).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect' });
      // What a socket may do after a failed connect, connect(2) leaves open.
      const another = network.create(c.AF_INET, c.SOCK_STREAM);
      expect(thrown(() => another.connectSync(gone))).toMatchObject({
        code: 'ECONNREFUSED',
        syscall: 'connect',
      });
      for (const socket of [other, another]) socket.close();
      const fresh = network.create(c.AF_INET, c.SOCK_STREAM);
      expect(thrown(() => fresh.acceptSync()).code).toBe('EINVAL');
      expect(thrown(() => fresh.shutdown(c.SHUT_WR)).code).toBe('ENOTCONN');
      expect(fresh.tryRecvInto(Buffer.alloc(1))).toBe(-errnos.ENOTCONN);
      expect(fresh.trySend(bytes('x'))).toBe(-errnos.EPIPE);
      fresh.close();
      const unix = network.create(c.AF_UNIX, c.SOCK_STREAM);
      expect((await rejected(unix.connect(path('/nonexistent/for/sure')))).code).toBe('ENOENT');
      expect((await rejected(unix.connect(path('\0nobody here either')))).code).toBe('ECONNREFUSED');
      expect(unix.trySend(bytes('x'))).toBe(-errnos.ENOTCONN);
      expect(unix.tryRecvInto(Buffer.alloc(1))).toBe(-errnos.EINVAL);
      unix.close();
    });

    it('has those wait for whom the backlog has no room', async () => {
      const network = makes();
      const at = path(`\0sockeye-${process.pid}-backlog`);
      const server = network.create(c.AF_UNIX, c.SOCK_STREAM);
      server.bind(at);
      server.listen(0);
      const [one, two] = [network.create(c.AF_UNIX, c.SOCK_STREAM), network.create(c.AF_UNIX, c.SOCK_STREAM)];
      await one.connect(at);
      expect(two.tryConnect(at)).toBe(-errnos.EAGAIN);
      expect((await rejected(two.connect(at, { timeout: 5 }))).code).toBe('ERR_SOCKET_TIMEOUT');
      const waits = two.connect(at);
      const first = await server.accept();
      await waits;
      server.close();
      // Whom nobody has accepted is reset with the listener.
      expect((await rejected(two.recv(1))).code).toBe('ECONNRESET');
      for (const socket of [one, two, first]) socket.close();
    });

    it('ends those who wait with ECANCELED', async () => {
      const network = makes();
      const server = tcpListener(network);
      const waits = rejected(server.accept());
      server.close();
      expect(await waits).toMatchObject({ code: 'ECANCELED', syscall: 'accept' });
    });

    it('resets on demand', async () => {
      const network = makes();
      const server = tcpListener(network);
      const client = network.create(c.AF_INET, c.SOCK_STREAM);
      const [end] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
      end.reset();
      expect((await rejected(client.recv(1))).code).toBe('ECONNRESET');
      for (const socket of [server, client]) socket.close();
    });
  });

  it(`datagrams find their way by address: ${name}`, async () => {
    const network = makes();
    const [a, b] = [network.create(c.AF_INET, c.SOCK_DGRAM), network.create(c.AF_INET, c.SOCK_DGRAM)];
    a.bind(loopback());
    expect(b.trySend(bytes('x'))).toBe(-errnos.EDESTADDRREQ);
    await b.sendTo(bytes('ping'), a.getsockname());
    const { data, address } = await a.recvFrom(16);
    // From any host, and so from the one that it was sent to.
    const any = b.getsockname();
    expect([...any.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    any.set([127, 0, 0, 1], 4);
    expect([text(data), address]).toEqual(['ping', any]);
    const from = new AddressBuffer();
    await a.sendTo(bytes('pong'), address);
    expect(await b.recvFromInto(Buffer.alloc(16), from)).toBe(4);
    expect(from.copy()).toEqual(a.getsockname());
    // Nobody is told of what nobody hears.
    const gone = a.getsockname();
    a.close();
    expect(b.trySendTo(bytes('x'), gone)).toBe(1);
    expect(b.trySendTo(bytes('x'), gone)).toBe(1);
    b.close();
  });
}

describe('groups', () => {
  it('reach all members, and nobody once they have left', () => {
    const network = new MemoryNetwork();
    const group = loopback(5353);
    group.set([224, 0, 0, 251], 4);
    const [one, two, three] = [member(network), member(network), member(network)];
    network.join(one, group);
    network.join(two, group);
    three.trySendTo(bytes('all'), group);
    expect([one, two, three].map(arrived)).toEqual([['all'], ['all'], []]);
    network.leave(one, group);
    two.trySendTo(bytes('rest'), group);
    expect([one, two, three].map(arrived)).toEqual([[], ['rest'], []]);
    two.close();
    three.trySendTo(bytes('none'), group);
    expect(arrived(one)).toEqual([]);
  });

  it('broadcast reaches everybody, from whoever may', () => {
    const network = new MemoryNetwork();
    const everybody = loopback(9);
    everybody.fill(255, 4, 8);
    network.broadcast(everybody);
    const [one, two] = [member(network), member(network)];
    expect(one.trySendTo(bytes('hey'), everybody)).toBe(-errnos.EACCES);
    one.setsockopt(c.SOL_SOCKET, c.SO_BROADCAST, 1);
    expect(one.trySendTo(bytes('hey'), everybody)).toBe(3);
    expect([arrived(one), arrived(two)]).toEqual([['hey'], ['hey']]);
  });

  it('counts what there was no room for', () => {
    const network = new MemoryNetwork();
    const [one, two] = [member(network), member(network)];
    two.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 4096);
    for (let sent = 0; sent < 20; sent++) one.trySendTo(Buffer.alloc(1000), two.getsockname());
    expect(network.drops(two)).toBe(20 - arrived(two).length);
    expect(network.drops(two)).toBeGreaterThan(0);
  });
});

it('control data go along, and are cut to the room for them', async () => {
  const [a, b] = new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_DGRAM);
  await a.sendMsg(bytes('x'), { control: [mark(42)] });
  const message = await b.recvMsg(8, { control: controlSpace(4) });
  expect(message.control.map(decodeControl)).toMatchObject([{ kind: 'mark' }]);
  await a.sendMsg(bytes('x'), { control: [mark(42)] });
  expect((await b.recvMsg(8, { control: 8 })).controlTruncated).toBe(true);
  const [one, other] = new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_STREAM);
  for (const [word, control] of [
    ['ab', []],
    ['cd', [mark(1)]],
    ['ef', []],
  ] as const) {
    await one.sendMsg(bytes(word), { control });
  }
  const parts = [];
  for (let part = 0; part < 3; part++) parts.push(await other.recvMsg(8, { control: 64 }));
  expect(parts.map(({ data, control }) => [text(data), control.length])).toEqual([
    ['ab', 0],
    ['cd', 1],
    ['ef', 0],
  ]);
});

describe('an in-memory socket', () => {
  const members = (socket: object): string[] => {
    const names = new Set<string | symbol>();
    for (let at = Object.getPrototypeOf(socket); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Reflect.ownKeys(at)) names.add(name);
    }
    return [...names].map(String).sort();
  };

  it('has every member that a Socket has', () => {
    const [a] = new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const [real, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    for (const socket of [real, other]) socket.close();
    const own = ['forget', 'open', 'on', 'put', 'station', 'take'];
    const without = (names: string[]): string[] =>
      names.filter((name) => !own.includes(name) && !name.includes('@sockeye/core: '));
    expect(without([...members(a), 'family', 'type', 'protocol']).sort()).toEqual(without(members(real)));
  });

  it('says of what it has not that it is not there', async () => {
    const [a] = new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const file = 0;
    for (const call of [
      () => a.detach(),
      () => a.handOver(),
      () => a.sendFileSync(file),
      () => a.spliceFromSync(file, 1),
      () => a.spliceIntoSync(file, 1),
      () => a.atMark(),
      () => a.ioctl(c.SIOCATMARK),
    ]) {
      expect(thrown(call).code).toBe('EOPNOTSUPP');
    }
    for (const call of [a.sendFile(file), a.spliceFrom(file, 1), a.spliceInto(file, 1)]) {
      expect((await rejected(call)).code).toBe('EOPNOTSUPP');
    }
    expect([a.trySendFile(file), a.trySpliceFrom(file, 1), a.trySpliceInto(file, 1)]).toEqual(
      [1, 2, 3].map(() => -errnos.EOPNOTSUPP),
    );
  });

  it('numbers that stand in for the binary’s are the binary’s', () => {
    expect(c).toMatchObject(STAND_IN_CONSTANTS);
    expect(errnos).toMatchObject(STAND_IN_ERRNOS);
  });

  it('works where there is no binary', () => {
    const program = new URL('./programs/without-native.mjs', import.meta.url);
    expect(readFileSync(program, 'utf8')).toContain('@sockeye/core');
    const said = execFileSync(process.execPath, [program.pathname], { encoding: 'utf8' });
    expect(said.trim().split('\n')).toEqual(['ENOTSUP', 'hello', 'ECONNRESET', 'ERR_SOCKET_TIMEOUT', 'true']);
  });
});
