/** Neighbours: struct ndmsg and NDA_…, linux/neighbour.h. */
import { checkBytes, checkInteger, checkObject, checkUint, wrongValue } from '@sockeye/addr/check';
import { type IPAddress, parseIP } from '@sockeye/addr/ip';
import { formatMac, parseMac } from '@sockeye/addr/mac';
import { type Attributes, AttributeWriter } from './attributes.ts';
import { LITTLE, viewOf, words } from './host.ts';
import { familyName, familyOf, type InetFamily, ipOf } from './inet.ts';
import { split } from './message.ts';

/** sizeof(struct ndmsg) */
export const NDMSG_SIZE = 12;

/** NDA_… */
export const NDA = { DST: 1, LLADDR: 2, CACHEINFO: 3, PROBES: 4, IFINDEX: 8, MASTER: 9 } as const;

/** NUD_… */
export const NUD = {
  INCOMPLETE: 0x01,
  REACHABLE: 0x02,
  STALE: 0x04,
  DELAY: 0x08,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const;

/** NTF_… */
export const NTF = {
  USE: 0x01,
  SELF: 0x02,
  MASTER: 0x04,
  PROXY: 0x08,
  EXT_LEARNED: 0x10,
  OFFLOADED: 0x20,
  STICKY: 0x40,
  ROUTER: 0x80,
} as const;

export type NeighbourState = keyof typeof NUD;
export type NeighbourFlag = keyof typeof NTF;

/** An entry of the neighbour table. */
export interface Neighbour {
  readonly family: InetFamily | number;
  readonly interfaceIndex: number;
  readonly address: string | undefined;
  /** Hexadecimal with colons; undefined as long as it is not known. */
  readonly linkLayerAddress: string | undefined;
  /** One, or none for NUD_NONE. */
  readonly state: readonly (NeighbourState | `0x${string}`)[];
  readonly flags: readonly (NeighbourFlag | `0x${string}`)[];
  /** RTN_…: 1 for a host, 5 for a group. */
  readonly type: number;
  readonly probes: number | undefined;
  readonly attributes: Attributes;
}

/**
 * Reads the body of an RTM_NEWNEIGH or RTM_DELNEIGH.
 * @throws MalformedNetlinkError
 */
export function decodeNeighbour(body: Uint8Array): Neighbour {
  const [header, attributes] = split(body, NDMSG_SIZE, 'ndmsg');
  const link = attributes.bytes(NDA.LLADDR);
  return {
    family: familyName(header.getUint8(0)),
    interfaceIndex: header.getInt32(4, LITTLE),
    address: ipOf(attributes, NDA.DST),
    linkLayerAddress: link === undefined || link.length > 32 ? undefined : formatMac(link),
    state: words(NUD, header.getUint16(8, LITTLE)),
    flags: words(NTF, header.getUint8(10)),
    type: header.getUint8(11),
    probes: attributes.u32(NDA.PROBES),
    attributes,
  };
}

/** An entry to be made or taken away. */
export interface NeighbourFields {
  readonly address: IPAddress;
  readonly linkLayerAddress?: string | Uint8Array | undefined;
  /** Default PERMANENT. */
  readonly state?: NeighbourState | undefined;
  readonly flags?: readonly NeighbourFlag[] | undefined;
}

/**
 * The body of an RTM_NEWNEIGH or RTM_DELNEIGH.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE, ParseError
 */
export function encodeNeighbour(interfaceIndex: number, fields: NeighbourFields): Uint8Array {
  checkObject('neighbour', fields);
  const address = parseIP(fields.address);
  const { linkLayerAddress, state = 'PERMANENT', flags = [] } = fields;
  if (!Object.hasOwn(NUD, state)) throw wrongValue('state', `one of ${Object.keys(NUD).join(', ')}`, state);
  const header = new Uint8Array(NDMSG_SIZE);
  const view = viewOf(header);
  header[0] = familyOf(address);
  view.setInt32(4, checkInteger('interfaceIndex', interfaceIndex, 1, 0x7fffffff), LITTLE);
  view.setUint16(8, NUD[state], LITTLE);
  for (const flag of flags) {
    if (!Object.hasOwn(NTF, flag)) throw wrongValue('flags', `some of ${Object.keys(NTF).join(', ')}`, flag);
    header[10]! |= NTF[flag];
  }
  const out = new AttributeWriter().struct(header).data(NDA.DST, address);
  if (linkLayerAddress !== undefined) {
    const bytes =
      typeof linkLayerAddress === 'string'
        ? parseMac(linkLayerAddress)
        : checkBytes('linkLayerAddress', linkLayerAddress);
    out.data(NDA.LLADDR, bytes);
  }
  return out.bytes();
}

/** The body of a dump of neighbours; 0 for all interfaces. */
export function encodeNeighbourQuery(family: number, interfaceIndex: number = 0): Uint8Array {
  const header = new Uint8Array(NDMSG_SIZE);
  header[0] = family;
  const out = new AttributeWriter().struct(header);
  if (interfaceIndex !== 0) out.u32(NDA.IFINDEX, checkUint('interfaceIndex', interfaceIndex, 31));
  return out.bytes();
}
