/** Routes: struct rtmsg and RTA_…, linux/rtnetlink.h. */
import { checkInteger, checkObject, checkUint, wrongValue } from '@sockeye/addr/check';
import { type IPAddress, parseIP } from '@sockeye/addr/ip';
import { Attributes, AttributeWriter, align } from './attributes.ts';
import { MalformedNetlinkError } from './errors.ts';
import { LITTLE, viewOf, wordOf, words } from './host.ts';
import { familyName, familyOf, type InetFamily, ipBytes, ipOf } from './inet.ts';
import { split } from './message.ts';
import { AF } from './numbers.ts';

/** sizeof(struct rtmsg) and sizeof(struct rtnexthop) */
export const RTMSG_SIZE = 12;
const RTNEXTHOP_SIZE = 8;

/** RTA_… */
export const RTA = {
  DST: 1,
  SRC: 2,
  IIF: 3,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  METRICS: 8,
  MULTIPATH: 9,
  TABLE: 15,
  MARK: 16,
  VIA: 18,
  PREF: 20,
  EXPIRES: 23,
  NH_ID: 30,
} as const;

/** RTN_… */
export const RTN = {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
} as const;

/** RT_SCOPE_… */
export const RT_SCOPE = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;

/** RTPROT_…: who made the route. */
export const RTPROT = {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  ra: 9,
  zebra: 11,
  bird: 12,
  dhcp: 16,
  babel: 42,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
} as const;

/** RTNH_F_… and RTM_F_… */
export const RTNH_F = {
  DEAD: 0x1,
  PERVASIVE: 0x2,
  ONLINK: 0x4,
  OFFLOAD: 0x8,
  LINKDOWN: 0x10,
  UNRESOLVED: 0x20,
  TRAP: 0x40,
} as const;

/** RTAX_…: what the route says of connections; numbers all. */
export const RTAX = {
  lock: 1,
  mtu: 2,
  window: 3,
  rtt: 4,
  rttvar: 5,
  ssthresh: 6,
  cwnd: 7,
  advmss: 8,
  reordering: 9,
  hoplimit: 10,
  initcwnd: 11,
  features: 12,
  rtoMin: 13,
  initrwnd: 14,
  quickack: 15,
} as const;

export type RouteType = keyof typeof RTN;
export type RouteScope = keyof typeof RT_SCOPE;
export type RouteProtocol = keyof typeof RTPROT;
export type RouteFlag = keyof typeof RTNH_F;
export type RouteMetrics = { readonly [Name in keyof typeof RTAX]?: number | undefined };

/** RT_TABLE_MAIN */
const MAIN = 254;

/** One way of several. */
export interface NextHop {
  readonly interfaceIndex: number;
  readonly gateway: string | undefined;
  /** 1 to 256. */
  readonly weight: number;
  readonly flags: readonly (RouteFlag | `0x${string}`)[];
}

/** A route as the kernel tells of it. */
export interface Route {
  readonly family: InetFamily | number;
  readonly type: RouteType | number;
  /** Prefix, `10.0.0.0/8`; `default` is everything. */
  readonly destination: string;
  /** Prefix of senders, for IPv6. */
  readonly source: string | undefined;
  readonly tos: number;
  /** 254 is the main one, 255 that of local addresses. */
  readonly table: number;
  readonly protocol: RouteProtocol | number;
  readonly scope: RouteScope | number;
  readonly flags: readonly (RouteFlag | `0x${string}`)[];
  readonly interfaceIndex: number | undefined;
  /** Of either family: IPv4 may go by way of IPv6. */
  readonly gateway: string | undefined;
  /** What is sent from, unless bound otherwise. */
  readonly preferredSource: string | undefined;
  /** Least is taken; `metric` to ip-route(8). */
  readonly priority: number;
  readonly metrics: RouteMetrics;
  readonly nextHops: readonly NextHop[];
  readonly nextHopId: number | undefined;
  readonly attributes: Attributes;
}

function prefixText(address: string | undefined, length: number, family: number): string | undefined {
  if (address === undefined && length === 0) return undefined;
  const most = family === AF.INET6 ? 128 : 32;
  const text = address ?? (family === AF.INET6 ? '::' : '0.0.0.0');
  return length === most ? text : `${text}/${length}`;
}

function viaOf(attributes: Attributes): string | undefined {
  const via = attributes.bytes(RTA.VIA, 2);
  if (via === undefined) return ipOf(attributes, RTA.GATEWAY);
  const address = via.subarray(2);
  // struct rtvia; of other families nothing can be said here.
  const inside = new AttributeWriter().data(RTA.GATEWAY, address).bytes();
  return ipOf(new Attributes(inside), RTA.GATEWAY);
}

function decodeNextHops(bytes: Uint8Array | undefined): NextHop[] {
  const hops: NextHop[] = [];
  if (bytes === undefined) return hops;
  const view = viewOf(bytes);
  for (let at = 0; bytes.length - at >= RTNEXTHOP_SIZE; ) {
    const length = view.getUint16(at, LITTLE);
    if (length < RTNEXTHOP_SIZE || length > bytes.length - at) {
      throw new MalformedNetlinkError('rtnexthop', at, `a length from 8 to ${bytes.length - at}`, length);
    }
    hops.push({
      interfaceIndex: view.getInt32(at + 4, LITTLE),
      gateway: viaOf(new Attributes(bytes, at + RTNEXTHOP_SIZE, at + length)),
      weight: view.getUint8(at + 3) + 1,
      flags: words(RTNH_F, view.getUint8(at + 2)),
    });
    at += align(length);
  }
  return hops;
}

/**
 * Reads the body of an RTM_NEWROUTE or RTM_DELROUTE.
 * @throws MalformedNetlinkError
 */
export function decodeRoute(body: Uint8Array): Route {
  const [header, attributes] = split(body, RTMSG_SIZE, 'rtmsg');
  const family = header.getUint8(0);
  const metrics: Record<string, number> = {};
  const inside = attributes.nested(RTA.METRICS);
  for (const [name, type] of Object.entries(RTAX)) {
    const value = inside?.u32(type);
    if (value !== undefined) metrics[name] = value;
  }
  return {
    family: familyName(family),
    type: wordOf(RTN, header.getUint8(7)),
    destination: prefixText(ipOf(attributes, RTA.DST), header.getUint8(1), family) ?? 'default',
    source: prefixText(ipOf(attributes, RTA.SRC), header.getUint8(2), family),
    tos: header.getUint8(3),
    table: attributes.u32(RTA.TABLE) ?? header.getUint8(4),
    protocol: wordOf(RTPROT, header.getUint8(5)),
    scope: wordOf(RT_SCOPE, header.getUint8(6)),
    flags: words(RTNH_F, header.getUint32(8, LITTLE)),
    interfaceIndex: attributes.u32(RTA.OIF),
    gateway: viaOf(attributes),
    preferredSource: ipOf(attributes, RTA.PREFSRC),
    priority: attributes.u32(RTA.PRIORITY) ?? 0,
    metrics,
    nextHops: decodeNextHops(attributes.bytes(RTA.MULTIPATH)),
    nextHopId: attributes.u32(RTA.NH_ID),
    attributes,
  };
}

/** A way, of a route that has several. */
export interface NextHopFields {
  readonly interfaceIndex?: number | undefined;
  readonly gateway?: IPAddress | undefined;
  /** 1, as by default, to 256. */
  readonly weight?: number | undefined;
}

/** A route to be made or taken away. */
export interface RouteFields {
  /** `10.0.0.0/8`, an address alone, or `default`, which takes `family` unless there is a gateway. */
  readonly destination: string;
  readonly family?: InetFamily | undefined;
  /** Default `unicast`. */
  readonly type?: RouteType | undefined;
  readonly interfaceIndex?: number | undefined;
  readonly gateway?: IPAddress | undefined;
  readonly preferredSource?: IPAddress | undefined;
  readonly priority?: number | undefined;
  /** Default 254, the main one. */
  readonly table?: number | undefined;
  /** Default `boot`, as of ip-route(8). */
  readonly protocol?: RouteProtocol | undefined;
  /** Default: that of ip-route(8), by type and gateway. */
  readonly scope?: RouteScope | undefined;
  readonly tos?: number | undefined;
  /** ONLINK: the gateway is there although no route says so. */
  readonly onLink?: boolean | undefined;
  readonly metrics?: RouteMetrics | undefined;
  readonly nextHops?: readonly NextHopFields[] | undefined;
}

function member(table: Readonly<Record<string, number>>, argument: string, word: string): number {
  const value = Object.hasOwn(table, word) ? table[word] : undefined;
  if (value === undefined) throw wrongValue(argument, `one of ${Object.keys(table).join(', ')}`, word);
  return value;
}

/** Bytes and length of a prefix's text; none for `default`. */
function prefixOf(text: string): [Uint8Array | undefined, number] {
  if (text === 'default') return [undefined, 0];
  const [, address = text, digits] = /^(.*)\/(\d{1,3})$/.exec(text) ?? [];
  const bytes = parseIP(address);
  const most = bytes.length * 8;
  return [bytes, digits === undefined ? most : checkInteger('destination', Number(digits), 0, most)];
}

function usualScope(type: RouteType, { gateway, nextHops }: RouteFields, family: number): RouteScope {
  if (type === 'local' || type === 'nat') return 'host';
  if (family === AF.INET6) return 'universe';
  if (type === 'broadcast' || type === 'multicast' || type === 'anycast') return 'link';
  return type === 'unicast' && gateway === undefined && nextHops === undefined ? 'link' : 'universe';
}

function writeGateway(out: AttributeWriter, argument: string, gateway: IPAddress, family: number): void {
  const bytes = parseIP(gateway);
  const other = familyOf(bytes);
  if (other === family) out.data(RTA.GATEWAY, bytes);
  else if (family === AF.INET6) ipBytes(argument, gateway, family);
  else {
    const via = new Uint8Array(2 + bytes.length);
    viewOf(via).setUint16(0, other, LITTLE);
    via.set(bytes, 2);
    out.data(RTA.VIA, via);
  }
}

function writeNextHops(out: AttributeWriter, hops: readonly NextHopFields[], family: number): void {
  out.nest(RTA.MULTIPATH, (inside) => {
    for (const [index, { interfaceIndex = 0, gateway, weight = 1 }] of hops.entries()) {
      const rest = new AttributeWriter();
      if (gateway !== undefined) writeGateway(rest, `nextHops[${index}].gateway`, gateway, family);
      const bytes = rest.bytes();
      const hop = new Uint8Array(RTNEXTHOP_SIZE + bytes.length);
      const view = viewOf(hop);
      view.setUint16(0, hop.length, LITTLE);
      hop[3] = checkInteger(`nextHops[${index}].weight`, weight, 1, 256) - 1;
      view.setInt32(4, checkUint(`nextHops[${index}].interfaceIndex`, interfaceIndex, 31), LITTLE);
      hop.set(bytes, RTNEXTHOP_SIZE);
      inside.struct(hop);
    }
  });
}

/**
 * The body of an RTM_NEWROUTE, or with `taken` of an RTM_DELROUTE, which takes the first that is like it.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE, ParseError
 */
export function encodeRoute(fields: RouteFields, taken: boolean = false): Uint8Array {
  checkObject('route', fields);
  if (typeof fields.destination !== 'string') {
    throw wrongValue('destination', "a prefix as text, or 'default'", fields.destination);
  }
  const [destination, length] = prefixOf(fields.destination);
  const { gateway, preferredSource, nextHops, table = MAIN, type = 'unicast', metrics } = fields;
  const like = destination ?? (gateway === undefined ? undefined : parseIP(gateway));
  let family: number = like === undefined ? AF.INET : familyOf(like);
  if (fields.family !== undefined) {
    const wanted = fields.family === 'inet6' ? AF.INET6 : AF.INET;
    if (destination !== undefined && wanted !== family)
      throw wrongValue('family', 'that of `destination`', fields.family);
    family = wanted;
  }
  const scope = fields.scope ?? (taken ? 'nowhere' : usualScope(type, fields, family));
  const header = new Uint8Array(RTMSG_SIZE);
  header[0] = family;
  header[1] = length;
  header[3] = checkUint('tos', fields.tos ?? 0, 8);
  checkUint('table', table, 32);
  // RT_TABLE_UNSPEC, where RTA_TABLE says more than fits here.
  header[4] = table < 256 ? table : 0;
  header[5] =
    taken && fields.protocol === undefined ? 0 : member(RTPROT, 'protocol', fields.protocol ?? 'boot');
  header[6] = member(RT_SCOPE, 'scope', scope);
  header[7] = taken && fields.type === undefined ? 0 : member(RTN, 'type', type);
  viewOf(header).setUint32(8, fields.onLink === true ? RTNH_F.ONLINK : 0, LITTLE);
  const out = new AttributeWriter().struct(header);
  if (destination !== undefined) out.data(RTA.DST, destination);
  if (table >= 256) out.u32(RTA.TABLE, table);
  if (fields.interfaceIndex !== undefined) {
    out.u32(RTA.OIF, checkInteger('interfaceIndex', fields.interfaceIndex, 1, 0x7fffffff));
  }
  if (gateway !== undefined) writeGateway(out, 'gateway', gateway, family);
  if (preferredSource !== undefined) {
    out.data(RTA.PREFSRC, ipBytes('preferredSource', preferredSource, family));
  }
  if (fields.priority !== undefined) out.u32(RTA.PRIORITY, checkUint('priority', fields.priority, 32));
  if (metrics !== undefined) {
    checkObject('metrics', metrics);
    out.nest(RTA.METRICS, (inside) => {
      for (const [name, value] of Object.entries(metrics)) {
        if (value !== undefined)
          inside.u32(member(RTAX, 'metrics', name), checkUint(`metrics.${name}`, value, 32));
      }
    });
  }
  if (nextHops !== undefined) writeNextHops(out, nextHops, family);
  return out.bytes();
}

/** The body of a dump of routes; table 0 for all. */
export function encodeRouteQuery(family: number, table: number = 0): Uint8Array {
  const header = new Uint8Array(RTMSG_SIZE);
  header[0] = family;
  const out = new AttributeWriter().struct(header);
  if (table !== 0) out.u32(RTA.TABLE, checkUint('table', table, 32));
  return out.bytes();
}
