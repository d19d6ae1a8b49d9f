/** Media over a link between two hosts, or whose other end another process has: what the weather is tried on. */
import { inet, inet6, packet } from '@sockeye/addr';
import { type Address, constants as c } from '@sockeye/core';
import { sctpRtoInfo } from '@sockeye/core/options';
import { soon } from '../forms.ts';
import type { Kind } from '../media/link.ts';
import type { Keep, KernelKey, Pair } from '../medium.ts';
import { canMedia } from './can.ts';
import { CONNECTION, connectedOver, DATAGRAM, fair, open, over } from './over.ts';
import type { Link } from './sky.ts';
import { tipcMedia } from './tipc.ts';
import type { WeatherMedium, Weathers } from './weather.ts';

const ALL: readonly KernelKey[] = ['host', '6.1'];

type Ends = (link: Link) => [Address, Address];
const v4: Ends = ({ one, other }) => [inet(one.v4, 0), inet(other.v4, 0)];
const v6: Ends = ({ one, other }) => [inet6(one.v6, 0), inet6(other.v6, 0)];

const VERSIONS = [
  ['inet', c.AF_INET, v4],
  ['inet6', c.AF_INET6, v6],
] as const;

const MULTIPATH: Weathers = {
  ...CONNECTION,
  userTimeout: 'MPTCP has no TCP_USER_TIMEOUT',
  refused: 'what is sent to a peer that has closed waits for net.mptcp.close_timeout',
};

const connections: WeatherMedium[] = VERSIONS.flatMap(([name, family, ends]) =>
  (
    [
      ['stream', 0, CONNECTION],
      ['mptcp', c.IPPROTO_MPTCP, MULTIPATH],
    ] as const
  ).flatMap(([called, protocol, able]) =>
    over(fair(`${name} ${called}`), 'veth', ALL, able, (keep, link) =>
      connectedOver(keep, link, { family, type: c.SOCK_STREAM, protocol }, ends(link)[1]),
    ),
  ),
);

/** Bound to the interface too, so that its end is theirs. */
async function datagrams(keep: Keep, link: Link, kind: Kind, ends: Ends): Promise<Pair> {
  const [one, other] = [open(keep, link.one, kind), open(keep, link.other, kind)];
  const [here, there] = ends(link);
  one.setsockopt(c.SOL_SOCKET, c.SO_BINDTODEVICE, Buffer.from(`${link.one.name}\0`));
  other.setsockopt(c.SOL_SOCKET, c.SO_BINDTODEVICE, Buffer.from(`${link.other.name}\0`));
  one.bind(here);
  other.bind(there);
  await one.connect(other.getsockname(), soon());
  await other.connect(one.getsockname(), soon());
  // Only who asks for errors is told of a full queue: ip(7), ipv6(7).
  if (kind.family === c.AF_INET) one.setsockopt(c.IPPROTO_IP, c.IP_RECVERR, 1);
  else one.setsockopt(c.IPPROTO_IPV6, c.IPV6_RECVERR, 1);
  return { one: { socket: one }, other: { socket: other } };
}

const udp: WeatherMedium[] = VERSIONS.flatMap(([name, family, ends]) =>
  over(fair(`${name} dgram`), 'veth', ALL, DATAGRAM, (keep, link) =>
    datagrams(keep, link, { family, type: c.SOCK_DGRAM }, ends),
  ),
);

/** IEEE 802's local experimental EtherType 1. */
const ETHERTYPE = 0x88b5;

const packets: WeatherMedium[] = over(
  fair('packet dgram'),
  'veth',
  ALL,
  { ...DATAGRAM, told: true },
  async (keep, link) => {
    const kind = { family: c.AF_PACKET, type: c.SOCK_DGRAM };
    const [one, other] = ([link.one, link.other] as const).map((end) => {
      const socket = open(keep, end, kind);
      const ifindex = end.index;
      const all = packet({ ifindex, protocol: ETHERTYPE, address: 'ff:ff:ff:ff:ff:ff' });
      socket.bind(packet({ ifindex, protocol: ETHERTYPE }));
      return { socket, to: all.toSockaddr('linux') };
    });
    if (one === undefined || other === undefined) throw new Error('a link has two ends');
    return { one, other };
  },
);

const sctp: WeatherMedium[] = VERSIONS.flatMap(([name, family, ends]) =>
  over(
    fair(`${name} sctp, one to one`),
    'veth',
    ['6.1'],
    { ...CONNECTION, userTimeout: 'SCTP has no TCP_USER_TIMEOUT' },
    (keep, link) => {
      const kind = { family, type: c.SOCK_STREAM, protocol: c.IPPROTO_SCTP };
      return connectedOver(keep, link, kind, ends(link)[1], undefined, (socket) => {
        socket.setsockopt(c.IPPROTO_SCTP, c.SCTP_NODELAY, 1);
        // RFC 9260's first second is a long time in a test.
        sctpRtoInfo.set(socket, { initial: 200, max: 1000, min: 100 });
      });
    },
  ),
);

const NO_LINK = 'it stays on the machine';

/** What stays on the machine, and whose other end another process can have. */
function local(name: string, kernels: readonly KernelKey[], more: Partial<Weathers> = {}): WeatherMedium {
  const base = fair(name);
  const none = async (): Promise<never> => {
    throw new Error(NO_LINK);
  };
  return {
    ...base,
    name: `${name}, two processes`,
    kernels,
    sky: {
      can: {
        netem: NO_LINK,
        reliable: NO_LINK,
        unreliable: NO_LINK,
        outlives: NO_LINK,
        endsWithLink: NO_LINK,
        userTimeout: NO_LINK,
        told: NO_LINK,
        removed: NO_LINK,
        overflow: 'a connection drops nothing',
        noBuffers: NO_LINK,
        stopped: true,
        killed: true,
        refused: true,
        ended: true,
        ...more,
      },
      link: async () => undefined,
      spare: none,
      pairOver: none,
    },
  };
}

const locals: WeatherMedium[] = [
  local('unix stream, socketpair', ['host']),
  local('unix dgram, socketpair', ['host'], { ended: 'who has no connection is told of no end' }),
  local('unix seqpacket, socketpair', ['host']),
  local('vsock stream', ['6.1']),
];

export const WEATHER_MEDIA: readonly WeatherMedium[] = [
  ...connections,
  ...udp,
  ...packets,
  ...sctp,
  ...tipcMedia,
  ...canMedia,
  ...locals,
];
