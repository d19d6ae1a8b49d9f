/** Random sequences of calls on a pair of sockets and on copies of them: the same ones here and in CPython. */
import * as socket from '@sockeye/compat-python';
import fc from 'fast-check';

/** On which of the open sockets (counted modulo their number), what, with what. Bytes are given by their length. */
type Op = readonly [name: string, at: number, ...args: number[]];

/** What a sequence begins with, and what it does. */
export interface Sequence {
  readonly kind: 'stream' | 'datagram' | 'seqpacket' | 'tcp' | 'udp' | 'tcp6' | 'udp6' | 'netlink';
  /** Seconds, 0 for not waiting. */
  readonly timeout: number;
  readonly ops: readonly Op[];
}

const at = fc.nat(7);
const size = fc.constantFrom(0, 1, 2, 5, 100, 5000, -1);
const flags = fc.constantFrom(0, 0, 0, 2, 0x40, 0x20, 0x4000);
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.tuple(fc.constantFrom('recv', 'recvfrom', 'recvmsg'), at, size, flags),
  fc.tuple(fc.constantFrom('recv_into', 'recvfrom_into'), at, fc.nat(9), size, flags),
  fc.tuple(fc.constant('recvmsg_into'), at, fc.nat(9), fc.nat(9), flags),
  fc.tuple(fc.constantFrom('send', 'send', 'sendall'), at, fc.constantFrom(0, 1, 3, 200, 7000), flags),
  fc.tuple(fc.constant('sendmsg'), at, fc.nat(20), fc.nat(20), fc.nat(3)),
  fc.tuple(fc.constant('send_fds'), at, fc.nat(3)),
  fc.tuple(fc.constant('recv_fds'), at, fc.nat(9), fc.nat(3)),
  fc.tuple(fc.constantFrom('settimeout', 'setblocking'), at, fc.constantFrom(0, 0.01, -1)),
  fc.tuple(fc.constant('shutdown'), at, fc.constantFrom(0, 1, 2, 3)),
  fc.tuple(fc.constantFrom('close', 'detach', 'dup', 'twin', 'fromfd'), at),
  fc.tuple(
    fc.constantFrom(
      'gettimeout',
      'getblocking',
      'listen',
      'getsockname',
      'getpeername',
      'get_inheritable',
      'open',
      'repr',
    ),
    at,
  ),
  fc.tuple(fc.constant('set_inheritable'), at, fc.nat(1)),
  fc.tuple(
    fc.constant('getsockopt'),
    at,
    fc.constantFrom(1, 6, 41, 999),
    fc.constantFrom(2, 3, 4, 9, 13, 999),
    fc.constantFrom(0, 4, 8, 1025),
  ),
  fc.tuple(
    fc.constant('setsockopt'),
    at,
    fc.constantFrom(1, 6, 999),
    fc.constantFrom(2, 9, 13, 999),
    fc.constantFrom(0, 1, -1),
  ),
  fc.tuple(fc.constant('file_read'), at, fc.constantFrom(0, 1, 8192), fc.constantFrom(0, 1, 4)),
  fc.tuple(fc.constant('file_line'), at, fc.constantFrom(0, 1, 8192)),
  fc.tuple(fc.constant('file_write'), at, fc.constantFrom(0, 1, 8192), fc.constantFrom(0, 1, 4)),
);

export const sequence: fc.Arbitrary<Sequence> = fc
  .record({
    kind: fc.constantFrom('stream', 'datagram', 'seqpacket', 'tcp', 'udp', 'tcp6', 'udp6', 'netlink'),
    timeout: fc.constantFrom(0, 0.01),
    ops: fc.array(op, { minLength: 1, maxLength: 25 }),
  })
  .map((one) => ({ ...one, ops: one.ops.map((each) => defined(one.kind, each)) }));

/**
 * Without MSG_TRUNC where its bytes are whatever the memory held before: TCP throws away what was asked for, and CPython's `recv`
 * gives as many bytes as the datagram had, of which it has received fewer.
 */
function defined(kind: Sequence['kind'], [name, index, ...args]: Op): Op {
  const odd = name === 'recv' || name === 'recvfrom' || (kind.startsWith('tcp') && name.startsWith('rec'));
  return [name, index, ...(odd ? args.map((value) => (value === 0x20 ? 0 : value)) : args)];
}

/** The bytes that are sent: lines, so that there is something to read by them. */
function bytes(length: number): Buffer {
  return Buffer.alloc(length, 'ab\nc');
}

/** Does the sequences in CPython; prints what came of each call. */
export const PROGRAM = `
import array, json, os, re, socket, sys

def data(n): return (b'ab\\nc' * (n // 4 + 1))[:n]

def shown(v):
    if isinstance(v, (bytes, bytearray)): return {'bytes': len(v), 'head': bytes(v[:9]).hex()}
    if isinstance(v, (list, tuple)): return [shown(x) for x in v]
    if isinstance(v, bool) or v is None or isinstance(v, (str, float)): return v
    return int(v)

def closing(came):
    # The numbers of descriptors are each process's own.
    count, ancdata, flags, address = came
    for level, kind, data in ancdata:
        if (level, kind) == (1, 1):
            for fd in array.array('i', data): os.close(fd)
    return [count, [[level, kind, len(data)] for level, kind, data in ancdata], flags, address]

def begin(kind):
    if kind == 'stream': return list(socket.socketpair())
    if kind == 'datagram': return list(socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
    if kind == 'seqpacket': return list(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    if kind == 'netlink':
        # Numbers that nobody else has, and that are no others' digits.
        a, b = (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2) for _ in range(2))
        a.bind((2**30 + 2 * os.getpid(), 0)); b.bind((2**30 + 2 * os.getpid() + 1, 0))
        a.connect(b.getsockname()); b.connect(a.getsockname()); return [a, b]
    host, family = ('::1', socket.AF_INET6) if kind.endswith('6') else ('127.0.0.1', socket.AF_INET)
    if kind.startswith('tcp'):
        l = socket.create_server((host, 0), family=family); a = socket.create_connection(l.getsockname()[:2])
        b, _ = l.accept(); l.close(); return [a, b]
    a, b = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    a.bind((host, 0)); b.bind((host, 0))
    a.connect(b.getsockname()); b.connect(a.getsockname()); return [a, b]

def do(sockets, detached, name, at, args):
    s = sockets[at % len(sockets)]
    if name in ('recv', 'recvfrom'): return getattr(s, name)(*args)
    if name == 'recvmsg': return closing(s.recvmsg(args[0], 64, args[1]))
    if name in ('recv_into', 'recvfrom_into'):
        room = bytearray(args[0]); return [getattr(s, name)(room, *args[1:]), room]
    if name == 'recvmsg_into':
        rooms = [bytearray(args[0]), bytearray(args[1])]; return [closing(s.recvmsg_into(rooms, 64, args[2])), rooms]
    if name in ('send', 'sendall'): return getattr(s, name)(data(args[0]), args[1])
    if name == 'sendmsg': return s.sendmsg([data(args[0]), data(args[1])], [(1, 1, b'')] * (args[2] // 3))
    if name == 'send_fds': return socket.send_fds(s, [b'fds'], [0] * args[0])
    if name == 'recv_fds':
        msg, fds, flags, addr = socket.recv_fds(s, *args)
        for fd in fds: os.close(fd)
        return [msg, len(fds), flags, addr]
    if name == 'settimeout': return s.settimeout(args[0])
    if name == 'setblocking': return s.setblocking(False)
    if name in ('dup', 'twin', 'fromfd'):
        if name == 'dup': made = s.dup()
        elif name == 'fromfd': made = socket.fromfd(s.fileno(), s.family, s.type, s.proto)
        else: made = socket.socket(fileno=s.fileno())
        if made.gettimeout() is None: made.settimeout(0)
        sockets.append(made); return [int(made.family), int(made.type), made.proto, made.gettimeout()]
    if name == 'detach':
        fd = s.detach(); detached.append(fd); return fd >= 0
    if name == 'open': return s.fileno() >= 0
    if name == 'repr': return re.sub(r'fd=\\d+', 'fd=N', repr(s))
    if name == 'file_read':
        with s.makefile('rb', args[0]) as f: return f.read(args[1])
    if name == 'file_line':
        with s.makefile('rb', args[0]) as f: return f.readline()
    if name == 'file_write':
        with s.makefile('wb', args[0]) as f: return f.write(data(args[1]))
    return getattr(s, name)(*args)

out = []
for q in json.load(sys.stdin):
    sockets, detached, results = begin(q['kind']), [], []
    own = 0 if q['kind'] == 'netlink' else 1
    ports = [str(s.getsockname()[own]) for s in sockets] if q['kind'][:3] in ('tcp', 'udp', 'net') else []
    for s in sockets: s.settimeout(q['timeout'])
    for name, at, *args in q['ops']:
        try: r = shown(do(sockets, detached, name, at, args))
        except Exception as e: r = {'error': type(e).__name__, 'words': str(e), 'errno': getattr(e, 'errno', None)}
        r = json.dumps(r, ensure_ascii=False)
        for i, p in enumerate(ports): r = r.replace(p, '99900%d' % i)
        results.append(json.loads(r))
    out.append(results)
    for s in sockets:
        try: s.close()
        except OSError: pass
    for fd in detached:
        try: os.close(fd)
        except OSError: pass
print(json.dumps(out))
`;

function begin(kind: Sequence['kind']): socket.socket[] {
  if (kind === 'stream') return socket.socketpair();
  if (kind === 'datagram') return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM);
  if (kind === 'seqpacket') return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET);
  if (kind === 'netlink') {
    const made = (): socket.socket => socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_USERSOCK);
    const [a, b] = [made(), made()];
    for (const [at, one] of [a, b].entries()) one.bind([2 ** 30 + 2 * process.pid + at, 0]);
    a.connect(b.getsockname<socket.ReturnedPair>());
    b.connect(a.getsockname<socket.ReturnedPair>());
    return [a, b];
  }
  const six = kind.endsWith('6');
  const [host, family] = six ? ['::1', socket.AF_INET6] : ['127.0.0.1', socket.AF_INET];
  if (kind.startsWith('tcp')) {
    const listener = socket.create_server([host, 0], { family });
    const [, port] = listener.getsockname<socket.ReturnedInet>();
    const a = socket.create_connection([host, port]);
    const [b] = listener.accept();
    listener.close();
    return [a, b];
  }
  const [a, b] = [0, 1].map(() => {
    const one = socket.socket(family, socket.SOCK_DGRAM);
    one.bind([host, 0]);
    return one;
  }) as [socket.socket, socket.socket];
  a.connect(b.getsockname<socket.ReturnedInet>());
  b.connect(a.getsockname<socket.ReturnedInet>());
  return [a, b];
}

/** netlink(7): between processes. */
const NETLINK_USERSOCK = 2;

/** Calls that are made of more than one here, or on more than the socket. */
const made: Readonly<
  Record<string, (s: socket.socket, args: readonly number[], sockets: socket.socket[]) => unknown>
> = {
  recvmsg: (s, [length = 0, given]) => closing(s.recvmsg(length, 64, given)),
  recv_into: (s, [room = 0, ...rest]) => into(room, (buffer) => s.recv_into(buffer, ...rest)),
  recvfrom_into: (s, [room = 0, ...rest]) => into(room, (buffer) => s.recvfrom_into(buffer, ...rest)),
  recvmsg_into(s, [first = 0, second = 0, given]) {
    const rooms = [Buffer.alloc(first), Buffer.alloc(second)];
    return [closing(s.recvmsg_into(rooms, 64, given)), rooms];
  },
  send: (s, [length = 0, given]) => s.send(bytes(length), given),
  sendall: (s, [length = 0, given]) => s.sendall(bytes(length), given),
  sendmsg(s, [first = 0, second = 0, control = 0]) {
    const ancdata = Array.from({ length: Math.floor(control / 3) }, () => [1, 1, Buffer.alloc(0)] as const);
    return s.sendmsg([bytes(first), bytes(second)], ancdata);
  },
  send_fds: (s, [count = 0]) => socket.send_fds(s, [Buffer.from('fds')], new Array<number>(count).fill(0)),
  recv_fds(s, [length = 0, most = 0]) {
    const [data, fds, came, address] = socket.recv_fds(s, length, most);
    for (const fd of fds) socket.close(fd);
    return [data, fds.length, came, address];
  },
  setblocking: (s) => s.setblocking(false),
  dup: (s, _, sockets) => added(s.dup(), sockets),
  fromfd: (s, _, sockets) => added(socket.fromfd(s.fileno(), s.family, s.type, s.proto), sockets),
  twin: (s, _, sockets) => added(socket.socket({ fileno: s.fileno() }), sockets),
  open: (s) => s.fileno() >= 0,
  repr: (s) => String(s).replace(/fd=\d+/, 'fd=N'),
  file_read: (s, [buffering = 0, length]) => onFile(s, 'rb', buffering, (file) => file.read(length)),
  file_line: (s, [buffering = 0]) => onFile(s, 'rb', buffering, (file) => file.readline()),
  file_write: (s, [buffering = 0, length = 0]) =>
    onFile(s, 'wb', buffering, (file) => file.write(bytes(length))),
  getsockopt(s, [level = 0, name = 0, length = 0]) {
    return s.getsockopt(level, name, length);
  },
};

/** The numbers of descriptors are each process's own. */
function closing<T>([count, ancdata, came, address]: [T, socket.Ancillary[], number, unknown]): unknown {
  for (const [level, type, data] of ancdata) {
    if (level !== socket.SOL_SOCKET || type !== socket.SCM_RIGHTS) continue;
    for (let at = 0; at < data.length; at += 4) socket.close(data.readInt32LE(at));
  }
  return [count, ancdata.map(([level, type, data]) => [level, type, data.length]), came, address];
}

interface AnyFile {
  read(size?: number): unknown;
  readline(): unknown;
  write(data: Buffer): unknown;
  close(): void;
}

/** Python's `with`: what closing throws covers what was thrown before. */
function onFile(
  s: socket.socket,
  mode: string,
  buffering: number,
  call: (file: AnyFile) => unknown,
): unknown {
  const file = s.makefile(mode, buffering) as object as AnyFile;
  try {
    return call(file);
  } finally {
    file.close();
  }
}

function into(room: number, call: (buffer: Buffer) => unknown): unknown {
  const buffer = Buffer.alloc(room);
  return [call(buffer), buffer];
}

function added(one: socket.socket, sockets: socket.socket[]): unknown {
  if (one.gettimeout() === null) one.settimeout(0);
  sockets.push(one);
  return [one.family, one.type, one.proto, one.gettimeout()];
}

function shown(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) {
    return { bytes: value.length, head: Buffer.from(value.subarray(0, 9)).toString('hex') };
  }
  return Array.isArray(value) ? value.map(shown) : value;
}

/** Does a sequence here. */
export function run({ kind, timeout, ops }: Sequence): unknown[] {
  const sockets = begin(kind);
  const numbers: number[] = [];
  const numbered = /^(tcp|udp|net)/.test(kind);
  const own = kind === 'netlink' ? 0 : 1;
  const ports = numbered ? sockets.map((s) => String(s.getsockname<socket.ReturnedInet>()[own])) : [];
  for (const s of sockets) s.settimeout(timeout);
  const results = ops.map(([name, index, ...args]) => {
    const s = sockets[index % sockets.length] as socket.socket;
    let result: unknown;
    try {
      const methods = s as object as Readonly<Record<string, (...all: unknown[]) => unknown>>;
      if (name === 'detach') {
        numbers.push(s.detach());
        result = (numbers.at(-1) as number) >= 0;
      } else result = shown(made[name] ? made[name](s, args, sockets) : methods[name]?.(...args));
    } catch (error) {
      const { name: kindOf, message, errno } = error as Error & { errno?: number | null };
      result = { error: kindOf, words: message, errno: errno ?? null };
    }
    let text = JSON.stringify(result);
    for (const [port, number] of ports.entries()) text = text.replaceAll(number, `99900${port}`);
    return JSON.parse(text) as unknown;
  });
  for (const close of [
    ...sockets.map((s) => () => s.close()),
    ...numbers.map((fd) => () => socket.close(fd)),
  ]) {
    try {
      close();
    } catch (error) {
      if (!(error instanceof socket.OSError)) throw error;
    }
  }
  return results;
}
