/** Families that stay on the machine: UNIX, NETLINK, TIPC, QRTR, VSOCK, ALG. */
import { createHash, randomBytes } from 'node:crypto';
import { Socket } from '@sockeye/core';
import { datagram, MESSAGE, PATIENCE, same, stream, withSockets } from '../exchange.ts';
import { type Facility, Missing } from '../finding.ts';
import { AF, alg, netlink, qrtr, tipcRange, tipcService, vsock } from '../sockaddr.ts';

const STREAM = 1;
const DGRAM = 2;
const RAW = 3;
const RDM = 4;
const SEQPACKET = 5;

const unix: Facility = {
  name: 'unix',
  place: 'machine',
  attempt: async () => {
    for (const type of [STREAM, DGRAM, SEQPACKET]) {
      const [one, other] = Socket.socketpair(AF.UNIX, type);
      try {
        await one.send(MESSAGE, { timeout: PATIENCE });
        same(await other.recv(64, { timeout: PATIENCE }), MESSAGE);
      } finally {
        one.close();
        other.close();
      }
    }
    return `a message of ${MESSAGE.length} bytes went through pairs of type stream, dgram and seqpacket`;
  },
};

/** Asks for the interfaces: RTM_GETLINK with NLM_F_REQUEST | NLM_F_DUMP; rtnetlink(7). */
const route: Facility = {
  name: 'netlink',
  place: 'machine',
  attempt: () =>
    withSockets(async (make) => {
      const socket = make(AF.NETLINK, RAW, 0);
      const request = Buffer.alloc(32);
      request.writeUInt32LE(32, 0);
      request.writeUInt16LE(18, 4);
      request.writeUInt16LE(0x301, 6);
      await socket.sendTo(request, netlink(), { timeout: PATIENCE });
      const answer = await socket.recv(65536, { timeout: PATIENCE });
      const RTM_NEWLINK = 16;
      if (answer.length < 16 || answer.readUInt16LE(4) !== RTM_NEWLINK)
        throw new Missing(`the kernel answered ${answer.toString('hex').slice(0, 40)}`);
      return `the kernel answered RTM_GETLINK with ${answer.length} bytes`;
    }),
};

const TIPC_TYPE = 18_888;

const tipc: Facility = {
  name: 'tipc',
  place: 'namespace',
  modules: ['tipc'],
  attempt: () =>
    withSockets(async (make) => {
      const server = make(AF.TIPC, RDM, 0);
      const client = make(AF.TIPC, RDM, 0);
      server.bind(tipcRange(TIPC_TYPE, 17));
      await client.sendTo(MESSAGE, tipcService(TIPC_TYPE, 17), { timeout: PATIENCE });
      const { data, address } = await server.recvFrom(64, { timeout: PATIENCE });
      await server.sendTo(data, address, { timeout: PATIENCE });
      same((await client.recvFrom(64, { timeout: PATIENCE })).data, MESSAGE);
      return `a message of ${data.length} bytes went to service ${TIPC_TYPE}:17 and back`;
    }),
};

const router: Facility = {
  name: 'qrtr',
  place: 'machine',
  modules: ['qrtr'],
  attempt: () =>
    withSockets(async (make) => {
      const probe = make(AF.QIPCRTR, DGRAM, 0);
      const node = Buffer.from(probe.getsockname()).readUInt32LE(4);
      const how = await datagram(AF.QIPCRTR, DGRAM, 0, [qrtr(node, 0), qrtr(node, 0)]);
      return `${how} on node ${node}`;
    }),
};

/** linux/vm_sockets.h. The loopback's CID: other machines' are none of the probe's business. */
const VMADDR_CID_LOCAL = 1;
const VMADDR_PORT_ANY = 0xffffffff;

const vm: Facility = {
  name: 'vsock',
  place: 'machine',
  modules: ['vsock_loopback'],
  attempt: () =>
    stream(
      AF.VSOCK,
      STREAM,
      0,
      // Without the loopback binding fails, and nothing is sent: to whoever runs this machine, as a connect would.
      vsock(VMADDR_CID_LOCAL, VMADDR_PORT_ANY),
      () => ' through CID 1',
    ),
};

/** linux/if_alg.h. A generator's key is its seed, without which it gives nothing. */
const SOL_ALG = 279;
const ALG_SET_KEY = 1;

/** A type of AF_ALG, and an algorithm of it that every kernel with the type has. */
const ALGORITHMS: readonly (readonly [string, string])[] = [
  ['skcipher', 'cbc(aes)'],
  ['aead', 'gcm(aes)'],
  ['rng', 'drbg_nopr_sha256'],
];

const crypto: Facility = {
  name: 'alg',
  place: 'machine',
  modules: ['algif_hash'],
  attempt: () =>
    withSockets(async (make) => {
      const base = make(AF.ALG, SEQPACKET, 0);
      base.bind(alg('hash', 'sha256'));
      const operation = await base.accept({ timeout: PATIENCE });
      try {
        await operation.send(MESSAGE, { timeout: PATIENCE });
        const digest = await operation.recv(64, { timeout: PATIENCE });
        same(digest, createHash('sha256').update(MESSAGE).digest());
        return `the kernel gave the SHA-256 of ${MESSAGE.length} bytes`;
      } finally {
        operation.close();
      }
    }),
};

const ciphers: Facility[] = ALGORITHMS.map(([type, name]) => ({
  name: `alg-${type}`,
  place: 'machine',
  modules: [`algif_${type}`],
  attempt: () =>
    withSockets(async (make) => {
      const base = make(AF.ALG, SEQPACKET, 0);
      base.bind(alg(type, name));
      if (type !== 'rng') return `a socket was bound to ${name} (its messages take control data)`;
      base.setsockopt(SOL_ALG, ALG_SET_KEY, randomBytes(32));
      const operation = await base.accept({ timeout: PATIENCE });
      try {
        const random = await operation.recv(16, { timeout: PATIENCE });
        return `the kernel gave ${random.length} random bytes`;
      } finally {
        operation.close();
      }
    }),
}));

export const local: readonly Facility[] = [unix, route, tipc, router, vm, crypto, ...ciphers];
