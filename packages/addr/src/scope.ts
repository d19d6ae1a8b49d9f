/**
 * What an address is for. Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries (iana-ipv4-special-registry,
 * iana-ipv6-special-registry, the latter as of 2025-10-09), RFC 5771 and RFC 4291 section 2.7 for multicast, RFC 3879 for site-local.
 */
import { word } from './bytes.ts';
import { unmapIPv4 } from './embedded.ts';
import { type IPAddress, parseIP } from './ip-address.ts';
import { sharedBits } from './prefix.ts';

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

/**
 * What each scope has, in prefixes. Of those that an address is in, the longest counts. Inside of what is not, global are the anycast
 * addresses of the Port Control Protocol (RFC 7723), TURN (RFC 8155) and DNS-SD (RFC 9665), Automatic Multicast Tunneling
 * (RFC 7450) and AS112 (RFC 7535).
 */
const PREFIXES = `unspecified 0.0.0.0/32 ::/128
this-network 0.0.0.0/8
loopback 127.0.0.0/8 ::1/128
private 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16
unique-local fc00::/7
shared 100.64.0.0/10
link-local 169.254.0.0/16 fe80::/10
site-local fec0::/10
multicast 224.0.0.0/4 ff00::/8
broadcast 255.255.255.255/32
documentation 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20
benchmarking 198.18.0.0/15 2001:2::/48
translation 64:ff9b::/96 64:ff9b:1::/48
6to4 192.88.99.0/24 2002::/16
teredo 2001::/32
orchid 2001:10::/28 2001:20::/28 2001:30::/28
discard 100::/64 100:0:0:1::/64
segment-routing 5f00::/16
protocol 192.0.0.0/24 2001::/23
reserved 240.0.0.0/4
global 192.0.0.9/32 192.0.0.10/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48`;

type Rule = readonly [start: Uint8Array, length: number, scope: Scope];

/** The above, longest first, made when first asked for. */
let rules: readonly Rule[] | undefined;

function readRules(): readonly Rule[] {
  const all: Rule[] = [];
  for (const line of PREFIXES.split('\n')) {
    const [scope, ...prefixes] = line.split(' ');
    for (const prefix of prefixes) {
      const [start, length] = prefix.split('/');
      all.push([parseIP(start!), Number(length), scope as Scope]);
    }
  }
  return all.sort((a, b) => b[1] - a[1]);
}

/**
 * What the address is for. An IPv4-mapped one (`::ffff:127.0.0.1`) is what its IPv4 address is, since that is where packets
 * go; what else has an IPv4 address inside is not looked into. A zone is passed over. Throws as `parseIP`.
 */
export function scopeOf(address: IPAddress): Scope {
  const given = parseIP(address);
  const bytes = unmapIPv4(given) ?? given;
  rules ??= readRules();
  for (const [start, length, scope] of rules) {
    if (start.length === bytes.length && sharedBits(bytes, start) >= length) return scope;
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
  const bytes = parseIP(address);
  if (bytes.length === 16) return bytes[0] === 0xff ? bytes[1]! & 15 : undefined;
  const value = word(bytes, 0);
  if (value >>> 28 !== 14) return undefined;
  if (value >>> 8 === 0xe00000) return 2;
  if (value >>> 24 !== 239) return 14;
  return value >>> 16 === 0xefff ? 3 : 8;
}
