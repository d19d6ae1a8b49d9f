/** What one kernel does otherwise than another: each shown by doing it, in a few words. */
import { can, canIsotp, inet, tipcRange, vsock } from '@sockeye/addr';
import { constants as c, errnos, ifNameToIndex, Socket } from '@sockeye/core';
import { peerProcess } from '@sockeye/core/options';

export interface Behaviour {
  /** What is asked. */
  readonly name: string;
  /** What this kernel does; `-` where it has no such thing. */
  show(keep: (socket: Socket) => Socket): Promise<string>;
}

const WAIT = { timeout: 2000 };
/** Ten thousand frames are a while on their way in an emulated machine. */
const LONG = { timeout: 40_000 };
const NONE = '-';

/** The name of an error; `-` for what is not there at all. */
function named(error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT', 'ENODEV'].includes(code) ? NONE : code;
}

/** What came of something, or the name of its error. */
async function told(attempt: () => unknown): Promise<string> {
  try {
    return `${await attempt()}`;
  } catch (error) {
    const word = named(error);
    if (word === '') throw error;
    return word;
  }
}

/** Whether an option can be read or set. */
function option(
  name: string,
  [family, type, protocol]: readonly [number, number, number],
  use: (socket: Socket) => unknown,
): Behaviour {
  return {
    name,
    show: (keep) =>
      told(() => {
        use(keep(Socket.create(family, type, protocol)));
        return 'yes';
      }),
  };
}

const STREAM = [c.AF_INET, c.SOCK_STREAM, 0] as const;
const UNIX = [c.AF_UNIX, c.SOCK_STREAM, 0] as const;
const RAW_CAN = [c.AF_CAN, c.SOCK_RAW, c.CAN_RAW] as const;
/** linux/can/raw.h, of 6.9. */
const CAN_RAW_XL_VCID_OPTS = 8;

const on =
  (level: number, name: number) =>
  (socket: Socket): void =>
    socket.setsockopt(level, name, 1);

/** Sends one message of ISO-TP, and says whether it came. */
async function isotp(keep: (socket: Socket) => Socket, size: number): Promise<boolean> {
  const [one, other] = [0, 1].map((n) => {
    const socket = keep(Socket.create(c.AF_CAN, c.SOCK_DGRAM, c.CAN_ISOTP));
    const [rxId, txId] = n === 0 ? [0x6f1, 0x6f2] : [0x6f2, 0x6f1];
    socket.bind(canIsotp({ ifindex: ifNameToIndex('vcan0'), rxId: rxId ?? 0, txId: txId ?? 0 }));
    return socket;
  }) as [Socket, Socket];
  try {
    const receiving = other.recv(size + 1, LONG).then(({ length }) => length === size);
    receiving.catch(() => {});
    await one.send(Buffer.alloc(size, 1), LONG);
    return await receiving;
  } catch (error) {
    if (named(error) !== 'EINVAL') throw error;
    return false;
  } finally {
    one.close();
    other.close();
  }
}

/** struct sockaddr_vm: this machine itself, any port; vsock(7). */
const here = (): ReturnType<typeof vsock> => vsock(1, 0xffffffff);

async function vsockPair(keep: (socket: Socket) => Socket): Promise<[Socket, Socket]> {
  const make = (): Socket => keep(Socket.create(c.AF_VSOCK, c.SOCK_SEQPACKET));
  const [listener, client] = [make(), make()];
  listener.bind(here());
  listener.listen(1);
  const [server] = await Promise.all([listener.accept(WAIT), client.connect(listener.getsockname(), WAIT)]);
  return [client, keep(server)];
}

export const BEHAVIOURS: readonly Behaviour[] = [
  {
    name: 'ISO-TP: the longest message of those of 65,535, 8,300 and 4,095 bytes',
    show: (keep) =>
      told(async () => {
        for (const size of [65_535, 8300, 4095]) if (await isotp(keep, size)) return size;
        return 'none';
      }),
  },
  option('CAN XL frames on a raw socket', RAW_CAN, on(c.SOL_CAN_RAW, c.CAN_RAW_XL_FRAMES)),
  option('CAN XL: virtual network identifiers (CAN_RAW_XL_VCID_OPTS)', RAW_CAN, (socket) =>
    socket.setsockopt(c.SOL_CAN_RAW, CAN_RAW_XL_VCID_OPTS, Uint8Array.of(1, 0, 7, 0)),
  ),
  {
    name: 'CAN raw: bind(2) to an interface that is none',
    show: (keep) =>
      told(() => {
        keep(Socket.create(...RAW_CAN)).bind(can(0x7ffffff0));
        return 'yes';
      }).then((words) => (words === NONE ? 'ENODEV, or no CAN' : words)),
  },
  {
    name: 'VSOCK seqpacket: MSG_PEEK',
    show: (keep) =>
      told(async () => {
        const [one, other] = await vsockPair(keep);
        await one.send(Buffer.from('look'), WAIT);
        const { length } = await other.recv(8, { flags: c.MSG_PEEK, ...WAIT });
        return `${length} bytes seen`;
      }),
  },
  {
    name: 'VSOCK seqpacket: a message of 100,000 bytes, when 200,000 of the peer’s 262,144 are taken',
    show: (keep) =>
      told(async () => {
        const [one, other] = await vsockPair(keep);
        await one.send(Buffer.alloc(200_000, 1), WAIT);
        const data = Buffer.alloc(100_000, 2);
        const first = one.trySend(data);
        if (first >= 0) return `${first} bytes are taken at once`;
        await other.recv(262_144, WAIT);
        await one.send(data, WAIT);
        const { length } = await other.recv(262_144, WAIT);
        return length === data.length ? 'EAGAIN, later whole' : `EAGAIN, later ${length} bytes`;
      }),
  },
  {
    name: 'Unix datagrams of one byte that a pair holds',
    show: async (keep) => {
      const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
      keep(one);
      keep(other);
      for (let count = 0; ; count++) {
        const sent = one.trySend(Buffer.alloc(1));
        if (sent === -errnos.EAGAIN) return String(count);
        if (sent < 0) return `errno ${-sent}`;
      }
    },
  },
  {
    name: 'Unix stream: a receive of no bytes where nothing is there',
    show: async (keep) => {
      const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
      keep(other);
      const got = keep(one).tryRecvInto(Buffer.alloc(1), 0, 0, 0);
      return got === -errnos.EAGAIN ? 'waits' : String(got);
    },
  },
  {
    name: 'TIPC: a message of 66,000 bytes and one of 66,001 (TIPC_MAX_USER_MSG_SIZE)',
    show: (keep) =>
      told(async () => {
        const socket = keep(Socket.create(c.AF_TIPC, c.SOCK_RDM));
        const range = tipcRange({ type: 0x5e73, lower: 1, upper: 1, scope: c.TIPC_NODE_SCOPE });
        socket.bind(range);
        const words: string[] = [];
        for (const size of [66_000, 66_001])
          words.push(
            await told(async () => {
              await socket.sendTo(Buffer.alloc(size), range, WAIT);
              return (await socket.recv(70_000, WAIT)).length;
            }),
          );
        return words.every((word) => word === NONE) ? NONE : words.join(', ');
      }),
  },
  {
    name: 'UDP-Lite',
    show: (keep) =>
      told(() => {
        keep(Socket.create(c.AF_INET, c.SOCK_DGRAM, c.IPPROTO_UDPLITE));
        return 'yes';
      }),
  },
  {
    name: 'ICMP sockets for everybody (net.ipv4.ping_group_range)',
    show: (keep) =>
      told(() => {
        keep(Socket.create(c.AF_INET, c.SOCK_DGRAM, c.IPPROTO_ICMP)).bind(inet('127.0.0.1', 0));
        return 'yes';
      }),
  },
  {
    name: 'SO_PEERPIDFD',
    show: (keep) =>
      told(() => {
        const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
        keep(other);
        peerProcess.get(keep(one)).close();
        return 'yes';
      }),
  },
  option('SO_PASSPIDFD', UNIX, on(c.SOL_SOCKET, c.SO_PASSPIDFD)),
  option('SO_PASSRIGHTS', UNIX, on(c.SOL_SOCKET, c.SO_PASSRIGHTS)),
  option('SO_RCVPRIORITY', STREAM, on(c.SOL_SOCKET, c.SO_RCVPRIORITY)),
  option('IP_LOCAL_PORT_RANGE', STREAM, on(c.IPPROTO_IP, c.IP_LOCAL_PORT_RANGE)),
  option('TCP_RTO_MAX_MS', STREAM, (socket) => socket.setsockopt(c.IPPROTO_TCP, c.TCP_RTO_MAX_MS, 1000)),
  option('TCP_IS_MPTCP', STREAM, (socket) => socket.getsockopt(c.IPPROTO_TCP, c.TCP_IS_MPTCP)),
  option('Multipath TCP: TCP_USER_TIMEOUT', [c.AF_INET, c.SOCK_STREAM, c.IPPROTO_MPTCP], (socket) =>
    socket.setsockopt(c.IPPROTO_TCP, c.TCP_USER_TIMEOUT, 1000),
  ),
];
