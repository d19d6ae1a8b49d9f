/** Address tuples of the families that few kernels have: to bytes and back, and what Python refuses. */
import * as socket from '@sockeye/compat-python';
import { describe, expect, it } from 'vitest';
import { fromSockaddr, toSockaddr } from '../src/address/registry.ts';
import { needsPython311, python, thrown } from './support.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function called(family: number, proto = 0): { caller: string; family: number; proto: number } {
  return { caller: 'bind', family, proto };
}

const TIPC = called(socket.AF_TIPC);
const ISOTP = called(socket.AF_CAN, socket.CAN_ISOTP);
const J1939 = called(socket.AF_CAN, socket.CAN_J1939);
const L2CAP = called(socket.AF_BLUETOOTH, socket.BTPROTO_L2CAP);
const RFCOMM = called(socket.AF_BLUETOOTH, socket.BTPROTO_RFCOMM);
const HCI = called(socket.AF_BLUETOOTH, socket.BTPROTO_HCI);
const SCO = called(socket.AF_BLUETOOTH, socket.BTPROTO_SCO);
const ALG = called(socket.AF_ALG);
const QRTR = called(socket.AF_QIPCRTR);
const VSOCK = called(socket.AF_VSOCK);
const NETLINK = called(socket.AF_NETLINK);
const RDS = called(socket.AF_RDS);
const MAX = 0xffffffff;

describe('tuples', () => {
  // By linux/tipc.h, can.h, if_alg.h, qrtr.h, vm_sockets.h, netlink.h and net/bluetooth/*.h, little-endian.
  it.each([
    ['a range of names', TIPC, [1, 2, 3, 4], [1, 2, 3, 4, 2], '1e0001020200000003000000 04000000'],
    ['a name', TIPC, [2, 18888, 17, 99, 3], [2, 18888, 17, 17, 3], '1e000203c849000011000000 00000000'],
    ['a TIPC socket', TIPC, [3, 5, 6, 7], [3, 5, 6, 0, 2], '1e00030206000000 05000000 00000000'],
    ['a withdrawn name', TIPC, [2, 1, 2, 0, -3], [2, 1, 2, 2, -3], '1e0002fd01000000 02000000 00000000'],
    [
      'ISO-TP',
      ISOTP,
      ['lo', 0x7bb, 0x7b3],
      ['lo', 0x7bb, 0x7b3],
      `1d000000 01000000 bb070000 b3070000 ${'0'.repeat(16)}`,
    ],
    [
      'ISO-TP, masked',
      ISOTP,
      ['', -1, 2 ** 33 + 1],
      ['', MAX, 1],
      `1d000000 00000000 ffffffff 01000000 ${'0'.repeat(16)}`,
    ],
    [
      'J1939',
      J1939,
      ['lo', 1, 0x40000, 255],
      ['lo', 1, 0x40000, 255],
      '1d000000 01000000 0100000000000000 00000400 ff000000',
    ],
    [
      'J1939, masked',
      J1939,
      ['lo', -1, 2 ** 32 + 2, 0x1fe],
      ['lo', 2n ** 64n - 1n, 2, 254],
      '1d000000 01000000 ffffffffffffffff 02000000 fe000000',
    ],
    [
      'J1939, a long name',
      J1939,
      ['', 2n ** 64n - 1n, 0, 0],
      ['', 2n ** 64n - 1n, 0, 0],
      '1d000000 00000000 ffffffffffffffff 00000000 00000000',
    ],
    [
      'L2CAP',
      L2CAP,
      ['00:11:22:AA:BB:CC', 25],
      ['00:11:22:AA:BB:CC', 25],
      '1f00 1900 ccbbaa221100 0000 00 00',
    ],
    [
      'L2CAP, Low Energy',
      L2CAP,
      ['0:1:2:a:B:c', 0, 4, socket.BDADDR_LE_RANDOM],
      ['00:01:02:0A:0B:0C', 0, 4, 2],
      '1f00 0000 0c0b0a020100 0400 02 00',
    ],
    ['RFCOMM', RFCOMM, [socket.BDADDR_LOCAL, 30], ['00:00:00:FF:FF:FF', 30], '1f00 ffffff000000 1e 00'],
    ['HCI', HCI, [0], 0, '1f00 0000 0000'],
    ['HCI, a number', HCI, 3, 3, '1f00 0300 0000'],
    ['HCI, a channel', HCI, [0xffff, socket.HCI_CHANNEL_CONTROL], [0xffff, 3], '1f00 ffff 0300'],
    ['SCO', SCO, Buffer.from(socket.BDADDR_ANY), '00:00:00:00:00:00', '1f00 000000000000'],
    [
      'an algorithm',
      ALG,
      ['hash', 'sha256', 1, 0x10002],
      ['hash', 'sha256', 1, 2],
      `2600 ${Buffer.from('hash'.padEnd(14, '\0')).toString('hex')} 01000000 02000000 ${Buffer.from('sha256'.padEnd(64, '\0')).toString('hex')}`,
    ],
    ['QRTR', QRTR, [1, -2], [1, MAX - 1], '2a000000 01000000 feffffff'],
    ['VSOCK', VSOCK, [2, 1234], [2, 1234], '28000000 d2040000 02000000 00000000'],
    ['netlink', NETLINK, [7, 2 ** 32 + 3], [7, 3], '10000000 07000000 03000000'],
    ['RDS', RDS, ['127.0.0.1', 80], ['127.0.0.1', 80], '02000050 7f000001 0000000000000000'],
  ])('of %s', (_what, by, given, back, bytes) => {
    const sockaddr = toSockaddr(given, by);
    expect(hex(sockaddr)).toBe(bytes.replaceAll(' ', ''));
    expect(fromSockaddr(sockaddr, by.proto)).toEqual(back);
  });

  it.each([
    [TIPC, 5, 'TypeError: bind(): AF_TIPC address must be tuple, not int'],
    [TIPC, [1, 2, 3], 'TypeError: AF_TIPC address must be a tuple (addr_type, v1, v2, v3[, scope])'],
    [TIPC, [9, 2, 3, 4], 'TypeError: Invalid address type'],
    [TIPC, [1, 2, 'x', 4], "TypeError: 'str' object cannot be interpreted as an integer"],
    [ISOTP, 'lo', 'TypeError: bind(): AF_CAN address must be tuple, not str'],
    [ISOTP, ['lo', 1], 'TypeError: function takes exactly 3 arguments (2 given)'],
    [ISOTP, ['a'.repeat(16), 1, 2], 'OSError: AF_CAN interface name too long'],
    [ISOTP, ['nosuch', 1, 2], 'OSError: [Errno 19] No such device'],
    [J1939, ['lo', 1, 2], 'TypeError: function takes exactly 4 arguments (3 given)'],
    [ISOTP, ['lo', 'x', 2], 'TypeError: argument 2 must be int, not str'],
    [ISOTP, ['lo', 1, null], 'TypeError: argument 3 must be int, not None'],
    [{ ...ISOTP, closed: true }, ['lo', 1, 2], 'OSError: [Errno 9] Bad file descriptor'],
    [{ ...called(socket.AF_PACKET), closed: true }, ['nosuch', 1], 'OSError: [Errno 9] Bad file descriptor'],
    [J1939, ['lo', 1.5, 2, 3], 'TypeError: argument 2 must be int, not float'],
    [J1939, ['lo', 1, 2, 'x'], "TypeError: 'str' object cannot be interpreted as an integer"],
    [called(socket.AF_CAN, 2), 'lo', 'TypeError: bind(): AF_CAN address must be tuple, not str'],
    [called(socket.AF_CAN, 99), ['lo'], 'OSError: bind(): unsupported CAN protocol'],
    [L2CAP, ['00:11:22:AA:BB:CC'], 'OSError: bind(): wrong format'],
    [L2CAP, ['00:11:22:AA:BB:CC', 65536], 'OSError: bind(): wrong format'],
    [L2CAP, ['00:11:22:AA:BB', 1], 'OSError: bad bluetooth address'],
    [L2CAP, ['00:11:22:AA:BB:100', 1], 'OSError: bad bluetooth address'],
    [RFCOMM, ['00:11:22:AA:BB:CC', 256], 'OSError: bind(): wrong format'],
    [RFCOMM, [5, 1], 'OSError: bind(): wrong format'],
    [HCI, ['x'], 'OSError: bind(): wrong format'],
    [HCI, [], 'OSError: bind(): wrong format'],
    [SCO, 5, 'OSError: bind(): wrong format'],
    [SCO, 'x', 'OSError: bad bluetooth address'],
    [called(socket.AF_BLUETOOTH, 99), [1], 'OSError: bind(): unknown Bluetooth protocol'],
    [ALG, 'hash', 'TypeError: bind(): AF_ALG address must be tuple, not str'],
    [ALG, ['hash'], 'TypeError: AF_ALG address must be a tuple (type, name[, feat[, mask]])'],
    [ALG, ['a'.repeat(14), 'x'], 'ValueError: AF_ALG type too long.'],
    [ALG, ['hash', 'a'.repeat(64)], 'ValueError: AF_ALG name too long.'],
    [QRTR, 5, 'TypeError: getsockaddrarg: AF_QIPCRTR address must be tuple, not int'],
    [QRTR, [1], 'TypeError: getsockaddrarg() takes exactly 2 arguments (1 given)'],
    [VSOCK, [1, 2, 3], 'TypeError: getsockaddrarg() takes exactly 2 arguments (3 given)'],
    [NETLINK, [1], 'TypeError: AF_NETLINK address must be a pair (pid, groups)'],
    [RDS, ['127.0.0.1'], 'TypeError: AF_INET address must be a pair (host, port)'],
    [called(socket.AF_KEY), [1], 'OSError: bind(): bad family'],
    [called(socket.AF_UNSPEC), [1], 'OSError: bind(): bad family'],
  ])('%o of %j are refused', (by, given, words) => {
    expect(String(thrown(() => toSockaddr(given, by)))).toBe(words);
  });

  it('of what has no form are the family and its bytes; of what Python cannot show, an error', () => {
    expect(fromSockaddr(Uint8Array.of(15, 0, 1, 2, 3))).toEqual([
      15,
      Buffer.from([1, 2, 3, ...new Array(11).fill(0)]),
    ]);
    expect(fromSockaddr(new Uint8Array(0))).toBe(null);
    const tipc = Uint8Array.from([30, 0, 9, ...new Array(13).fill(0)]);
    expect(String(thrown(() => fromSockaddr(tipc)))).toBe('ValueError: Invalid address type');
    const bluetooth = Uint8Array.from([31, 0, ...new Array(8).fill(0)]);
    expect(String(thrown(() => fromSockaddr(bluetooth, 99)))).toBe('ValueError: Unknown Bluetooth protocol');
  });
});

describe('enumerations', () => {
  it('have the members of CPython, and show them as it does', (context) => {
    needsPython311(context);
    const program = `import json, socket
out = {}
for kind in (socket.AddressFamily, socket.SocketKind, socket.MsgFlag, socket.AddressInfo):
    out[kind.__name__] = [[n, int(m), repr(m)] for n, m in kind.__members__.items()]
out['flags'] = [[v, repr(socket.MsgFlag(v)), socket.MsgFlag(v).name] for v in (0, 1, 3, 64, 0x100000, 0x100002, 0x400003)]
print(json.dumps(out))`;
    const expected = JSON.parse(python(program)) as Record<
      string,
      [string | number, number | string, string][]
    >;
    const { AddressFamily, AddressInfo, MsgFlag, SocketKind } = socket;
    for (const kind of [AddressFamily, SocketKind, MsgFlag, AddressInfo]) {
      for (const [name, value, shown] of expected[kind.__name__] ?? []) {
        expect([kind.__members__[name], kind.member(name as string)]).toEqual([value, value]);
        // An alias shows the name that came first; where later versions of Python have one before it, that.
        expect([name, kind.repr(value as number)]).toEqual([name, shown]);
      }
    }
    for (const [value, shown, name] of expected.flags ?? []) {
      expect([MsgFlag.repr(value as number), MsgFlag.nameOf(value as number)]).toEqual([shown, name]);
    }
  });

  it('give back what is a member, and refuse what is none', () => {
    expect(socket.AddressFamily(socket.AF_INET6)).toBe(10);
    expect(socket.MsgFlag(3)).toBe(socket.MSG_OOB | socket.MSG_PEEK);
    expect(String(thrown(() => socket.AddressFamily(999)))).toBe(
      'ValueError: 999 is not a valid AddressFamily',
    );
    expect(thrown(() => socket.SocketKind.member('SOCK_NOPE'))).toBeInstanceOf(socket.LookupError);
    expect([...socket.SocketKind].slice(0, 2)).toEqual([1, 2]);
    expect(socket.SocketKind.name).toBe('SocketKind');
  });
});

describe("other platforms' names", () => {
  it('say so', () => {
    const [a, b] = socket.socketpair();
    for (const call of [() => a.ioctl(1, 2), () => a.share(1), () => socket.fromshare(Buffer.alloc(1))]) {
      expect(thrown(call)).toMatchObject({ code: 'ENOTSUP', message: expect.stringContaining('Windows') });
    }
    a.close();
    b.close();
  });
});
