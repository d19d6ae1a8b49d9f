/** Calls for the comparison with CPython: hosts, services, protocols; and how many arguments each call takes. */
import { bytes, float, int, on } from './calls.ts';
import type { Call, On } from './differential.ts';

const huge = int(2n ** 70n);
const hosts = [
  ['localhost'],
  ['127.0.0.1'],
  ['127.1'],
  ['::1'],
  [''],
  ['<broadcast>'],
  ['255.255.255.255'],
  [bytes('localhost')],
  ['no such host.invalid'],
  ['a\0b'],
  ['\u00e9'.repeat(70)],
  ['a..b'],
  [5],
  [null],
  [float(1.5)],
  [],
  ['a', 'b'],
];

export const hostnames: Call[] = ['gethostbyname', 'gethostbyname_ex', 'gethostbyaddr'].flatMap((name) =>
  on('module', name, ...hosts),
);

export const full: Call[] = on(
  'module',
  'getfqdn',
  [],
  [''],
  ['localhost'],
  [' localhost '],
  ['127.0.0.1'],
  ['0.0.0.0'],
  ['::'],
  ['::1'],
  ['no such host.invalid'],
  [5],
  ['a', 'b'],
);

export const services: Call[] = [
  ...on(
    'module',
    'getservbyname',
    ['http'],
    ['http', 'tcp'],
    ['domain', 'udp'],
    ['http', 'no such'],
    ['no such'],
    [''],
    [5],
    [null],
    ['http', null],
    ['http', 5],
    ['a\0b'],
    ['http', 'a\0'],
    [],
    ['http', 'tcp', 1],
  ),
  ...on(
    'module',
    'getservbyport',
    [80],
    [80, 'tcp'],
    [53, 'udp'],
    [80, 'no such'],
    [64999],
    [0],
    [-1],
    [65535],
    [65536],
    [huge],
    ['x'],
    [float(1.5)],
    [80, null],
    [80, 5],
    [],
    [80, 'tcp', 1],
  ),
  ...on(
    'module',
    'getprotobyname',
    ['tcp'],
    ['udp'],
    ['icmp'],
    ['no such'],
    [''],
    ['a\0'],
    [5],
    [null],
    [],
    ['a', 'b'],
  ),
];

export const addresses: Call[] = on(
  'module',
  'getnameinfo',
  [['127.0.0.1', 80], 0],
  [['127.0.0.1', 80], 3],
  [['127.0.0.1', 53], 16],
  [['127.0.0.1', 70000], 3],
  [['127.0.0.1', -1], 3],
  [['::1', 80], 3],
  [['::1', 80, 5], 3],
  [['::1', 80, 0, 3], 3],
  [['::1', 80, 0, -1], 3],
  [['::1', 80, 2 ** 20], 3],
  [['::1', 80, 0, 0, 0], 3],
  [['127.0.0.1', 80, 0], 3],
  [['127.0.0.1'], 3],
  [['localhost', 80], 3],
  [['', 80], 3],
  [[], 3],
  [[5, 80], 3],
  [['127.0.0.1', 'x'], 3],
  [['::1', 80, 'x'], 3],
  [['127.0.0.1', huge], 3],
  [['127.0.0.1', 80], 'x'],
  [['127.0.0.1', 80], huge],
  [['198.51.100.1', 80], 8],
  [5, 0],
  ['x', 0],
  [null, 0],
  [],
  [1, 2, 3],
);

export const interfaces: Call[] = [
  ...on('module', 'if_nameindex', [], [1]),
  ...on('module', 'sethostname', [5], [null], ['a\0'], ['a'.repeat(100)], [], ['a', 'b']),
];

/** The same arguments again and again, until there are too many; those that are right in number may be wrong otherwise. */
const counts = (target: On, call: string, value: unknown, ...some: readonly number[]): Call[] =>
  on(target, call, ...some.map((count) => Array.from({ length: count }, () => value)));

const none = ['fileno', 'getblocking', 'getpeername', 'getsockname', 'gettimeout'];
const self = ['accept', 'close', 'detach', 'dup', 'get_inheritable'];
const one = ['bind', 'connect', 'connect_ex', 'setblocking', 'settimeout', 'shutdown'];

export const arity: Call[] = [
  ...[...none, ...self].flatMap((name) => counts('inet', name, 1, 1, 2, 3)),
  ...one.flatMap((name) => counts('inet', name, 'x', 0, 1, 2, 3)),
  ...counts('inet', 'listen', 'x', 1, 2, 3),
  ...['recv', 'recvfrom', 'send', 'sendall'].flatMap((name) => counts('pair', name, 'x', 0, 1, 2, 3, 4)),
  ...['recv_into', 'recvfrom_into'].flatMap((name) => counts('pair', name, 'x', 0, 1, 2, 3, 4, 5)),
  ...on('pair', 'recv_into', [{ bytearray: 1 }, { keywords: { nope: 1 } }], [{ keywords: { nbytes: 1 } }]),
  ...on(
    'pair',
    'recv_into',
    [{ bytearray: 1 }, { keywords: { buffer: 1 } }],
    [{ bytearray: 1 }, { keywords: { nbytes: 5 } }],
  ),
  ...on(
    'pair',
    'recvfrom_into',
    [{ bytearray: 1 }, { keywords: { nbytes: 5 } }],
    [{ keywords: { flags: 1 } }],
  ),
  ...counts('pair', 'sendto', 'x', 0, 1, 2, 3, 4),
  ...counts('inet', 'getsockopt', 'x', 0, 1, 2, 3, 4),
  ...counts('inet', 'setsockopt', 'x', 0, 1, 2, 3, 4, 5),
  ...counts('pair', 'sendfile', 5, 0, 4, 5),
  ...counts('pair', 'makefile', 'x', 3, 4),
  ...['htons', 'ntohs', 'htonl', 'ntohl'].flatMap((name) => counts('module', name, 1, 0, 2, 3)),
  ...['inet_aton', 'inet_ntoa', 'if_nametoindex', 'if_indextoname'].flatMap((name) =>
    counts('module', name, 'x', 0, 2, 3),
  ),
  ...['inet_pton', 'inet_ntop'].flatMap((name) => counts('module', name, 'x', 0, 1, 3, 4)),
  ...['getdefaulttimeout', 'gethostname'].flatMap((name) => counts('module', name, 1, 1, 2)),
  ...counts('module', 'setdefaulttimeout', null, 0, 2, 3),
  ...counts('module', 'getaddrinfo', 'x', 0, 1, 7),
  ...on(
    'module',
    'getaddrinfo',
    [{ keywords: { port: 80 } }],
    ['127.0.0.1', 80, { keywords: { host: 'x' } }],
  ),
  ...on('module', 'getaddrinfo', ['127.0.0.1', 80, { keywords: { nope: 1 } }]),
];

export const surrogates: Call[] = on(
  'module',
  'getaddrinfo',
  ['127.0.0.1', '\ud800'],
  ['127.0.0.1', 'a\udc80'],
  ['127.0.0.1', '\u00e9'],
);
