/** IPv4, IPv6 and what runs over them, on the loopback interface. */

import { ifNameToIndex } from '@sockeye/core';
import { datagram, MESSAGE, PATIENCE, same, stream, withSockets } from '../exchange.ts';
import { type Facility, Missing } from '../finding.ts';
import { AF, loopback4, loopback6, packet } from '../sockaddr.ts';

const STREAM = 1;
const DGRAM = 2;
const RAW = 3;
const SEQPACKET = 5;
const IPPROTO_ICMP = 1;
const IPPROTO_SCTP = 132;
const IPPROTO_UDPLITE = 136;
const IPPROTO_MPTCP = 262;

const SOL_UDPLITE = 136;
const UDPLITE_SEND_CSCOV = 10;
/** linux/mptcp.h: struct mptcp_info has its flags at 8, whose bit 0 says that plain TCP is spoken. */
const SOL_MPTCP = 284;
const MPTCP_INFO = 1;
const FLAGS = 8;
const FALLBACK = 1;

const tcp: Facility = {
  name: 'tcp',
  place: 'namespace',
  attempt: () => stream(AF.INET, STREAM, 0, loopback4()),
};

const udp: Facility = {
  name: 'udp',
  place: 'namespace',
  attempt: () => datagram(AF.INET, DGRAM, 0, [loopback4(), loopback4()]),
};

const ipv6: Facility = {
  name: 'ipv6',
  place: 'namespace',
  modules: ['ipv6'],
  attempt: async () => {
    await stream(AF.INET6, STREAM, 0, loopback6());
    return `UDP: ${await datagram(AF.INET6, DGRAM, 0, [loopback6(), loopback6()])}; TCP too`;
  },
};

/** An ICMP echo request that the kernel answers; RFC 792. */
const raw: Facility = {
  name: 'raw',
  place: 'namespace',
  attempt: () =>
    withSockets(async (make) => {
      const socket = make(AF.INET, RAW, IPPROTO_ICMP);
      const request = new Uint8Array([8, 0, 0xf7, 0xfd, 0, 1, 0, 1]);
      await socket.sendTo(request, loopback4(), { timeout: PATIENCE });
      for (let turn = 0; turn < 8; turn++) {
        const { data } = await socket.recvFrom(256, { timeout: PATIENCE });
        const header = ((data[0] ?? 0) & 15) * 4;
        // On the loopback interface the request comes in too.
        if (data[header] === 0) return `an ICMP echo reply of ${data.length - header} bytes came back`;
      }
      throw new Missing('only echo requests came in, no reply');
    }),
};

const packets: Facility = {
  name: 'packet',
  place: 'namespace',
  modules: ['af_packet'],
  attempt: () =>
    withSockets(async (make) => {
      // An experimental Ethernet type, IEEE 802, in the network's order as socket(2) takes it.
      const type = 0x88b5;
      const socket = make(AF.PACKET, DGRAM, 0);
      const lo = ifNameToIndex('lo');
      socket.bind(packet(type, lo));
      await socket.sendTo(MESSAGE, packet(type, lo, new Uint8Array(6)), { timeout: PATIENCE });
      same(await socket.recv(64, { timeout: PATIENCE }), MESSAGE);
      return `a frame with ${MESSAGE.length} bytes came back over lo`;
    }),
};

const mptcp: Facility = {
  name: 'mptcp',
  place: 'namespace',
  attempt: () =>
    stream(AF.INET, STREAM, IPPROTO_MPTCP, loopback4(), (client) => {
      const info = client.getsockopt(SOL_MPTCP, MPTCP_INFO, 256);
      if (info.length < FLAGS + 4) throw new Missing(`MPTCP_INFO has ${info.length} bytes`);
      if ((info.readUInt32LE(FLAGS) & FALLBACK) !== 0)
        throw new Missing('the connection fell back to TCP', 'sudo sysctl net.mptcp.enabled=1');
      return ', without falling back to TCP';
    }),
};

const udplite: Facility = {
  name: 'udplite',
  place: 'namespace',
  attempt: () =>
    datagram(AF.INET, DGRAM, IPPROTO_UDPLITE, [loopback4(), loopback4()], (one) =>
      one.setsockopt(SOL_UDPLITE, UDPLITE_SEND_CSCOV, 8),
    ),
};

const sctp: Facility = {
  name: 'sctp',
  place: 'namespace',
  modules: ['sctp'],
  attempt: () => stream(AF.INET, STREAM, IPPROTO_SCTP, loopback4()),
};

/** One-to-many: the server answers from the one socket that it has; RFC 6458, section 3. */
const sctpMany: Facility = {
  name: 'sctp-one-to-many',
  place: 'namespace',
  modules: ['sctp'],
  attempt: () =>
    withSockets(async (make) => {
      const server = make(AF.INET, SEQPACKET, IPPROTO_SCTP);
      const client = make(AF.INET, SEQPACKET, IPPROTO_SCTP);
      server.bind(loopback4());
      server.listen();
      await client.sendTo(MESSAGE, server.getsockname(), { timeout: PATIENCE });
      const { data, address } = await server.recvFrom(64, { timeout: PATIENCE });
      await server.sendTo(data, address, { timeout: PATIENCE });
      same((await client.recvFrom(64, { timeout: PATIENCE })).data, MESSAGE);
      return `a message of ${data.length} bytes went there and back`;
    }),
};

const smc: Facility = {
  name: 'smc',
  place: 'namespace',
  modules: ['smc'],
  attempt: async () =>
    `${await stream(AF.SMC, STREAM, 0, loopback4())} (over TCP, unless both ends have RDMA or ISM)`,
};

/** Takes IPv4 addresses of its own family's sockets; RDS is datagrams that arrive. */
const rds: Facility = {
  name: 'rds',
  place: 'namespace',
  modules: ['rds', 'rds_tcp'],
  attempt: () => datagram(AF.RDS, SEQPACKET, 0, [loopback4(21001), loopback4(21002)]),
};

export const inet: readonly Facility[] = [
  tcp,
  udp,
  ipv6,
  raw,
  packets,
  mptcp,
  udplite,
  sctp,
  sctpMany,
  smc,
  rds,
];
