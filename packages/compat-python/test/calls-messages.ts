/** Calls for the comparison with CPython: messages, control data, descriptors, options, files, servers. */
import { bytes, float, int, on } from './calls.ts';
import type { Call } from './differential.ts';

const list = (...items: unknown[]): { list: unknown[] } => ({ list: items });
const keywords = (
  given: Readonly<Record<string, unknown>>,
): { keywords: Readonly<Record<string, unknown>> } => ({
  keywords: given,
});
const huge = int(2n ** 70n);
const lengths = [[-1], [0], [1], [4], [8], [2 ** 31 - 24], [2 ** 31 - 17], [2 ** 31 - 16], [2 ** 31], [huge]];
const odd = [['x'], [float(1.5)], [null], [true], [], [1, 2]];

export const control: Call[] = [
  ...on('module', 'CMSG_LEN', ...lengths, ...odd),
  ...on('module', 'CMSG_SPACE', ...lengths, ...odd),
];

export const received: Call[] = [
  ...on(
    'messages',
    'recvmsg',
    [7],
    [3],
    [0],
    [100, 64],
    [-1],
    [5, -1],
    [5, 2 ** 31],
    [5, huge],
    [huge],
    ['x'],
    [5, 'x'],
    [5, 0, 'x'],
    [5, 0, 2],
    [5, 0, 32],
    [],
    [1, 2, 3, 4],
    [float(1.5)],
    [null],
  ),
  ...on(
    'messages',
    'recvmsg_into',
    [list({ bytearray: 4 })],
    [list({ bytearray: 2 }, { bytearray: 9 })],
    [list()],
    [5],
    [null],
    ['ab'],
    [list(5)],
    [list('x')],
    [{ bytearray: 4 }],
    [list({ bytearray: 4 }), -1],
    [list({ bytearray: 4 }), 'x'],
    [list({ bytearray: 4 }), 0, 'x'],
    [list(...Array.from({ length: 1025 }, () => ({ bytearray: 1 })))],
    [],
    [1, 2, 3, 4],
  ),
];

const message = list(bytes('x'));

export const sent: Call[] = on(
  'messages',
  'sendmsg',
  [message],
  [list(bytes('abc'), bytes('de'))],
  [list()],
  [list(bytes(''))],
  [bytes('abc')],
  ['abc'],
  [null],
  [5],
  [list(5)],
  [list('x')],
  [message, list()],
  [message, null],
  [message, 5],
  [message, list(5)],
  [message, 'ab'],
  [message, bytes('ab')],
  [message, list([1, 2])],
  [message, list([1, 2, bytes(''), 4])],
  [message, list(['a', 2, bytes('')])],
  [message, list([1, 'b', bytes('')])],
  [message, list([1, 2, 'c'])],
  [message, list([2 ** 40, 2, bytes('')])],
  [message, list([1, 1, bytes('')])],
  [message, list([1, 1, bytes('\xff\xff\xff\x7f')])],
  [message, list([1, 99, bytes('1234')])],
  [message, list([77, 1, bytes('1234')])],
  [message, list(), 'x'],
  [message, list(), 2 ** 40],
  [message, list(), 0x4000],
  [message, list(), 0, null],
  [message, list(), 0, 5],
  [message, list(), 0, '/no/such/path'],
  [list(...Array.from({ length: 1025 }, () => bytes('')))],
  [],
  [1, 2, 3, 4, 5],
);

export const afalg: Call[] = [
  ...on('messages', 'sendmsg_afalg', [], [message], [5, 6, 7]),
  ...on(
    'alg',
    'bind',
    [['hash', 'sha256']],
    [['hash', 'no such thing']],
    [['hash']],
    [['hash', 5]],
    [['hash', 'sha256', 'x']],
    [['hash', 'sha256', 0, 0, 0]],
    [['a'.repeat(14), 'sha256']],
    [['hash', 'a'.repeat(64)]],
    [['ha\0sh', 'sha256']],
    ['hash'],
    [5],
  ),
  ...on(
    'alg',
    'sendmsg_afalg',
    [],
    [message],
    [message, keywords({ op: -1 })],
    [message, keywords({ op: 'x' })],
    [message, keywords({ op: 1, assoclen: -1 })],
    [message, keywords({ op: 1, iv: 5 })],
    [message, keywords({ op: 1, assoclen: 'x' })],
    [message, keywords({ op: 2 ** 40 })],
    [message, keywords({ op: true })],
    [message, keywords({ op: 1, nope: 5 })],
    [message, 1],
  ),
];

export const families: Call[] = [
  ...(['bind', 'connect', 'connect_ex'] as const).flatMap((call) => [
    ...on('netlink', call, [[0]], [[0, 0, 0]], [5], ['x'], [['x', 0]], [[0, 'x']], [[float(1.5), 0]], [null]),
    ...on('vsock', call, [[5]], [[0, 0, 0]], [5], ['x'], [['x', 0]], [[0, 'x']], [null]),
  ]),
  ...on('netlink', 'bind', [[-1, 0]], [[2 ** 33, 0]], [[huge, 0]], [[0, 1]]),
  ...on('netlink', 'getsockname', []),
  ...on('netlink', 'connect', [[0, 0]]),
  ...on('netlink', 'sendto', [bytes('x'), [0]], [bytes('x'), 5], [bytes('x'), 0, [0, 0, 0]]),
  ...on('vsock', 'bind', [[77, 0]]),
  ...on('vsock', 'getpeername', []),
];

export const options: Call[] = on(
  'inet',
  'setsockopt',
  [1, 2, null, 4],
  [1, 2, null],
  [1, 2, null, 'x'],
  [1, 2, 1, 4],
  [6, 13, null, 0],
  [1, 2],
  [1, 2, 3, 4, 5],
  [1, 2, bytes('')],
  [1, 9, huge],
);

/** SO_RCVBUF, SO_VM_SOCKETS_BUFFER_SIZE. */
export const wide: Call[] = [
  ...on('vsock', 'getsockopt', [40, 0], [40, 1], [40, 0, 8], [40, 0, 4], [1, 3], [40, 99], ['x', 1]),
  ...on(
    'vsock',
    'setsockopt',
    [40, 0, 65536],
    [40, 0, -1],
    [40, 0, bytes('12345678')],
    [40, 0, 'x'],
    [40, 99, 1],
  ),
];

export const inheritance: Call[] = [
  ...on('inet', 'get_inheritable', [], [1]),
  ...on('inet', 'set_inheritable', [true], [0], [2], ['x'], [float(1.5)], [null], [2 ** 40], [], [1, 2]),
  ...on('closed', 'get_inheritable', []),
  ...on('closed', 'set_inheritable', [1]),
  ...on('closed', 'detach', []),
  ...on('closed', 'dup', []),
];

export const files: Call[] = on(
  'pair',
  'makefile',
  [],
  ['r'],
  ['w'],
  ['rw'],
  ['b'],
  ['rb'],
  ['wb'],
  ['rwb'],
  ['rb', 0],
  ['rwb', 0],
  ['rb', 1],
  ['rb', -5],
  ['r', 0],
  ['x'],
  ['rt'],
  ["it's"],
  [''],
  ['rb', null, 'utf-8'],
  [keywords({ mode: 'w', encoding: 'latin-1' })],
  [keywords({ encoding: 'nope' })],
  [keywords({ newline: 'x' })],
  [keywords({ newline: '\r\n' })],
  [keywords({ newline: 5 })],
  [keywords({ nope: 5 })],
  ['r', keywords({ mode: 'r' })],
);

export const creation: Call[] = [
  ...on('module', 'has_dualstack_ipv6', [], [1]),
  ...on(
    'module',
    'create_server',
    [['127.0.0.1', 0]],
    [['', 0]],
    [['::1', 0], keywords({ family: 10 })],
    [['', 0], keywords({ family: 10, dualstack_ipv6: true })],
    [['127.0.0.1', 0], keywords({ backlog: 5 })],
    [['127.0.0.1', 0], keywords({ backlog: 'x' })],
    [['127.0.0.1', 0], keywords({ family: 5 })],
    [['127.0.0.1', 0], keywords({ family: 'x' })],
    [['127.0.0.1', 0], keywords({ dualstack_ipv6: true })],
    [['127.0.0.1', 0], keywords({ nope: 1 })],
    [['192.0.2.1', 0]],
    [['192.0.2.1', 0, 5]],
    [5],
    [],
    [['127.0.0.1', 0], 10],
  ),
  ...on(
    'module',
    'create_connection',
    [],
    [5],
    [['127.0.0.1']],
    [['127.0.0.1', 1, 2]],
    [['127.0.0.1', 1], keywords({ all_errors: true })],
    [['127.0.0.1', 1], keywords({ nope: true })],
    [['127.0.0.1', 1], 1, null, true],
    [['127.0.0.1', 1], -1],
    [['127.0.0.1', 1], 1, 5],
  ),
  ...on('module', 'dup', [-1], [99999], ['x'], [null], [float(1.5)], [], [1, 2]),
  ...on('module', 'close', [-1], [99999], ['x'], [null], [float(1.5)], [], [1, 2]),
  ...on('module', 'fromfd', [], [5], [5, 2], [1, 2, 3, 4, 5], [keywords({ fd: 5 })]),
  ...on('module', 'socketpair', [1, 2, 3, 4], [keywords({ nope: 1 })], [keywords({ type: 2 })], [1, 1]),
  ...on('module', 'socket', [1, 2, 3, 4, 5], [keywords({ nope: 1 })], [2, keywords({ family: 2 })]),
  ...on('module', 'send_fds', [], [5], [5, list(), list()]),
  ...on('module', 'recv_fds', [], [5], [5, 1]),
];
