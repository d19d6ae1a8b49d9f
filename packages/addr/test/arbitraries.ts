import fc from 'fast-check';
import {
  alg,
  btHci,
  btL2cap,
  btRfcomm,
  btSco,
  can,
  canIsotp,
  canJ1939,
  hyperv,
  inet,
  inet6,
  llc,
  netlink,
  type Platform,
  packet,
  qipcrtr,
  type SocketAddress,
  system,
  tipcRange,
  tipcService,
  tipcSocket,
  unix,
  unixAbstract,
  unixUnnamed,
  unknown,
  vsock,
  xdp,
} from '../src/index.ts';

export const platforms: readonly Platform[] = ['linux', 'linux-be', 'darwin', 'freebsd', 'win32'];

const port = fc.nat(0xffff);
const ifindex = fc.nat(0x7fffffff);
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const i8 = fc.integer({ min: -128, max: 127 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const flags = fc.constantFrom(0, 1, 255);
const ascii = (maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 0x7f }), { maxLength }).map((codes) => String.fromCharCode(...codes));
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const octets = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });

/** Groups are often zero, so that runs of zeros are. */
export const ipv6Bytes: fc.Arbitrary<Uint8Array> = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));

export const addresses: { readonly [F in SocketAddress['family']]: fc.Arbitrary<SocketAddress> } = {
  inet: fc.tuple(octets(4), port).map(([address, p]) => inet(address, p)),
  inet6: fc
    .tuple(ipv6Bytes, port, u32, u32)
    .map(([address, p, scopeId, flowInfo]) => inet6(address, p, { scopeId, flowInfo })),
  unix: fc.oneof(
    octets(1, 104).map((bytes) => unix(bytes.map((byte) => byte || 0x25))),
    fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .map((text) => unix(text.replaceAll('\0', '@'))),
    octets(0, 107).map(unixAbstract),
    fc.constant(unixUnnamed()),
  ),
  packet: fc
    .record({
      ifindex,
      protocol: fc.nat(0xffff),
      hatype: fc.nat(0xffff),
      pkttype: fc.nat(0xff),
      address: octets(0, 32),
    })
    .map(packet),
  can: ifindex.map(can),
  'can-isotp': fc.record({ ifindex, rxId: u32, txId: u32 }).map(canIsotp),
  'can-j1939': fc.record({ ifindex, name: u64, pgn: u32, addr: u8 }).map(canJ1939),
  netlink: fc
    .record({ protocol: fc.option(fc.nat(40), { nil: undefined }), pid: u32, groups: u32 })
    .map(netlink),
  'tipc-service': fc.record({ type: u32, instance: u32, domain: u32, scope: i8 }).map(tipcService),
  'tipc-range': fc.record({ type: u32, lower: u32, upper: u32, scope: i8 }).map(tipcRange),
  'tipc-socket': fc.record({ ref: u32, node: u32, scope: i8 }).map(tipcSocket),
  vsock: fc.tuple(u32, u32, flags).map(([cid, p, f]) => vsock(cid, p, f)),
  'bt-l2cap': fc.record({ address: octets(6), psm: u16, cid: u16, addressType: u8 }).map(btL2cap),
  // Linux and FreeBSD have a channel of one byte and no service, Windows both; what does not fit is refused.
  'bt-rfcomm': fc.record({ address: octets(6), channel: u8 }).map(btRfcomm),
  'bt-hci': fc.tuple(u16, u16).map(([dev, channel]) => btHci(dev, channel)),
  'bt-sco': octets(6).map(btSco),
  alg: fc
    .tuple(ascii(13), ascii(103), u32, u32)
    .map(([type, name, feat, mask]) => alg(type, name, feat, mask)),
  qipcrtr: fc.tuple(u32, u32).map(([node, p]) => qipcrtr(node, p)),
  xdp: fc.record({ ifindex, queueId: u32, flags: u16, sharedUmemFd: u32 }).map(xdp),
  hyperv: fc.tuple(fc.uuid(), fc.uuid()).map(([vm, service]) => hyperv(vm, service)),
  system: fc.tuple(u32, u32).map(([id, unit]) => system(id, unit)),
  llc: fc.record({ address: octets(6), sap: u8, arphrd: u16, test: u8, xid: u8, ua: u8 }).map(llc),
  // AF_UNSPEC has no codec on any platform, nor has 0x2727.
  unknown: fc
    .tuple(fc.constantFrom([0, 0], [39, 39]), octets(0, 253))
    .map(([family, rest]) => unknown(Uint8Array.of(...family, ...rest))),
};

export const anyAddress: fc.Arbitrary<SocketAddress> = fc.oneof(...Object.values(addresses));

/** What the bytes of an address do not say, and `decode` has to be told. */
export function protocolOf(value: SocketAddress, platform: Platform): number | undefined {
  if (value.family === 'netlink') return value.protocol;
  const freebsd = { 'bt-l2cap': 135, 'bt-rfcomm': 136, 'bt-sco': 137 };
  const numbers: Readonly<Record<string, number>> = {
    'can-isotp': 6,
    'can-j1939': 7,
    'bt-l2cap': 0,
    'bt-hci': 1,
    'bt-sco': 2,
    'bt-rfcomm': 3,
    ...(platform === 'freebsd' ? freebsd : {}),
  };
  return numbers[value.family];
}

/** Does the platform have this family, and every field of it that is not at rest? */
export function exists(value: SocketAddress, platform: Platform): boolean {
  const [system] = platform.split('-') as [Exclude<Platform, 'linux-be'>];
  const has: Readonly<Record<string, readonly string[]>> = {
    netlink: ['linux', 'freebsd'],
    vsock: ['linux', 'darwin'],
    'bt-l2cap': ['linux', 'freebsd'],
    'bt-rfcomm': ['linux', 'freebsd', 'win32'],
    'bt-sco': ['linux', 'freebsd'],
    system: ['darwin'],
    hyperv: ['win32'],
  };
  if (['inet', 'inet6', 'unknown'].includes(value.family)) return true;
  if (value.family === 'unix') return value.kind !== 'abstract' || system === 'linux';
  if (value.family === 'vsock' && value.flags !== 0 && system === 'darwin') return false;
  return (has[value.family] ?? ['linux']).includes(system);
}

/** The first platform that has it. */
export const home = (value: SocketAddress): Platform =>
  platforms.find((platform) => exists(value, platform))!;
