/** Interfaces: struct ifinfomsg and IFLA_…, linux/if_link.h. */
import {
  checkBytes,
  checkInteger,
  checkObject,
  checkString,
  checkUint,
  wrongValue,
} from '@sockeye/addr/check';
import { formatMac, parseMac } from '@sockeye/addr/mac';
import { type Attributes, AttributeWriter } from './attributes.ts';
import { bytesOf, LITTLE, viewOf, wordOf, words } from './host.ts';
import { split } from './message.ts';
import { decodeLinkStatistics, type LinkStatistics } from './statistics.ts';

/** sizeof(struct ifinfomsg) */
export const IFINFOMSG_SIZE = 16;

/** IFLA_…, those that are read or written here. */
export const IFLA = {
  ADDRESS: 1,
  BROADCAST: 2,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  QDISC: 6,
  MASTER: 10,
  TXQLEN: 13,
  OPERSTATE: 16,
  LINKINFO: 18,
  NET_NS_PID: 19,
  IFALIAS: 20,
  STATS64: 23,
  GROUP: 27,
  NET_NS_FD: 28,
  EXT_MASK: 29,
  PROMISCUITY: 30,
  NUM_TX_QUEUES: 31,
  NUM_RX_QUEUES: 32,
  CARRIER: 33,
  CARRIER_CHANGES: 35,
  LINK_NETNSID: 37,
  MIN_MTU: 50,
  MAX_MTU: 51,
  PROP_LIST: 52,
  ALT_IFNAME: 53,
  PERM_ADDRESS: 54,
} as const;

/** IFLA_INFO_… */
export const IFLA_INFO = { KIND: 1, DATA: 2, XSTATS: 3, SLAVE_KIND: 4, SLAVE_DATA: 5 } as const;

/** VETH_INFO_PEER, and VXCAN_INFO_PEER, which is the same. */
export const VETH_INFO_PEER = 1;

/** IFF_…, linux/if.h. */
export const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  DEBUG: 0x4,
  LOOPBACK: 0x8,
  POINTOPOINT: 0x10,
  NOTRAILERS: 0x20,
  RUNNING: 0x40,
  NOARP: 0x80,
  PROMISC: 0x100,
  ALLMULTI: 0x200,
  MASTER: 0x400,
  SLAVE: 0x800,
  MULTICAST: 0x1000,
  PORTSEL: 0x2000,
  AUTOMEDIA: 0x4000,
  DYNAMIC: 0x8000,
  LOWER_UP: 0x10000,
  DORMANT: 0x20000,
  ECHO: 0x40000,
} as const;

/** IF_OPER_…, RFC 2863. */
export const IF_OPER = {
  UNKNOWN: 0,
  NOTPRESENT: 1,
  DOWN: 2,
  LOWERLAYERDOWN: 3,
  TESTING: 4,
  DORMANT: 5,
  UP: 6,
} as const;

export type LinkFlag = keyof typeof IFF;

/** An interface as the kernel tells of it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** Further names. */
  readonly alternativeNames: readonly string[];
  /** ARPHRD_ of linux/if_arp.h: 1 Ethernet, 280 CAN, 772 loopback. */
  readonly hardwareType: number;
  readonly flags: readonly (LinkFlag | `0x${string}`)[];
  /** IFF_UP: told to be up. `operationalState` says whether it is. */
  readonly up: boolean;
  readonly operationalState: keyof typeof IF_OPER | number;
  readonly carrier: boolean | undefined;
  readonly mtu: number;
  readonly minMtu: number | undefined;
  readonly maxMtu: number | undefined;
  /** Packets that may wait to be sent. */
  readonly queueLength: number | undefined;
  readonly queueDiscipline: string | undefined;
  /** Hexadecimal with colons; undefined where such links have none. */
  readonly address: string | undefined;
  readonly broadcast: string | undefined;
  /** Index of the bridge or bond that it belongs to. */
  readonly master: number | undefined;
  /** Index of the other end (veth, vxcan) or of the one below (vlan), and the namespace that this one is in, where it is another. */
  readonly parent: number | undefined;
  readonly parentNamespace: number | undefined;
  readonly group: number | undefined;
  readonly alias: string | undefined;
  readonly promiscuity: number | undefined;
  readonly statistics: LinkStatistics | undefined;
  /** `vcan`, `veth`, `bridge`, …; undefined for hardware that has no kind. */
  readonly kind: string | undefined;
  /** IFLA_INFO_DATA, attributes of the kind. */
  readonly data: Uint8Array | undefined;
  /** IFLA_INFO_XSTATS, a structure of the kind. */
  readonly extraStatistics: Uint8Array | undefined;
  /** All attributes, for what has no field here. */
  readonly attributes: Attributes;
}

function macOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined || bytes.length === 0 || bytes.length > 32 ? undefined : formatMac(bytes);
}

/**
 * Reads the body of an RTM_NEWLINK or RTM_DELLINK.
 * @throws MalformedNetlinkError
 */
export function decodeLink(body: Uint8Array): Link {
  const [header, attributes] = split(body, IFINFOMSG_SIZE, 'ifinfomsg');
  const flags = header.getUint32(8, LITTLE);
  const info = attributes.nested(IFLA.LINKINFO);
  const carrier = attributes.u8(IFLA.CARRIER);
  const statistics = attributes.bytes(IFLA.STATS64);
  const names: string[] = [];
  for (const { type, data } of attributes.nested(IFLA.PROP_LIST) ?? []) {
    if (type === IFLA.ALT_IFNAME) names.push(new TextDecoder().decode(data).replace(/\0.*$/s, ''));
  }
  return {
    index: header.getInt32(4, LITTLE),
    name: attributes.text(IFLA.IFNAME) ?? '',
    alternativeNames: names,
    hardwareType: header.getUint16(2, LITTLE),
    flags: words(IFF, flags),
    up: (flags & IFF.UP) !== 0,
    operationalState: wordOf(IF_OPER, attributes.u8(IFLA.OPERSTATE) ?? IF_OPER.UNKNOWN),
    carrier: carrier === undefined ? undefined : carrier !== 0,
    mtu: attributes.u32(IFLA.MTU) ?? 0,
    minMtu: attributes.u32(IFLA.MIN_MTU),
    maxMtu: attributes.u32(IFLA.MAX_MTU),
    queueLength: attributes.u32(IFLA.TXQLEN),
    queueDiscipline: attributes.text(IFLA.QDISC),
    address: macOf(attributes.bytes(IFLA.ADDRESS)),
    broadcast: macOf(attributes.bytes(IFLA.BROADCAST)),
    master: attributes.u32(IFLA.MASTER),
    parent: attributes.u32(IFLA.LINK),
    parentNamespace: attributes.s32(IFLA.LINK_NETNSID),
    group: attributes.u32(IFLA.GROUP),
    alias: attributes.text(IFLA.IFALIAS),
    promiscuity: attributes.u32(IFLA.PROMISCUITY),
    statistics: statistics === undefined ? undefined : decodeLinkStatistics(statistics),
    kind: info?.text(IFLA_INFO.KIND),
    data: info?.bytes(IFLA_INFO.DATA),
    extraStatistics: info?.bytes(IFLA_INFO.XSTATS),
    attributes,
  };
}

/** What can be set on an interface; what is left out stays. */
export interface LinkSettings {
  /** 1 to 15 bytes. */
  readonly name?: string | undefined;
  readonly up?: boolean | undefined;
  readonly mtu?: number | undefined;
  readonly queueLength?: number | undefined;
  /** Text or bytes. */
  readonly address?: string | Uint8Array | undefined;
  readonly broadcast?: string | Uint8Array | undefined;
  /** Index of a bridge or bond; 0 for none. */
  readonly master?: number | undefined;
  readonly group?: number | undefined;
  /** At most 255 bytes; '' for none. */
  readonly alias?: string | undefined;
  readonly promiscuous?: boolean | undefined;
  readonly allMulticast?: boolean | undefined;
  readonly multicast?: boolean | undefined;
  readonly arp?: boolean | undefined;
  /** Moves it: the network namespace of this process, or behind this descriptor. */
  readonly netns?: { readonly pid: number } | { readonly fd: number } | undefined;
  /** IFLA_INFO_DATA: attributes of the kind. Takes `kind`. */
  readonly data?: Uint8Array | undefined;
  readonly kind?: string | undefined;
}

/** An interface to be made. An alias, and the other end being up, are set afterwards: the kernel takes neither here. */
export interface NewLink extends Omit<LinkSettings, 'alias'> {
  readonly kind: string;
  /** Index of the one below (vlan, macvlan). */
  readonly parent?: number | undefined;
  /** The other end of a veth or a vxcan. */
  readonly peer?: Omit<LinkSettings, 'alias' | 'up' | 'kind' | 'data'> | undefined;
}

/** IFNAMSIZ without its NUL. */
const LONGEST_NAME = 15;
/** IFALIASZ without its NUL. */
const LONGEST_ALIAS = 255;

/** A name that an interface can have, as given: dev_valid_name of the kernel. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE. */
export function checkLinkName(argument: string, name: unknown): string {
  const text = checkString(argument, name);
  const { length } = bytesOf(text);
  if (length === 0 || length > LONGEST_NAME || text === '.' || text === '..' || /[\0/:\s]/.test(text)) {
    throw wrongValue(
      argument,
      `the name of an interface, 1 to ${LONGEST_NAME} bytes without '/', ':' or space`,
      text,
    );
  }
  return text;
}

function hardwareAddress(argument: string, address: string | Uint8Array): Uint8Array {
  return typeof address === 'string' ? parseMac(address) : checkBytes(argument, address);
}

/** Two flags that `ifi_change` says are meant. */
function flagsOf(settings: LinkSettings): [number, number] {
  let flags = 0;
  let change = 0;
  const flag = (argument: string, bit: number, value: boolean | undefined, invert = false): void => {
    if (value === undefined) return;
    if (typeof value !== 'boolean') throw wrongValue(argument, 'true or false', value);
    change |= bit;
    if (value !== invert) flags |= bit;
  };
  flag('up', IFF.UP, settings.up);
  flag('promiscuous', IFF.PROMISC, settings.promiscuous);
  flag('allMulticast', IFF.ALLMULTI, settings.allMulticast);
  flag('multicast', IFF.MULTICAST, settings.multicast);
  flag('arp', IFF.NOARP, settings.arp, true);
  return [flags, change];
}

function writeSettings(out: AttributeWriter, index: number, settings: LinkSettings): void {
  const [flags, change] = flagsOf(settings);
  const header = new Uint8Array(IFINFOMSG_SIZE);
  const view = viewOf(header);
  view.setInt32(4, index, LITTLE);
  view.setUint32(8, flags, LITTLE);
  view.setUint32(12, change, LITTLE);
  out.struct(header);
  const { name, mtu, queueLength, address, broadcast, master, group, alias, netns } = settings;
  if (name !== undefined) out.text(IFLA.IFNAME, checkLinkName('name', name));
  if (mtu !== undefined) out.u32(IFLA.MTU, checkUint('mtu', mtu, 31));
  if (queueLength !== undefined) out.u32(IFLA.TXQLEN, checkUint('queueLength', queueLength, 31));
  if (address !== undefined) out.data(IFLA.ADDRESS, hardwareAddress('address', address));
  if (broadcast !== undefined) out.data(IFLA.BROADCAST, hardwareAddress('broadcast', broadcast));
  if (master !== undefined) out.u32(IFLA.MASTER, checkUint('master', master, 31));
  if (group !== undefined) out.u32(IFLA.GROUP, checkUint('group', group, 31));
  if (alias !== undefined) {
    const bytes = bytesOf(checkString('alias', alias));
    checkInteger('alias.length', bytes.length, 0, LONGEST_ALIAS);
    out.data(IFLA.IFALIAS, bytes);
  }
  if (netns !== undefined) {
    checkObject('netns', netns);
    if ('pid' in netns) out.u32(IFLA.NET_NS_PID, checkInteger('netns.pid', netns.pid, 1, 0x7fffffff));
    else out.u32(IFLA.NET_NS_FD, checkUint('netns.fd', netns.fd, 31));
  }
}

/**
 * The body of an RTM_NEWLINK for what is there already; `index` 0 and a name would make one.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export function encodeLinkSettings(index: number, settings: LinkSettings): Uint8Array {
  checkInteger('index', index, 1, 0x7fffffff);
  checkObject('settings', settings);
  const out = new AttributeWriter();
  writeSettings(out, index, settings);
  writeInfo(out, settings.kind, settings.data);
  return out.bytes();
}

function writeInfo(out: AttributeWriter, kind: string | undefined, data: Uint8Array | undefined): void {
  if (kind === undefined) {
    if (data !== undefined) throw wrongValue('data', 'undefined without `kind`', data);
    return;
  }
  const name = checkString('kind', kind);
  if (name === '' || name.includes('\0')) throw wrongValue('kind', 'the kind of an interface', kind);
  out.nest(IFLA.LINKINFO, (info) => {
    info.text(IFLA_INFO.KIND, name);
    if (data !== undefined) info.data(IFLA_INFO.DATA, checkBytes('data', data));
  });
}

/** What the kernel passes over when it makes an interface, or fails at. */
function refuse(argument: string, settings: LinkSettings, name: 'alias' | 'up'): void {
  if (settings[name] === undefined) return;
  throw wrongValue(`${argument}.${name}`, 'undefined: it is set when the interface is there', settings[name]);
}

/** The body of an RTM_NEWLINK that makes one. Throws as {@link encodeLinkSettings}. */
export function encodeNewLink(link: NewLink): Uint8Array {
  checkObject('link', link);
  refuse('link', link, 'alias');
  const { kind, parent, peer } = link;
  let { data } = link;
  if (peer !== undefined) {
    checkObject('peer', peer);
    refuse('peer', peer, 'alias');
    refuse('peer', peer, 'up');
    if (kind !== 'veth' && kind !== 'vxcan')
      throw wrongValue('kind', "'veth' or 'vxcan', which have a peer", kind);
    if (data !== undefined) throw wrongValue('data', 'undefined beside `peer`', data);
    const inside = new AttributeWriter();
    data = inside.nest(VETH_INFO_PEER, (end) => writeSettings(end, 0, peer)).bytes();
  }
  const out = new AttributeWriter();
  writeSettings(out, 0, link);
  if (parent !== undefined) out.u32(IFLA.LINK, checkInteger('parent', parent, 1, 0x7fffffff));
  writeInfo(out, checkString('kind', kind), data);
  return out.bytes();
}

/** The body of an RTM_GETLINK or RTM_DELLINK for one, by index or name, or, without either, of a dump. */
export function encodeLinkQuery(which: number | string | undefined, kind?: string): Uint8Array {
  const header = new Uint8Array(IFINFOMSG_SIZE);
  const out = new AttributeWriter();
  if (typeof which === 'number') viewOf(header).setInt32(4, which, LITTLE);
  out.struct(header);
  if (typeof which === 'string') out.text(IFLA.IFNAME, checkLinkName('link', which));
  writeInfo(out, kind, undefined);
  return out.bytes();
}
