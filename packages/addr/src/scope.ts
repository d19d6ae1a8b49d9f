/**
 * What an address is for. Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries (iana-ipv4-special-registry,
 * iana-ipv6-special-registry, the latter as of 2025-10-09), RFC 5771 and RFC 4291 section 2.7 for multicast, RFC 3879 for site-local.
 */
import { type IPAddress, readIP } from './ip-address.ts';

/**
 * - `unspecified`: `0.0.0.0` (RFC 1122), `::` (RFC 4291)
 * - `this-network`: the rest of `0.0.0.0/8` (RFC 791)
 * - `loopback`: `127.0.0.0/8`, `::1`
 * - `private`: `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` (RFC 1918)
 * - `unique-local`: `fc00::/7` (RFC 4193)
 * - `shared`: `100.64.0.0/10`, between a provider and its customers (RFC 6598)
 * - `link-local`: `169.254.0.0/16` (RFC 3927), `fe80::/10`
 * - `site-local`: `fec0::/10`, deprecated (RFC 3879)
 * - `multicast`: `224.0.0.0/4`, `ff00::/8`; how far it goes, `multicastScope` says
 * - `broadcast`: `255.255.255.255` (RFC 919)
 * - `documentation`: `192.0.2.0/24`, `198.51.100.0/24`, `203.0.113.0/24` (RFC 5737), `2001:db8::/32` (RFC 3849), `3fff::/20` (RFC 9637)
 * - `benchmarking`: `198.18.0.0/15` (RFC 2544), `2001:2::/48` (RFC 5180)
 * - `translation`: `64:ff9b::/96` (RFC 6052), `64:ff9b:1::/48` (RFC 8215); the IPv4 address inside, `untranslateIPv4` says
 * - `6to4`: `2002::/16` (RFC 3056); its relays `192.88.99.0/24`, deprecated (RFC 7526)
 * - `teredo`: `2001::/32` (RFC 4380)
 * - `orchid`: `2001:10::/28` (RFC 4843), `2001:20::/28` (RFC 7343), `2001:30::/28` (RFC 9374): names of hosts, not places
 * - `discard`: `100::/64` (RFC 6666), and the dummy prefix `100:0:0:1::/64` (RFC 9780)
 * - `segment-routing`: `5f00::/16` (RFC 9602)
 * - `protocol`: the rest of `192.0.0.0/24` (RFC 6890) and `2001::/23` (RFC 2928), for protocols of the IETF
 * - `reserved`: `240.0.0.0/4` (RFC 1112)
 * - `global`: all else, and what the registries call globally reachable inside of the above (`192.0.0.9`, `2001:1::1`, `2001:4:112::/48` …)
 */
export type Scope =
  | 'unspecified'
  | 'this-network'
  | 'loopback'
  | 'private'
  | 'unique-local'
  | 'shared'
  | 'link-local'
  | 'site-local'
  | 'multicast'
  | 'broadcast'
  | 'documentation'
  | 'benchmarking'
  | 'translation'
  | '6to4'
  | 'teredo'
  | 'orchid'
  | 'discard'
  | 'segment-routing'
  | 'protocol'
  | 'reserved'
  | 'global';

/** An address, and how many of its bits count. Of two that fit the first does, so what is inside of another stands before it. */
type Rule4 = readonly [address: number, length: number, scope: Scope];
const IPV4: readonly Rule4[] = [
  [0x00000000, 32, 'unspecified'],
  [0x00000000, 8, 'this-network'],
  [0x0a000000, 8, 'private'],
  [0x64400000, 10, 'shared'],
  [0x7f000000, 8, 'loopback'],
  [0xa9fe0000, 16, 'link-local'],
  [0xac100000, 12, 'private'],
  [0xc0000009, 32, 'global'], // Port Control Protocol anycast, RFC 7723
  [0xc000000a, 32, 'global'], // TURN anycast, RFC 8155
  [0xc0000000, 24, 'protocol'],
  [0xc0000200, 24, 'documentation'],
  [0xc0586300, 24, '6to4'],
  [0xc0a80000, 16, 'private'],
  [0xc6120000, 15, 'benchmarking'],
  [0xc6336400, 24, 'documentation'],
  [0xcb007100, 24, 'documentation'],
  [0xe0000000, 4, 'multicast'],
  [0xffffffff, 32, 'broadcast'],
  [0xf0000000, 4, 'reserved'],
];

/** The first 64 bits, in two words, and how many of them count. What is longer is in the code below. */
type Rule6 = readonly [high: number, low: number, length: number, scope: Scope];
const IPV6: readonly Rule6[] = [
  [0x0064ff9b, 0x00010000, 48, 'translation'],
  [0x01000000, 0x00000000, 64, 'discard'],
  [0x01000000, 0x00000001, 64, 'discard'],
  [0x20010000, 0, 32, 'teredo'],
  [0x20010002, 0, 48, 'benchmarking'],
  [0x20010003, 0, 32, 'global'], // Automatic Multicast Tunneling, RFC 7450
  [0x20010004, 0x01120000, 48, 'global'], // AS112, RFC 7535
  [0x20010010, 0, 28, 'orchid'],
  [0x20010020, 0, 28, 'orchid'],
  [0x20010030, 0, 28, 'orchid'],
  [0x20010000, 0, 23, 'protocol'],
  [0x20010db8, 0, 32, 'documentation'],
  [0x20020000, 0, 16, '6to4'],
  [0x3fff0000, 0, 20, 'documentation'],
  [0x5f000000, 0, 16, 'segment-routing'],
  [0xfc000000, 0, 7, 'unique-local'],
  [0xfe800000, 0, 10, 'link-local'],
  [0xfec00000, 0, 10, 'site-local'],
  [0xff000000, 0, 8, 'multicast'],
];

const scratch: Uint8Array = /* @__PURE__ */ new Uint8Array(16);

/**
 * What the address is for. An IPv4-mapped one (`::ffff:127.0.0.1`) is what its IPv4 address is, since that is where packets
 * go; what else has an IPv4 address inside is not looked into. A zone is passed over. Throws as `parseIP`.
 */
export function scopeOf(address: IPAddress): Scope {
  const size = readIP('address', address, scratch);
  if (size === 4) return scope4(word(0));
  const [a, b, c, d] = [word(0), word(4), word(8), word(12)];
  if (a === 0 && b === 0) {
    if (c === 0xffff) return scope4(d);
    if (c === 0 && d < 2) return d === 0 ? 'unspecified' : 'loopback';
  }
  if (a === 0x0064ff9b && b === 0 && c === 0) return 'translation';
  // Anycast of the Port Control Protocol (RFC 7723), TURN (RFC 8155) and DNS-SD (RFC 9665).
  if (a === 0x20010001 && b === 0 && c === 0 && d >= 1 && d <= 3) return 'global';
  for (const [high, low, length, scope] of IPV6) {
    if ((a ^ high) >>> Math.max(0, 32 - length) === 0 && (length <= 32 || (b ^ low) >>> (64 - length) === 0))
      return scope;
  }
  return 'global';
}

/**
 * How far a multicast address goes, in the numbers of IPv6 (RFC 4291 section 2.7, RFC 7346): 1 interface, 2 link, 3 realm, 4 admin, 5 site,
 * 8 organization, 14 global; others have no meaning yet. Those of IPv4 are what RFC 2365 section 8 maps to them: `224.0.0.0/24` is 2,
 * `239.255.0.0/16` 3, `239.192.0.0/14` 8, all below `239.0.0.0` 14. The rest of `239.0.0.0/8` is kept to make these two larger,
 * and counts as the wider one, 8. Undefined for what is not multicast. Throws as `parseIP`.
 */
export function multicastScope(address: IPAddress): number | undefined {
  const size = readIP('address', address, scratch);
  if (size === 16) return scratch[0] === 0xff ? scratch[1]! & 15 : undefined;
  const value = word(0);
  if (value >>> 28 !== 14) return undefined;
  if (value >>> 8 === 0xe00000) return 2;
  if (value >>> 24 !== 239) return 14;
  return value >>> 16 === 0xefff ? 3 : 8;
}

function scope4(value: number): Scope {
  for (const [address, length, scope] of IPV4) {
    if ((value ^ address) >>> (32 - length) === 0) return scope;
  }
  return 'global';
}

function word(at: number): number {
  return ((scratch[at]! << 24) | (scratch[at + 1]! << 16) | (scratch[at + 2]! << 8) | scratch[at + 3]!) >>> 0;
}
