import fc from 'fast-check';
import {
  can,
  inet,
  inet6,
  type Platform,
  packet,
  type SocketAddress,
  unix,
  unixAbstract,
  unixUnnamed,
  unknown,
} from '../src/index.ts';

export const platforms: readonly Platform[] = ['linux', 'darwin', 'freebsd', 'win32'];

const port = fc.nat(0xffff);
const ifindex = fc.nat(0x7fffffff);
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
  // AF_NETLINK's and AF_UNSPEC's numbers have no codec on any platform yet.
  unknown: fc
    .tuple(fc.constantFrom(0, 16), octets(0, 253))
    .map(([family, rest]) => unknown(Uint8Array.of(family, 0, ...rest))),
};

export const anyAddress: fc.Arbitrary<SocketAddress> = fc.oneof(...Object.values(addresses));
