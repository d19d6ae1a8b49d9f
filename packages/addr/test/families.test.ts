import { describe, expect, it } from 'vitest';
import { decode as decodeCan } from '../src/can.ts';
import { decode as decodeIsotp } from '../src/can-isotp.ts';
import {
  alg,
  btHci,
  btL2cap,
  btRfcomm,
  btSco,
  can,
  canIsotp,
  canJ1939,
  decode,
  encode,
  format,
  hyperv,
  hypervService,
  inet6,
  llc,
  netlink,
  type Platform,
  packet,
  parse,
  type SocketAddress,
  system,
  tipcRange,
  tipcService,
  vsock,
  vsockPortOf,
  xdp,
} from '../src/index.ts';
import { decode as decodeTipcRange } from '../src/tipc-range.ts';
import { hex, unhex } from './hex.ts';

const zeros = (bytes: number): string => '00'.repeat(bytes);

describe('layouts that no vector was recorded for', () => {
  // Written from the headers that each family's file names.
  it.each<[Platform, SocketAddress, string]>([
    // xnu: svm_len, svm_family, svm_reserved1, svm_port, svm_cid
    ['darwin', vsock(2, 1234), '0c280000d204000002000000'],
    // xnu: sc_len, sc_family, ss_sysaddr, sc_id, sc_unit, sc_reserved[5]
    ['darwin', system(5, 7), `202002000500000007000000${zeros(20)}`],
    // FreeBSD: nl_len, nl_family, nl_pad, nl_pid, nl_groups
    ['freebsd', netlink({ pid: 4711, groups: 0x11 }), '0c2600006712000011000000'],
    // FreeBSD: l2cap_len, l2cap_family, l2cap_psm, l2cap_bdaddr, l2cap_cid, l2cap_bdaddr_type
    ['freebsd', btL2cap({ address: '00:11:22:AA:BB:CC', psm: 25 }), '0e241900ccbbaa221100000000' + '00'],
    ['freebsd', btRfcomm({ address: '00:11:22:AA:BB:CC', channel: 30 }), '0924ccbbaa2211001e'],
    ['freebsd', btSco('00:11:22:AA:BB:CC'), '0824ccbbaa221100'],
    // Windows: addressFamily, btAddr (64 bits), serviceClassId, port, packed
    [
      'win32',
      btRfcomm({
        address: '00:11:22:AA:BB:CC',
        channel: 0xffffffff,
        service: '00001101-0000-1000-8000-00805F9B34FB',
      }),
      '2000ccbbaa2211000000' + '01110000000000108000' + '00805f9b34fb' + 'ffffffff',
    ],
    // Windows: Family, Reserved, VmId, ServiceId
    [
      'win32',
      hyperv('e0e16197-dd56-4a10-9195-5ee7a155a838', '00000050-facb-11e6-bd58-64006a7986d3'),
      '22000000' + '9761e1e056dd104a91955ee7a155a838' + '50000000cbfae611bd5864006a7986d3',
    ],
    // A big-endian host's: host order turned round, network order as it was, L2CAP little-endian on every host
    ['linux-be', vsock(2, 1234, 1), '002800000000' + '04d2000000020100' + '0000'],
    [
      'linux-be',
      canIsotp({ ifindex: 3, rxId: 0x123, txId: 0x80000456 }),
      `001d000000000003${'0000012380000456'}${zeros(8)}`,
    ],
    [
      'linux-be',
      canJ1939({ ifindex: 1, name: 0x123456789abcdef0n, pgn: 0xfeca, addr: 0x20 }),
      `001d000000000001123456789abcdef00000feca20${zeros(3)}`,
    ],
    ['linux-be', btL2cap({ address: '00:11:22:AA:BB:CC', psm: 25, cid: 4 }), '001f1900ccbbaa22110004000000'],
    ['linux-be', packet({ ifindex: 2, protocol: 0x800, hatype: 1 }), `0011080000000002000100${zeros(9)}`],
    [
      'linux-be',
      inet6('fe80::1', 80, { scopeId: 2, flowInfo: 0x12345 }),
      `000a005000012345fe80${zeros(13)}0100000002`,
    ],
  ])('%s: %s', (platform, value, bytes) => {
    expect(hex(value.toSockaddr(platform))).toBe(bytes);
    const sockaddr = unhex(bytes);
    const protocol = { 'can-isotp': 6, 'can-j1939': 7 }[value.family as string];
    expect(decode(sockaddr, 0, sockaddr.length, platform, { protocol })).toStrictEqual(value);
  });

  it.each<[Platform, SocketAddress, string]>([
    ['darwin', vsock(2, 1234, 1), 'The field flags of a vsock address does not exist on darwin'],
    [
      'linux',
      btRfcomm({ service: '00001101-0000-1000-8000-00805f9b34fb' }),
      'The field service of a bt-rfcomm',
    ],
    ['freebsd', btHci(0), 'A bt-hci address does not exist on freebsd'],
    [
      'linux',
      hyperv('e0e16197-dd56-4a10-9195-5ee7a155a838', '00000050-facb-11e6-bd58-64006a7986d3'),
      'A hyperv address',
    ],
  ])('what %s lacks is refused, not left out: %s', (platform, value, message) => {
    expect(() => value.toSockaddr(platform)).toThrow(
      expect.objectContaining({ code: 'ENOTSUP', message: expect.stringContaining(message) }),
    );
  });

  it('a number that a platform has no room for is refused', () => {
    expect(() => btRfcomm({ channel: 256 }).toSockaddr('linux')).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining('channel') }),
    );
  });
});

describe('what the bytes do not say', () => {
  const isotp = canIsotp({ ifindex: 3, rxId: 0x123, txId: 0x456 });
  const j1939 = canJ1939({ ifindex: 3, name: 1n, pgn: 0x1f004, addr: 0x80 });

  it('a CAN address with more than an index is never taken for a raw one', () => {
    for (const value of [isotp, j1939]) {
      const bytes = value.toSockaddr('linux');
      const read = decode(bytes, 0, bytes.length, 'linux');
      expect(read.family).toBe('unknown');
      expect(read.toSockaddr('linux')).toEqual(bytes);
      expect(parse(format(read)).toSockaddr('linux')).toEqual(bytes);
      expect(() => decodeCan(bytes, 0, bytes.length, 'linux')).toThrow(
        expect.objectContaining({ name: 'DecodeError', expected: expect.stringContaining('protocol') }),
      );
    }
  });

  it('the protocol tells', () => {
    const bytes = isotp.toSockaddr('linux');
    const as = (protocol: number): string => String(decode(bytes, 0, bytes.length, 'linux', { protocol }));
    expect(as(6)).toBe('can-isotp:3:0x123:0x456');
    expect(as(7)).toBe('can-j1939:3/name=0x45600000123/pgn=0x0/addr=0x0');
    // CAN_RAW and CAN_BCM do not look behind the index; of a protocol that nobody knows all is kept.
    expect([as(1), as(2)]).toEqual(['can:3', 'can:3']);
    expect(as(5)).toMatch(/^sockaddr:1d00/);
    expect(String(decodeIsotp(bytes, 0, bytes.length, 'linux'))).toBe('can-isotp:3:0x123:0x456');
    expect(() => decode(bytes, 0, 24, 'linux', { protocol: -1 })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });

  it('raw, ISO-TP and J1939 addresses of the lengths that kernels give', () => {
    const raw = can(3).toSockaddr('linux').subarray(0, 8);
    expect(decode(raw, 0, 8, 'linux', { protocol: 1 })).toStrictEqual(can(3));
    const short = isotp.toSockaddr('linux').subarray(0, 16);
    expect(decode(short, 0, 16, 'linux', { protocol: 6 })).toStrictEqual(isotp);
  });

  it('netlink keeps the protocol that it is told, and says when nobody told', () => {
    const bytes = netlink({ protocol: 16, groups: 1 }).toSockaddr('linux');
    expect(String(decode(bytes, 0, 12, 'linux', { protocol: 16 }))).toBe('netlink:generic/groups=0x1');
    expect(String(decode(bytes, 0, 12, 'linux'))).toBe('netlink:/groups=0x1');
    expect(parse('netlink:0')).toStrictEqual(parse('netlink:route'));
  });

  it('a Bluetooth address is told by its length, or by the protocol', () => {
    const bytes = new Uint8Array(15);
    bytes[0] = 31;
    const family = (length: number, protocol?: number): string =>
      decode(bytes, 0, length, 'linux', { protocol }).family;
    expect([6, 8, 10, 14, 7, 15].map((length) => family(length))).toEqual([
      'bt-hci',
      'bt-sco',
      'bt-rfcomm',
      'bt-l2cap',
      'unknown',
      'unknown',
    ]);
    expect([0, 1, 2, 3, 4].map((protocol) => family(15, protocol))).toEqual([
      'bt-l2cap',
      'bt-hci',
      'bt-sco',
      'bt-rfcomm',
      'unknown',
    ]);
  });

  it('TIPC and kernel controls have a tag', () => {
    const range = tipcRange({ type: 1, lower: 2, upper: 3 }).toSockaddr('linux');
    range[2] = 9;
    expect(decode(range, 0, 16, 'linux').family).toBe('unknown');
    expect(() =>
      decodeTipcRange(tipcService({ type: 1, instance: 2 }).toSockaddr('linux'), 0, 16, 'linux'),
    ).toThrow(expect.objectContaining({ name: 'DecodeError', offset: 2 }));
    const control = system(1, 2).toSockaddr('darwin');
    control[2] = 1;
    expect(decode(control, 0, 32, 'darwin').family).toBe('unknown');
  });
});

describe('algorithms', () => {
  it('the longest name fills the kernel’s sockaddr_storage, and a longer one is refused', () => {
    const name = 'n'.repeat(103);
    const bytes = alg('aead', name).toSockaddr('linux');
    expect(bytes.length).toBe(128);
    expect(decode(bytes, 0, 128, 'linux')).toStrictEqual(alg('aead', name));
    expect(() => alg('aead', `${name}n`)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => alg('t'.repeat(14), '')).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => alg('hash', 'a\0b')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(() => alg('hash', 'é')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
  });

  it('a type without its NUL and a name that is not ASCII are malformed', () => {
    const bytes = alg('hash', 'sha1').toSockaddr('linux');
    bytes.fill(0x61, 2, 16);
    expect(() => decode(bytes, 0, 88, 'linux')).toThrow(
      expect.objectContaining({ name: 'DecodeError', offset: 15 }),
    );
    const other = alg('hash', 'sha1').toSockaddr('linux');
    other[26] = 0xe9;
    expect(() => decode(other, 0, 88, 'linux')).toThrow(
      expect.objectContaining({ name: 'DecodeError', offset: 26 }),
    );
  });
});

describe('Hyper-V and vsock', () => {
  it('a port has a service, and the service has the port', () => {
    expect(hypervService(80)).toBe('00000050-facb-11e6-bd58-64006a7986d3');
    for (const port of [0, 80, 0x12345678, 0x7fffffff]) expect(vsockPortOf(hypervService(port))).toBe(port);
    expect(vsockPortOf(hypervService(0xabc).toUpperCase())).toBe(0xabc);
    expect(() => hypervService(2 ** 31)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    for (const other of [
      '',
      '80000000-facb-11e6-bd58-64006a7986d3',
      'e0e16197-dd56-4a10-9195-5ee7a155a838',
    ]) {
      expect(vsockPortOf(other)).toBeUndefined();
    }
  });
});

describe('bad text', () => {
  it.each<[string, number]>([
    ['vsock:', 6],
    ['vsock:2', 7],
    ['vsock:2:', 8],
    ['vsock:2:4294967296', 8],
    ['vsock:-1:2', 6],
    ['vsock:2:3:4', 8],
    ['vsock:2:3/', 9],
    ['vsock:2:3/flags=256', 16],
    ['vsock:02:3', 6],
    ['netlink:nothing', 8],
    ['netlink:route/pid=x', 18],
    ['can-isotp:1:2', 13],
    ['can-j1939:1/name=0x10000000000000000', 17],
    ['can-j1939:1/name=0X12', 17],
    ['can-j1939:1/addr=256', 17],
    ['tipc:1:2', 0],
    ['tipc:range:1:2', 14],
    ['tipc:range:1:2:3/scope=128', 23],
    ['tipc:range:1:2:3/scope=-129', 24],
    ['bt-sco:00:11:22:AA:BB', 7],
    ['bt-sco:00:11:22:AA:BB:CC:DD', 24],
    ['bt-l2cap:00:11:22:AA:BB:CC', 26],
    ['bt-rfcomm:00:11:22:AA:BB:CC:1/service=x', 38],
    ['alg:hash', 8],
    ['alg:hash:%zz', 9],
    ['alg:hash:%00', 9],
    ['alg:hash:é', 9],
    ['hyperv:x:y', 7],
    ['llc:02:00:00:00:00:01', 21],
    ['packet:2/70000', 9],
  ])('%j is refused at offset %i', (text, offset) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: 'ParseError', offset }));
  });

  it('takes numbers in hex and options in any order', () => {
    expect(format(parse('vsock:0x2:0x4d2'))).toBe('vsock:2:1234');
    expect(format(parse('xdp:1:2/sharedUmemFd=0x7/flags=5'))).toBe('xdp:1:2/flags=0x5/sharedUmemFd=7');
    expect(format(parse('bt-sco:00-11-22-aa-bb-cc'))).toBe('bt-sco:00:11:22:AA:BB:CC');
    expect(format(parse('xdp:eth0:2', { ifNameToIndex: () => 4 }), { ifIndexToName: () => 'eth1' })).toBe(
      'xdp:eth1:2',
    );
  });
});

describe('values', () => {
  it('fields that must be there are asked for, by name and type', () => {
    for (const [make, argument] of [
      [() => Reflect.apply(xdp, undefined, [{ ifindex: 1 }]), 'queueId must be a number; got undefined'],
      [() => Reflect.apply(llc, undefined, [{}]), 'sap must be a number; got undefined'],
      [() => Reflect.apply(canJ1939, undefined, [{ ifindex: 1, name: 1 }]), 'name must be a bigint; got 1'],
      [() => Reflect.apply(btSco, undefined, [5]), 'address must be a string; got 5'],
      [() => Reflect.apply(netlink, undefined, [null]), 'fields must be an object; got null'],
    ] as const) {
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE', message: argument }));
    }
    // Of a GUID's bytes there are two orders, so it is text.
    expect(() => Reflect.apply(hyperv, undefined, [new Uint8Array(16), new Uint8Array(16)])).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_TYPE',
        message: 'vmId must be a string; got 16 bytes',
      }),
    );
    expect(() => btSco(new Uint8Array(5))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => btSco('00:11:22:33:44')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(btSco(Uint8Array.of(0, 0x11, 0x22, 0xaa, 0xbb, 0xcc)).address).toBe('00:11:22:AA:BB:CC');
  });

  it('a value of another family is refused', () => {
    const other = { ...vsock(1, 2), family: 'netlink' } as unknown;
    expect(() => Reflect.apply(encode, undefined, [other, new Uint8Array(64), 0, 'linux'])).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining('value.pid'),
      }),
    );
  });

  it('INET and INET6 have text, bytes and JSON', () => {
    const value = inet6('2001:DB8::1', 443, { scopeId: 1 });
    expect([value.address, value.bytes.length]).toEqual(['2001:db8::1', 16]);
    expect(JSON.parse(JSON.stringify(value))).toEqual({
      family: 'inet6',
      address: '2001:db8::1',
      port: 443,
      scopeId: 1,
      flowInfo: 0,
    });
    // What JSON, structuredClone and a worker make of a value is taken for one.
    for (const copy of [JSON.parse(JSON.stringify(value)), structuredClone(value)] as SocketAddress[]) {
      expect(format(copy)).toBe('[2001:db8::1%1]:443');
    }
  });
});
