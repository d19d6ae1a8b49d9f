import { createHash } from 'node:crypto';
import { constants, Socket } from '@sockeye/core';
import { afterEach, describe, expect, it } from 'vitest';
import { onlyInside } from './only-inside.ts';

onlyInside();

const { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM, IPPROTO_SCTP } = constants;
const { AF_INET, AF_RDS, AF_TIPC, AF_ALG, AF_VSOCK, AF_QIPCRTR } = constants;
const WAIT = { timeout: 10_000 };
const MESSAGE = Buffer.from('hello from the other end');

const sockets: Socket[] = [];
function open(family: number, type: number, protocol = 0): Socket {
  const socket = Socket.create(family, type, protocol);
  sockets.push(socket);
  return socket;
}
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A sockaddr: the family, and what follows at its offsets. Numbers have the machine's order, except where said. */
function sockaddr(family: number, size: number, fill: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUInt16LE(family, 0);
  fill(bytes);
  return bytes;
}

/** struct sockaddr_in: port and address in network order. */
const ipv4 = (port: number): Buffer =>
  sockaddr(AF_INET, 16, (bytes) => {
    bytes.writeUInt16BE(port, 2);
    bytes.writeUInt32BE(0x7f000001, 4);
  });

const portOf = (socket: Socket): number => Buffer.from(socket.getsockname()).readUInt16BE(2);

/** Listens at one address, connects to another, and sends a message each way. */
async function converse(
  make: () => Socket,
  here: Uint8Array,
  there: (listener: Socket) => Uint8Array,
): Promise<void> {
  const listener = make();
  listener.bind(here);
  listener.listen(1);
  const client = make();
  const [server] = await Promise.all([listener.accept(WAIT), client.connect(there(listener), WAIT)]);
  sockets.push(server);
  await client.send(MESSAGE, WAIT);
  expect(await server.recv(100, WAIT)).toEqual(MESSAGE);
  await server.send(Buffer.from('and back'), WAIT);
  expect(await client.recv(100, WAIT)).toEqual(Buffer.from('and back'));
}

/** Sends a datagram to a bound socket, and an answer to where it came from. */
async function exchange(one: Socket, other: Socket, address: Uint8Array): Promise<void> {
  await one.sendTo(MESSAGE, address, WAIT);
  const asked = await other.recvFrom(100, WAIT);
  expect(asked.data).toEqual(MESSAGE);
  await other.sendTo(Buffer.from('and back'), asked.address, WAIT);
  const answered = await one.recvFrom(100, WAIT);
  expect(answered.data).toEqual(Buffer.from('and back'));
}

describe('TIPC', () => {
  /** struct sockaddr_tipc: a service address, type and instance, of this node. */
  const service = (type: number, instance: number): Buffer =>
    sockaddr(AF_TIPC, 16, (bytes) => {
      const [TIPC_SERVICE_ADDR, TIPC_NODE_SCOPE] = [2, 3];
      bytes.writeUInt8(TIPC_SERVICE_ADDR, 2);
      bytes.writeInt8(TIPC_NODE_SCOPE, 3);
      bytes.writeUInt32LE(type, 4);
      bytes.writeUInt32LE(instance, 8);
    });

  it.each([
    ['SOCK_SEQPACKET', SOCK_SEQPACKET],
    ['SOCK_STREAM', SOCK_STREAM],
  ])('%s carries messages both ways', (_, type) =>
    converse(
      () => open(AF_TIPC, type),
      service(0x10000 + type, 1),
      () => service(0x10000 + type, 1),
    ));

  it('SOCK_RDM carries datagrams to a service and back to who sent them', async () => {
    const server = open(AF_TIPC, constants.SOCK_RDM);
    server.bind(service(0x20000, 7));
    await exchange(open(AF_TIPC, constants.SOCK_RDM), server, service(0x20000, 7));
  });
});

describe('RDS', () => {
  it('carries datagrams between two ports of the loopback address', async () => {
    const [one, other] = [open(AF_RDS, SOCK_SEQPACKET), open(AF_RDS, SOCK_SEQPACKET)];
    one.bind(ipv4(0));
    other.bind(ipv4(0));
    await exchange(one, other, ipv4(portOf(other)));
  });
});

describe('SCTP', () => {
  it('one to one, carries messages both ways', () =>
    converse(
      () => open(AF_INET, SOCK_STREAM, IPPROTO_SCTP),
      ipv4(0),
      (listener) => ipv4(portOf(listener)),
    ));

  it('one to many, keeps the bounds of messages', async () => {
    const [one, other] = [
      open(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP),
      open(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP),
    ];
    other.bind(ipv4(0));
    other.listen(1);
    const address = ipv4(portOf(other));
    for (const text of ['one', 'and two']) await one.sendTo(Buffer.from(text), address, WAIT);
    for (const text of ['one', 'and two']) expect(await other.recv(100, WAIT)).toEqual(Buffer.from(text));
  });
});

describe('VSOCK', () => {
  const VMADDR_CID_LOCAL = 1;
  /** struct sockaddr_vm: port, then context. */
  const vm = (cid: number, port: number): Buffer =>
    sockaddr(AF_VSOCK, 16, (bytes) => {
      bytes.writeUInt32LE(port, 4);
      bytes.writeUInt32LE(cid, 8);
    });

  it.each([
    ['SOCK_STREAM', SOCK_STREAM],
    ['SOCK_SEQPACKET', SOCK_SEQPACKET],
  ])('%s carries messages both ways over the loopback', (_, type) =>
    converse(
      () => open(AF_VSOCK, type),
      vm(VMADDR_CID_LOCAL, 5000 + type),
      () => vm(VMADDR_CID_LOCAL, 5000 + type),
    ));
});

describe('ALG', () => {
  /** struct sockaddr_alg: the kind and the name of an algorithm, as text. */
  const algorithm = (type: string, name: string): Buffer =>
    sockaddr(AF_ALG, 88, (bytes) => {
      bytes.write(type, 2);
      bytes.write(name, 24);
    });

  it.each(['sha256', 'sha1', 'md5'])('%s of a message is what OpenSSL says', async (name) => {
    const factory = open(AF_ALG, SOCK_SEQPACKET);
    factory.bind(algorithm('hash', name));
    const operation = await factory.accept(WAIT);
    sockets.push(operation);
    await operation.send(MESSAGE, WAIT);
    expect(await operation.recv(100, WAIT)).toEqual(createHash(name).update(MESSAGE).digest());
  });

  it('an algorithm that does not exist is ENOENT', () => {
    const factory = open(AF_ALG, SOCK_SEQPACKET);
    expect(() => factory.bind(algorithm('hash', 'nosuch'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('QRTR', () => {
  it('carries datagrams between two ports of this node', async () => {
    const [one, other] = [open(AF_QIPCRTR, SOCK_DGRAM), open(AF_QIPCRTR, SOCK_DGRAM)];
    /** struct sockaddr_qrtr: node and port; port 0 is any. A socket knows its node from the start. */
    const here = Buffer.from(other.getsockname());
    other.bind(
      sockaddr(AF_QIPCRTR, 12, (bytes) => {
        bytes.writeUInt32LE(here.readUInt32LE(4), 4);
      }),
    );
    await exchange(one, other, other.getsockname());
  });
});
