/** What options do, on the kernel of this machine, beyond reading as they were set. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants as c, Socket } from '@sockeye/core';
import * as o from '@sockeye/core/options';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { datagrams, descriptors, listener, loopback, streams, thrown } from './support.ts';

const WAIT = { timeout: 5000 };
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});
const kept = <S extends Socket[]>(...given: S): S => {
  sockets.push(...given);
  return given;
};
const open = (family: number, type: number, protocol?: number): Socket =>
  kept(Socket.create(family, type, protocol))[0];

/** Both ends of a connection over the loopback interface. */
async function connected(server: Socket = listener(), client?: Socket): Promise<[Socket, Socket]> {
  kept(server);
  const from = client ?? open(c.AF_INET, c.SOCK_STREAM);
  const [accepted] = await Promise.all([server.accept(WAIT), from.connect(server.getsockname(), WAIT)]);
  return kept(from, accepted);
}
/** Skips where this kernel or this user cannot. */
function unless(context: TestContext, codes: string[], call: () => void): void {
  try {
    call();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    if (codes.includes(code)) context.skip(message);
    throw error;
  }
}
/** A sockaddr_in6 of ::1, or of another address. */
function inet6(port = 0, address: number[] = [...new Array<number>(15).fill(0), 1]): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(c.AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address, 8);
  return bytes;
}
const portOf = (socket: Socket): number => Buffer.from(socket.getsockname()).readUInt16BE(2);

describe('what sockets tell of themselves', () => {
  it('kind, state and cookies', async () => {
    const [client, server] = await connected();
    expect([o.domain.get(client), o.socketType.get(client), o.protocol.get(client)]).toEqual([
      c.AF_INET,
      c.SOCK_STREAM,
      c.IPPROTO_TCP,
    ]);
    const [listening] = kept(listener());
    expect([o.acceptsConnections.get(listening), o.acceptsConnections.get(client)]).toEqual([true, false]);
    expect(o.sendLowWater.get(client)).toBe(1);
    expect(o.incomingNapiId.get(client)).toBeGreaterThanOrEqual(0);
    expect(o.filterExtensions.get(client)).toBeGreaterThanOrEqual(64);
    expect(o.cookie.get(client)).not.toBe(o.cookie.get(server));
    expect(o.cookie.get(client)).toBe(o.cookie.get(client));
    expect(o.pendingError.get(client)).toBe(0);
    server.reset();
    await expect(client.recv(1, WAIT)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(o.pendingError.get(client)).toBe(0);
  });

  it('the namespace’s cookie is one for all', (context) => {
    const [one, other] = [open(c.AF_INET, c.SOCK_DGRAM), open(c.AF_INET6, c.SOCK_STREAM)];
    unless(context, ['ENOPROTOOPT'], () => o.namespaceCookie.get(one));
    expect(o.namespaceCookie.get(one)).toBe(o.namespaceCookie.get(other));
    expect(o.namespaceCookie.get(one)).toBeGreaterThan(0n);
  });

  it('memory, and what was dropped for want of it', async () => {
    const receiver = open(c.AF_INET, c.SOCK_DGRAM);
    receiver.bind(loopback());
    o.receiveBuffer.set(receiver, 4096);
    const before = o.memoryInfo.get(receiver);
    expect([before.rmemAlloc, before.rcvbuf, before.drops]).toEqual([0, 8192, 0]);
    const sender = open(c.AF_INET, c.SOCK_DGRAM);
    for (let i = 0; i < 40; i++) sender.sendToSync(Buffer.alloc(512), receiver.getsockname());
    const after = o.memoryInfo.get(receiver);
    expect(after.rmemAlloc).toBeGreaterThan(512);
    expect(after.drops).toBeGreaterThan(0);
    let arrived = 0;
    while (receiver.tryRecvInto(Buffer.alloc(512)) > 0) arrived++;
    expect(arrived + after.drops).toBe(40);
  });

  it('buffers past the system’s limit, with the capability', (context) => {
    const most = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'));
    const socket = open(c.AF_INET, c.SOCK_DGRAM);
    o.receiveBuffer.set(socket, most * 2);
    expect(o.receiveBuffer.get(socket)).toBe(most * 2);
    unless(context, ['EPERM'], () => o.receiveBufferForce.set(socket, most * 2));
    expect(o.receiveBuffer.get(socket)).toBe(most * 4);
    const sent = Number(readFileSync('/proc/sys/net/core/wmem_max', 'utf8'));
    o.sendBufferForce.set(socket, sent * 2);
    expect(o.sendBuffer.get(socket)).toBe(sent * 4);
  });

  it('memory that is charged in advance needs a limit', (context) => {
    const socket = open(c.AF_INET, c.SOCK_STREAM);
    unless(context, ['ENOPROTOOPT', 'EOPNOTSUPP'], () => o.reservedMemory.set(socket, 1 << 16));
    expect(o.reservedMemory.get(socket)).toBeGreaterThanOrEqual(1 << 16);
  });

  it('advice and budgets, which cannot be read', (context) => {
    const socket = open(c.AF_INET, c.SOCK_DGRAM);
    socket.connectSync(loopback(9));
    o.connectionAdvice.set(socket, true);
    expect(thrown(() => o.connectionAdvice.set(socket, false)).code).toBe('ERR_INVALID_ARG_TYPE');
    unless(context, ['EPERM', 'ENOPROTOOPT'], () => o.busyPollBudget.set(socket, 8));
  });
});

describe('peers of Unix sockets', () => {
  it('process, user, groups', () => {
    const [one] = kept(...streams());
    const { geteuid = () => 0, getegid = () => 0, getgroups = () => [] } = process;
    expect(o.peerCredentials.get(one)).toEqual({ pid: process.pid, uid: geteuid(), gid: getegid() });
    const groups = o.peerGroups.get(one);
    // Node.js puts the effective group among the supplementary ones.
    expect(new Set([...groups, getegid()])).toEqual(new Set([...getgroups(), getegid()]));
  });

  it('the process as a descriptor, which is ours to close', (context) => {
    const [one] = kept(...streams());
    const before = descriptors();
    unless(context, ['ENOPROTOOPT'], () => o.peerProcess.get(one).close());
    const descriptor = o.peerProcess.get(one);
    expect(descriptors()).toBe(before + 1);
    const info = readFileSync(`/proc/self/fdinfo/${descriptor.fd}`, 'utf8');
    expect(info).toMatch(new RegExp(`^Pid:\\s+${process.pid}$`, 'm'));
    // O_CLOEXEC
    expect(Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '0', 8) & 0o2000000).toBe(0o2000000);
    descriptor.close();
    expect(descriptors()).toBe(before);
    const error = thrown(() => o.peerProcess.get(open(c.AF_INET, c.SOCK_DGRAM)));
    expect(error.code).toBe('ENODATA');
  });

  it('a label, or that there is none', () => {
    const [one] = kept(...streams());
    try {
      expect(o.peerSecurity.get(one)).not.toContain('\0');
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOPROTOOPT' });
      expect((error as Error).message).toContain('SO_PEERSEC is none of this kind of socket');
    }
  });
});

describe('filters', () => {
  /** What does not begin with an 'x' is dropped. */
  const onlyX = [
    { code: 0x30, jt: 0, jf: 0, k: 0 },
    { code: 0x15, jt: 0, jf: 1, k: 0x78 },
    { code: 0x06, jt: 0, jf: 0, k: 0xffffffff },
    { code: 0x06, jt: 0, jf: 0, k: 0 },
  ];
  const gets = (socket: Socket): string[] => {
    const got: string[] = [];
    const buffer = Buffer.alloc(100);
    for (let n = socket.tryRecvInto(buffer); n > 0; n = socket.tryRecvInto(buffer))
      got.push(buffer.toString('latin1', 0, n));
    return got;
  };

  it('decide, read back, are replaced, taken away and locked', () => {
    const [one, other] = kept(...datagrams());
    const send = (...words: string[]): void => {
      for (const word of words) one.sendSync(Buffer.from(word));
    };
    expect(o.filter.get(other)).toEqual([]);
    o.filter.set(other, onlyX);
    send('abc', 'xyz', 'x');
    expect(gets(other)).toEqual(['xyz', 'x']);
    expect(o.filter.get(other)).toEqual(onlyX);
    // All, but one byte of each.
    o.filter.set(other, Uint8Array.of(6, 0, 0, 0, 1, 0, 0, 0));
    send('abc', 'xyz');
    expect(gets(other)).toEqual(['a', 'x']);
    o.detachFilter.set(other);
    expect(thrown(() => o.detachFilter.set(other)).code).toBe('ENOENT');
    send('abc');
    expect(gets(other)).toEqual(['abc']);
    o.filter.set(other, onlyX);
    o.lockFilter.set(other, true);
    expect(o.lockFilter.get(other)).toBe(true);
    for (const call of [
      () => o.filter.set(other, onlyX),
      () => o.detachFilter.set(other),
      () => o.lockFilter.set(other, false),
    ])
      expect(thrown(call)).toMatchObject({ code: 'EPERM', syscall: 'setsockopt' });
  });

  it('a program that makes no sense is EINVAL, one that is none is named', () => {
    const socket = open(c.AF_INET, c.SOCK_DGRAM);
    const refused = (value: unknown): string => {
      const error = thrown(() => o.filter.set(socket, value as o.FilterProgram));
      return `${error.code}: ${error.message.split(' must')[0]}`;
    };
    // It does not return.
    expect(refused([{ code: 0, jt: 0, jf: 0, k: 0 }])).toMatch(/^EINVAL/);
    // It jumps beyond its end.
    expect(refused([{ code: 5, jt: 0, jf: 0, k: 9 }, onlyX[2]])).toMatch(/^EINVAL/);
    expect(refused('ip')).toBe('ERR_INVALID_ARG_TYPE: value');
    expect(refused([])).toBe('ERR_INVALID_ARG_VALUE: value');
    expect(refused(new Uint8Array(7))).toBe('ERR_INVALID_ARG_VALUE: value');
    expect(refused(new Uint8Array(8 * 4097))).toBe('ERR_INVALID_ARG_VALUE: value');
    expect(refused([onlyX[0], { ...onlyX[1], jf: 256 }])).toBe('ERR_OUT_OF_RANGE: value[1].jf');
    expect(refused([null])).toBe('ERR_INVALID_ARG_TYPE: value[0]');
    expect(o.filter.get(socket)).toEqual([]);
  });

  it('choose among the sockets of one port', async () => {
    const [first, second] = [open(c.AF_INET, c.SOCK_DGRAM), open(c.AF_INET, c.SOCK_DGRAM)];
    for (const socket of [first, second]) o.reusePort.set(socket, true);
    first.bind(loopback());
    second.bind(loopback(portOf(first)));
    const sender = open(c.AF_INET, c.SOCK_DGRAM);
    const send = (): void => {
      for (let i = 0; i < 5; i++) sender.sendToSync(Buffer.from('x'), first.getsockname());
    };
    const always = (k: number): o.FilterProgram => [{ code: 6, jt: 0, jf: 0, k }];
    o.reusePortFilter.set(first, always(1));
    send();
    expect([gets(first).length, gets(second).length]).toEqual([0, 5]);
    o.reusePortFilter.set(first, always(0));
    send();
    expect([gets(first).length, gets(second).length]).toEqual([5, 0]);
    o.detachReusePort.set(first);
    expect(thrown(() => o.detachReusePort.set(first)).code).toBe('ENOENT');
  });

  it('eBPF by its descriptor, which CPython loads and sends', async (context) => {
    const [ours, theirs] = kept(...streams());
    const program = `
import ctypes, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
sock = socket.socket(fileno=3)
def load(kind, value):
    code = struct.pack('<BBhi', 0xb7, 0, 0, value) + struct.pack('<BBhi', 0x95, 0, 0, 0)  # r0 = value; exit
    code, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b'GPL')
    attr = struct.pack('<IIQQIIQII', kind, 2, ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0, 0, 0)
    fd = libc.syscall(321, 5, ctypes.create_string_buffer(attr, len(attr)), len(attr))
    if fd < 0: raise OSError(ctypes.get_errno(), 'bpf')
    return fd
try:
    socket.send_fds(sock, [b'ok'], [load(1, 2), load(1, 1)])
except OSError as error:
    sock.send(str(error).encode())
`;
    const child = spawn('python3', ['-c', program], { stdio: ['ignore', 'ignore', 'inherit', theirs.fd] });
    const failed = await new Promise<Error | undefined>((resolve) => {
      child.once('error', resolve);
      child.once('exit', () => resolve(undefined));
    });
    if (failed !== undefined) context.skip(`python3 does not run: ${failed.message}`);
    const message = await ours.recvMsg(100, { control: 64, ...WAIT });
    if (message.data.toString() !== 'ok') context.skip(`bpf(2): ${message.data}`);
    const [two, one] = message.descriptors;
    if (two === undefined || one === undefined) throw new Error('no descriptors came');
    const [from, to] = kept(...datagrams());
    o.filterBpf.set(to, two);
    from.sendSync(Buffer.from('abc'));
    expect(gets(to)).toEqual(['ab']);
    o.detachFilter.set(to);

    const [first, second] = [open(c.AF_INET, c.SOCK_DGRAM), open(c.AF_INET, c.SOCK_DGRAM)];
    for (const socket of [first, second]) o.reusePort.set(socket, true);
    first.bind(loopback());
    second.bind(loopback(portOf(first)));
    o.reusePortBpf.set(first, one.fd);
    open(c.AF_INET, c.SOCK_DGRAM).sendToSync(Buffer.from('x'), first.getsockname());
    expect([gets(first).length, gets(second).length]).toEqual([0, 1]);
    message.close();
    expect(thrown(() => o.filterBpf.set(to, two)).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => o.filterBpf.set(to, to)).code).toBe('EINVAL');
    expect(thrown(() => o.filterBpf.set(to, {} as { fd: number })).code).toBe('ERR_INVALID_ARG_TYPE');
  });
});

describe('IP', () => {
  it('the path’s MTU, and where a connection was for', async () => {
    const [client] = await connected();
    expect(o.ipMtu.get(client)).toBeGreaterThanOrEqual(16_436);
    const error = thrown(() => o.ipOriginalDestination.get(client));
    expect(['ENOENT', 'ENOPROTOOPT']).toContain(error.code);
    expect(thrown(() => o.ipMtu.get(open(c.AF_INET, c.SOCK_DGRAM))).code).toBe('ENOTCONN');
  });

  it('IPv6: the path’s MTU, router alerts, and a mapped connection that becomes IPv4', async (context) => {
    const udp = open(c.AF_INET6, c.SOCK_DGRAM);
    unless(context, ['EADDRNOTAVAIL', 'ENETUNREACH'], () => udp.connectSync(inet6(9)));
    expect(o.ipv6Mtu.get(udp)).toBeGreaterThanOrEqual(16_436);
    o.ipv6Mtu.set(udp, 1280);
    const server = open(c.AF_INET6, c.SOCK_STREAM);
    server.bind(inet6(0, new Array<number>(16).fill(0)));
    server.listen();
    const client = open(c.AF_INET6, c.SOCK_STREAM);
    const mapped = inet6(portOf(server), [...new Array<number>(10).fill(0), 255, 255, 127, 0, 0, 1]);
    await Promise.all([server.accept(WAIT).then(kept), client.connect(mapped, WAIT)]);
    expect(o.ipv6AddressForm.get(client)).toBe(c.AF_INET6);
    o.ipv6AddressForm.set(client, c.AF_INET);
    expect(o.domain.get(client)).toBe(c.AF_INET);
    expect(client.getsockname().length).toBe(16);
  });

  it('router alerts of raw sockets', (context) => {
    let socket: Socket | undefined;
    unless(context, ['EPERM'], () => {
      socket = open(c.AF_INET, c.SOCK_RAW, c.IPPROTO_RAW);
    });
    const raw = socket as Socket;
    unless(context, ['EINVAL'], () => o.ipRouterAlert.set(open(c.AF_INET, c.SOCK_RAW, 2), true));
    // Read since Linux 6.6.
    unless(context, ['ENOPROTOOPT'], () => expect(o.ipRouterAlert.get(raw)).toBe(false));
    const raw6 = open(c.AF_INET6, c.SOCK_RAW, c.IPPROTO_RAW);
    o.ipv6RouterAlert.set(raw6, 0);
    o.ipv6RouterAlert.set(raw6, -1);
  });
});

describe('packet sockets', () => {
  it('count what came, and share it out', (context) => {
    let socket: Socket | undefined;
    unless(context, ['EPERM'], () => {
      socket = open(c.AF_PACKET, c.SOCK_RAW, 0);
    });
    const one = socket as Socket;
    const address = Buffer.alloc(20);
    address.writeUInt16LE(c.AF_PACKET, 0);
    // ETH_P_ALL on the loopback interface.
    address.writeUInt16BE(3, 2);
    address.writeInt32LE(1, 4);
    one.bind(address);
    o.packetStatistics.get(one);
    const [udp] = [open(c.AF_INET, c.SOCK_DGRAM)];
    for (let i = 0; i < 3; i++) udp.sendToSync(Buffer.from('counted'), loopback(9));
    expect(o.packetStatistics.get(one).packets).toBeGreaterThanOrEqual(3);
    expect(o.packetStatistics.get(one).packets).toBeLessThan(3);
    const other = open(c.AF_PACKET, c.SOCK_RAW, 0);
    other.bind(address);
    const group = (process.pid & 0xffff) | (c.PACKET_FANOUT_LB << 16);
    for (const member of [one, other]) o.packetFanout.set(member, group);
    expect(o.packetFanout.get(other) & 0xffff).toBe(process.pid & 0xffff);
    expect((o.packetFanout.get(other) >> 16) & 0xff).toBe(c.PACKET_FANOUT_LB);
    // It is not one that rolls over.
    expect(thrown(() => o.packetRolloverStatistics.get(other)).code).toBe('EINVAL');
    // It is not a group whose sockets a program chooses among.
    expect(thrown(() => o.packetFanoutProgram.set(other, [{ code: 6, jt: 0, jf: 0, k: 0 }])).code).toBe(
      'EINVAL',
    );
    const by = open(c.AF_PACKET, c.SOCK_RAW, 0);
    by.bind(address);
    o.packetFanout.set(
      by,
      ((process.pid + 1) & 0xffff) | ((c.PACKET_FANOUT_CBPF | c.PACKET_FANOUT_FLAG_ROLLOVER) << 16),
    );
    expect(o.packetRolloverStatistics.get(by)).toEqual({ all: 0n, huge: 0n, failed: 0n });
    o.packetFanoutProgram.set(by, [{ code: 6, jt: 0, jf: 0, k: 0 }]);
    expect(thrown(() => o.packetFanoutBpf.set(by, 0)).code).toBe('EINVAL');
  });

  it('have virtio headers of both lengths', (context) => {
    unless(context, ['EPERM', 'ENOPROTOOPT'], () => {
      const socket = open(c.AF_PACKET, c.SOCK_RAW, 0);
      for (const size of [10, 12, 0]) {
        o.packetVnetHeaderSize.set(socket, size);
        expect(o.packetVnetHeaderSize.get(socket)).toBe(size);
      }
    });
  });

  it('keep types of ICMP out', (context) => {
    unless(context, ['EPERM'], () => {
      const four = open(c.AF_INET, c.SOCK_RAW, c.IPPROTO_ICMP);
      expect(o.icmpFilter.get(four)).toEqual([]);
      o.icmpFilter.set(four, [0, 8, 31]);
      expect(o.icmpFilter.get(four)).toEqual([0, 8, 31]);
      const six = open(c.AF_INET6, c.SOCK_RAW, c.IPPROTO_ICMPV6);
      o.icmp6Filter.set(six, [1, 128, 255]);
      expect(o.icmp6Filter.get(six)).toEqual([1, 128, 255]);
    });
  });
});

describe('CPython, with the same descriptor', () => {
  /** Runs a program that has the socket as `s`, and gives its JSON. */
  function python(context: TestContext, socket: Socket, program: string): unknown {
    const source = `import json, socket, struct\nfrom socket import *\ns = socket.socket(fileno=3)\n`;
    const whole = `${source.replace('socket.socket(', 'socket(')}${program}\ns.detach()`;
    const { error, stdout, stderr } = spawnSync('python3', ['-c', whole], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe', socket.fd],
    });
    if (error !== undefined) context.skip(`python3 does not run: ${error.message}`);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  it('reads what was set here, and what it sets is read here', async (context) => {
    const [client] = await connected();
    o.keepAlive.set(client, true);
    o.tcpKeepIdle.set(client, 77);
    o.linger.set(client, { on: true, seconds: 9 });
    o.tcpUserTimeout.set(client, 12_345);
    o.sendTimeout.set(client, 2000);
    const program = `
print(json.dumps([s.getsockopt(SOL_SOCKET, SO_KEEPALIVE), s.getsockopt(IPPROTO_TCP, TCP_KEEPIDLE),
  struct.unpack('ii', s.getsockopt(SOL_SOCKET, SO_LINGER, 8)), s.getsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT),
  struct.unpack('qq', s.getsockopt(SOL_SOCKET, 21, 16)),
  s.getsockopt(IPPROTO_TCP, TCP_CONGESTION, 16).rstrip(b'\\0').decode(),
  struct.unpack('B7xIIII', s.getsockopt(IPPROTO_TCP, TCP_INFO, 24))]))
s.setsockopt(IPPROTO_TCP, TCP_KEEPCNT, 3)
s.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 4))
s.setsockopt(SOL_SOCKET, 20, struct.pack('qq', 1, 500000))
s.setsockopt(IPPROTO_TCP, TCP_CONGESTION, b'reno')`;
    const info = o.tcpInfo.get(client);
    const congestion = o.tcpCongestion.get(client);
    const { rto, ato, sndMss, rcvMss } = info;
    expect(python(context, client, program)).toEqual([
      1,
      77,
      [1, 9],
      12_345,
      [2, 0],
      congestion,
      [1, rto, ato, sndMss, rcvMss],
    ]);
    expect(o.tcpKeepCount.get(client)).toBe(3);
    expect(o.linger.get(client)).toEqual({ on: true, seconds: 4 });
    expect(o.receiveTimeout.get(client)).toBe(1500);
    expect(o.tcpCongestion.get(client)).toBe('reno');
  });
});
