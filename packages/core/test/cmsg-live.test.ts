/** Control messages to this machine's kernel and back. */
import { createCipheriv } from 'node:crypto';
import { constants as c, MessageBuffer, Socket } from '@sockeye/core';
import * as cmsg from '@sockeye/core/cmsg';
import { describe, expect, it, type TestContext } from 'vitest';
import { closing, datagrams, descriptors, loopback, rejected, streams, thrown } from './support.ts';

const LOCAL4 = Uint8Array.of(127, 0, 0, 1);
const LOCAL6 = Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0));
const ROOM = 1024;

/** A sockaddr_in6 of ::1. */
function loopback6(): Uint8Array {
  const bytes = new Uint8Array(28);
  new DataView(bytes.buffer).setUint16(0, c.AF_INET6, true);
  bytes.set(LOCAL6, 8);
  return bytes;
}

/** A UDP socket that sends to itself, with these options on. */
function udp(context: TestContext, family: number, ...options: [level: number, name: number][]): Socket {
  const socket = Socket.create(family, c.SOCK_DGRAM);
  try {
    socket.bind(family === c.AF_INET ? loopback() : loopback6());
    socket.connect(socket.getsockname());
    for (const [level, name] of options) socket.setsockopt(level, name, 1);
    return socket;
  } catch (error) {
    socket.close();
    const { code, message } = error as { code?: string; message: string };
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'ENOPROTOOPT') context.skip(message);
    throw error;
  }
}

/** What came with the next message. */
function come(socket: Socket, flags = 0): cmsg.Control[] {
  const message = socket.recvMsgSync(ROOM, { control: ROOM, flags, timeout: 1000 });
  expect(message.controlTruncated).toBe(false);
  message.close();
  return message.control.map(cmsg.decodeControl);
}

/** Of what kind came, the one. */
function the<K extends cmsg.Control['kind']>(
  controls: cmsg.Control[],
  kind: K,
): Extract<cmsg.Control, { kind: K }> {
  const found = controls.filter(
    (control): control is Extract<cmsg.Control, { kind: K }> => control.kind === kind,
  );
  expect(found.length, kind).toBe(1);
  return found[0] as Extract<cmsg.Control, { kind: K }>;
}

const bytes = (...given: number[]): Buffer => Buffer.from(given);

describe('to the kernel and back', () => {
  it('IPv4: time to live, type of service, packet info, mark and time', async (context) => {
    const socket = udp(
      context,
      c.AF_INET,
      [c.SOL_IP, c.IP_PKTINFO],
      [c.SOL_IP, c.IP_RECVTTL],
      [c.SOL_IP, c.IP_RECVTOS],
      [c.SOL_IP, c.IP_ORIGDSTADDR],
      [c.SOL_SOCKET, c.SO_TIMESTAMPNS],
    );
    await closing([socket], () => {
      const control = [cmsg.ttl(33), cmsg.tos(0xb9), cmsg.packetInfo({ interfaceIndex: 1, local: LOCAL4 })];
      const before = BigInt(Date.now()) * 1_000_000n;
      socket.sendMsgSync(bytes(1), { control });
      const controls = come(socket);
      expect(the(controls, 'ttl').ttl).toBe(33);
      expect(the(controls, 'tos')).toEqual({ kind: 'tos', tos: 0xb9, dscp: 46, ecn: 1 });
      expect(the(controls, 'packet-info')).toMatchObject({ version: 4, interfaceIndex: 1, local: LOCAL4 });
      expect(the(controls, 'original-destination').address).toEqual(Uint8Array.from(socket.getsockname()));
      const { time } = the(controls, 'timestamp');
      expect(time).toBeGreaterThan(before - 1_000_000_000n);
      expect(time).toBeLessThan(before + 60_000_000_000n);
      // The kernel's own word on what it does not take.
      const bad = thrown(() =>
        socket.sendMsgSync(bytes(1), { control: [{ ...cmsg.ttl(1), data: bytes(1) }] }),
      );
      expect(bad).toMatchObject({ code: 'EINVAL', syscall: 'sendmsg' });
    });
  });

  it('IPv6: hop limit, traffic class, packet info, extension headers', async (context) => {
    const socket = udp(
      context,
      c.AF_INET6,
      [c.SOL_IPV6, c.IPV6_RECVPKTINFO],
      [c.SOL_IPV6, c.IPV6_RECVHOPLIMIT],
      [c.SOL_IPV6, c.IPV6_RECVTCLASS],
      [c.SOL_IPV6, c.IPV6_RECVDSTOPTS],
      [c.SOL_IPV6, c.IPV6_RECVHOPOPTS],
      [c.SOL_IPV6, c.IPV6_FLOWINFO],
    );
    await closing([socket], () => {
      const info = cmsg.packetInfo6({ interfaceIndex: 1, local: LOCAL6 });
      const control = [cmsg.hopLimit(7), cmsg.trafficClass(0x2a), cmsg.dontFragment(true), info];
      socket.sendMsgSync(bytes(1), { control });
      const controls = come(socket);
      expect(the(controls, 'hop-limit').hopLimit).toBe(7);
      expect(the(controls, 'traffic-class')).toMatchObject({ trafficClass: 0x2a, dscp: 10, ecn: 2 });
      expect(the(controls, 'packet-info')).toMatchObject({
        version: 6,
        interfaceIndex: 1,
        destination: LOCAL6,
      });
      expect(the(controls, 'flow-info').flowInfo >>> 20).toBe(0x2a);
      // PadN, six bytes: whole headers, whose first byte the kernel fills in.
      const header = Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0);
      const headers = [cmsg.hopByHopOptions(header), cmsg.destinationOptions(header)];
      try {
        socket.sendMsgSync(bytes(2), { control: headers });
      } catch (error) {
        expect(error).toMatchObject({ code: 'EPERM' });
        return;
      }
      const came = come(socket);
      expect(the(came, 'hop-by-hop-options').data.subarray(1)).toEqual(header.subarray(1));
      expect(the(came, 'destination-options').data.subarray(1)).toEqual(header.subarray(1));
    });
  });

  it('UDP: segments that come back as one', async (context) => {
    const socket = udp(context, c.AF_INET, [c.SOL_UDP, c.UDP_GRO]);
    await closing([socket], () => {
      socket.sendMsgSync(Buffer.alloc(250), { control: [cmsg.segmentSize(100)] });
      const message = socket.recvMsgSync(ROOM, { control: ROOM, timeout: 1000 });
      expect(message.data.length).toBe(250);
      expect(message.control.map(cmsg.decodeControl)).toEqual([{ kind: 'segment-size', size: 100 }]);
    });
  });

  it('the error queue: nobody there', async (context) => {
    const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    const gone = udp(context, c.AF_INET);
    await closing([socket, gone], async () => {
      socket.setsockopt(c.SOL_IP, c.IP_RECVERR, 1);
      await socket.connect(gone.getsockname());
      gone.close();
      socket.sendSync(bytes(1));
      const error = the(come(socket, c.MSG_ERRQUEUE), 'error');
      expect(error).toMatchObject({ name: 'ECONNREFUSED', origin: 'icmp', type: 3, code: 3 });
      expect(error.offender?.subarray(4, 8)).toEqual(LOCAL4);
    });
  });

  it('the error queue: transmit time stamps asked for by message, with an id of their own', async (context) => {
    const socket = udp(context, c.AF_INET);
    await closing([socket], () => {
      const flags = c.SOF_TIMESTAMPING_SOFTWARE | c.SOF_TIMESTAMPING_OPT_ID | c.SOF_TIMESTAMPING_OPT_TSONLY;
      socket.setsockopt(c.SOL_SOCKET, c.SO_TIMESTAMPING, flags);
      const ask = cmsg.timestampingRequest(c.SOF_TIMESTAMPING_TX_SOFTWARE);
      let id = 4_000_000_000;
      try {
        socket.sendMsgSync(bytes(1), { control: [ask, cmsg.timestampId(id)] });
      } catch (error) {
        // Before 6.13.
        expect(error).toMatchObject({ code: 'EINVAL' });
        socket.sendMsgSync(bytes(1), { control: [ask] });
        id = 0;
      }
      const controls = come(socket, c.MSG_ERRQUEUE);
      const error = the(controls, 'error');
      expect(cmsg.timestampStage(error)).toBe('sent');
      expect(error).toMatchObject({ name: 'ENOMSG', origin: 'txstatus', data: id });
      const { software, hardware } = the(controls, 'timestamping');
      expect(hardware).toBeUndefined();
      expect(Math.abs(cmsg.toDate(software ?? 0n).getTime() - Date.now())).toBeLessThan(60_000);
    });
  });

  it('the error queue: zero-copy completions', async (context) => {
    const socket = udp(context, c.AF_INET, [c.SOL_SOCKET, c.SO_ZEROCOPY]);
    await closing([socket], () => {
      for (let i = 0; i < 3; i++) {
        socket.sendMsgSync(bytes(i), { flags: c.MSG_ZEROCOPY });
        socket.recvSync(9, { timeout: 1000 });
      }
      let next = 0;
      while (next < 3) {
        const done = the(come(socket, c.MSG_ERRQUEUE), 'zero-copy');
        expect(done.from).toBe(next);
        next = done.to + 1;
      }
      expect(next).toBe(3);
    });
  });

  it('priority and mark, where the kernel tells them', async (context) => {
    const socket = udp(context, c.AF_INET);
    await closing([socket], () => {
      try {
        socket.setsockopt(c.SOL_SOCKET, c.SO_RCVPRIORITY, 1);
        socket.setsockopt(c.SOL_SOCKET, c.SO_RCVMARK, 1);
        socket.sendMsgSync(bytes(1), { control: [cmsg.priority(5), cmsg.mark(0)] });
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        if (code === 'ENOPROTOOPT') context.skip('this kernel is older than 6.14');
        if (code === 'EPERM') context.skip(`a mark takes CAP_NET_ADMIN or CAP_NET_RAW: ${message}`);
        throw error;
      }
      const controls = come(socket);
      expect(the(controls, 'priority').priority).toBe(5);
      expect(the(controls, 'mark').mark).toBe(0);
    });
  });

  it('packets that were dropped are counted', async (context) => {
    const socket = udp(context, c.AF_INET, [c.SOL_SOCKET, c.SO_RXQ_OVFL]);
    await closing([socket], () => {
      socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 2048);
      for (let i = 0; i < 100; i++) socket.sendSync(Buffer.alloc(500));
      const message = new MessageBuffer({ control: ROOM });
      let received = 0;
      while (socket.tryRecvMsgInto(Buffer.alloc(ROOM), message) > 0) received++;
      socket.sendSync(bytes(1));
      expect(the(come(socket), 'overflow').dropped).toBe(100 - received);
    });
  });
});

describe('over Unix sockets', () => {
  it('descriptors, of sockets and by number, and none that is closed', async () => {
    const before = descriptors();
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const [one, other] = streams();
      const control = [cmsg.rights([one, other.fd])];
      await a.sendMsg(bytes(1), { control });
      const message = await b.recvMsg(9, { control: cmsg.controlSpace(8) });
      const { descriptors: numbers } = the(message.control.map(cmsg.decodeControl), 'rights');
      expect(message.descriptors.map(({ fd }) => fd)).toEqual(numbers);
      message.close();
      one.close();
      other.close();
      expect(await rejected(a.sendMsg(bytes(1), { control }))).toMatchObject({ code: 'EBADF' });
    });
    expect(descriptors()).toBe(before);
  });

  it('credentials and the process as a descriptor', async () => {
    const before = descriptors();
    const [a, b] = datagrams();
    await closing([a, b], () => {
      b.setsockopt(c.SOL_SOCKET, c.SO_PASSCRED, 1);
      a.sendMsgSync(bytes(1), { control: [cmsg.credentials()] });
      const own = { kind: 'credentials', pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
      expect(come(b)).toEqual([own]);
      try {
        b.setsockopt(c.SOL_SOCKET, c.SO_PASSPIDFD, 1);
      } catch (error) {
        // Before 6.5.
        expect(error).toMatchObject({ code: 'ENOPROTOOPT' });
        return;
      }
      a.sendSync(bytes(1));
      const controls = come(b);
      expect(the(controls, 'pid-descriptor').descriptor).toBeGreaterThan(2);
      expect(the(controls, 'credentials')).toEqual(own);
    });
    expect(descriptors()).toBe(before);
  });

  it('what is left in the queue', async (context) => {
    const [a, b] = streams();
    await closing([a, b], () => {
      try {
        b.setsockopt(c.SOL_SOCKET, c.SO_INQ, 1);
      } catch {
        context.skip('this kernel is older than 6.17');
      }
      a.sendSync(Buffer.alloc(100));
      const message = b.recvMsgSync(30, { control: ROOM, timeout: 1000 });
      expect(message.control.map(cmsg.decodeControl)).toEqual([{ kind: 'queued', bytes: 70 }]);
    });
  });
});

describe('other families', () => {
  it('AF_ALG encrypts as node:crypto does', async (context) => {
    // struct sockaddr_alg: family, type[14], feat, mask, name[64].
    const address = Buffer.alloc(88);
    address.writeUInt16LE(c.AF_ALG, 0);
    address.write('skcipher', 2);
    address.write('cbc(aes)', 24);
    const sockets: Socket[] = [];
    try {
      const algorithm = Socket.create(c.AF_ALG, c.SOCK_SEQPACKET);
      sockets.push(algorithm);
      algorithm.bind(address);
    } catch (error) {
      for (const socket of sockets) socket.close();
      context.skip(`no AF_ALG here: ${(error as Error).message}`);
    }
    await closing(sockets, async () => {
      const [algorithm] = sockets as [Socket];
      const key = Buffer.alloc(16, 7);
      const iv = Buffer.alloc(16, 9);
      const plain = Buffer.alloc(64, 'text');
      algorithm.setsockopt(c.SOL_ALG, c.ALG_SET_KEY, key);
      const operation = await algorithm.accept();
      await closing([operation], () => {
        operation.sendMsgSync(plain, { control: [cmsg.algOperation('encrypt'), cmsg.algIv(iv)] });
        const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
        const expected = Buffer.concat([cipher.update(plain), cipher.final()]);
        expect(operation.recvSync(64, { timeout: 1000 })).toEqual(expected);
        operation.sendMsgSync(expected, { control: [cmsg.algOperation('decrypt'), cmsg.algIv(iv)] });
        expect(operation.recvSync(64, { timeout: 1000 })).toEqual(plain);
      });
    });
  });

  it('TCP tells what is left in the queue', async () => {
    const server = Socket.create(c.AF_INET, c.SOCK_STREAM);
    const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
    await closing([server, client], async () => {
      server.bind(loopback());
      server.listen();
      await client.connect(server.getsockname());
      const connection = await server.accept();
      await closing([connection], async () => {
        connection.setsockopt(c.SOL_TCP, c.TCP_INQ, 1);
        await client.sendAll(Buffer.alloc(100));
        const message = await connection.recvMsg(30, { control: ROOM });
        expect(message.control.map(cmsg.decodeControl)).toEqual([{ kind: 'queued', bytes: 70 }]);
      });
    });
  });

  it('packet sockets tell the length on the wire', async (context) => {
    let socket: Socket;
    try {
      socket = Socket.create(c.AF_PACKET, c.SOCK_DGRAM);
    } catch (error) {
      return context.skip(`no packet socket: ${(error as Error).message}`);
    }
    const sender = udp(context, c.AF_INET);
    await closing([socket, sender], async () => {
      socket.setsockopt(c.SOL_PACKET, c.PACKET_AUXDATA, 1);
      // struct sockaddr_ll of interface 1, lo: family, protocol, index.
      const lo = Buffer.alloc(20);
      lo.writeUInt16LE(c.AF_PACKET, 0);
      lo.writeUInt16BE(c.ETH_P_IP, 2);
      lo.writeInt32LE(1, 4);
      socket.bind(lo);
      sender.sendSync(Buffer.alloc(100));
      const auxdata = the(come(socket), 'packet-auxdata');
      expect(auxdata).toMatchObject({ length: auxdata.captured, vlan: undefined });
      expect(auxdata.length).toBeGreaterThanOrEqual(20);
    });
  });
});
