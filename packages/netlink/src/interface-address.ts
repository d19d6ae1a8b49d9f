/** Addresses of interfaces: struct ifaddrmsg and IFA_…, linux/if_addr.h. */
import { checkInteger, checkObject, checkString, checkUint, wrongValue } from '@sockeye/addr/check';
import { type IPAddress, parseIP } from '@sockeye/addr/ip';
import { AttributeWriter } from './attributes.ts';
import { LITTLE, viewOf, wordOf, words } from './host.ts';
import { familyName, familyOf, type InetFamily, ipBytes, ipOf } from './inet.ts';
import { split } from './message.ts';
import { AF } from './numbers.ts';
import { type RouteScope, RT_SCOPE } from './route.ts';

/** sizeof(struct ifaddrmsg) */
export const IFADDRMSG_SIZE = 8;

/** IFA_… */
export const IFA = {
  ADDRESS: 1,
  LOCAL: 2,
  LABEL: 3,
  BROADCAST: 4,
  CACHEINFO: 6,
  FLAGS: 8,
  RT_PRIORITY: 9,
} as const;

/** IFA_F_…; the first is SECONDARY for IPv4. */
export const IFA_F = {
  TEMPORARY: 0x1,
  NODAD: 0x2,
  OPTIMISTIC: 0x4,
  DADFAILED: 0x8,
  HOMEADDRESS: 0x10,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
  PERMANENT: 0x80,
  MANAGETEMPADDR: 0x100,
  NOPREFIXROUTE: 0x200,
  MCAUTOJOIN: 0x400,
  STABLE_PRIVACY: 0x800,
} as const;

export type AddressFlag = keyof typeof IFA_F | 'SECONDARY';

/** An address that an interface has. */
export interface InterfaceAddress {
  readonly family: InetFamily | number;
  readonly interfaceIndex: number;
  readonly address: string;
  readonly prefixLength: number;
  /** The other end, on links of two ends. */
  readonly peer: string | undefined;
  readonly broadcast: string | undefined;
  /** IPv4 has one: the interface's name, or one that begins so. */
  readonly label: string | undefined;
  readonly scope: RouteScope | number;
  readonly flags: readonly (AddressFlag | `0x${string}`)[];
  /** Seconds that it is used for new connections, and that it is there; Infinity for ever. */
  readonly preferredLifetime: number;
  readonly validLifetime: number;
}

const FOR_EVER = 0xffffffff;
const lifetime = (seconds: number): number => (seconds === FOR_EVER ? Number.POSITIVE_INFINITY : seconds);

/**
 * Reads the body of an RTM_NEWADDR or RTM_DELADDR.
 * @throws MalformedNetlinkError
 */
export function decodeInterfaceAddress(body: Uint8Array): InterfaceAddress {
  const [header, attributes] = split(body, IFADDRMSG_SIZE, 'ifaddrmsg');
  const family = header.getUint8(0);
  const address = ipOf(attributes, IFA.ADDRESS);
  const local = ipOf(attributes, IFA.LOCAL);
  const cache = attributes.bytes(IFA.CACHEINFO, 16);
  const flags = words(IFA_F, attributes.u32(IFA.FLAGS) ?? header.getUint8(2));
  return {
    family: familyName(family),
    interfaceIndex: header.getUint32(4, LITTLE),
    address: local ?? address ?? '',
    prefixLength: header.getUint8(1),
    peer: local === undefined || local === address ? undefined : address,
    broadcast: ipOf(attributes, IFA.BROADCAST),
    label: attributes.text(IFA.LABEL),
    scope: wordOf(RT_SCOPE, header.getUint8(3)),
    flags: family === AF.INET ? flags.map((flag) => (flag === 'TEMPORARY' ? 'SECONDARY' : flag)) : flags,
    preferredLifetime: lifetime(cache === undefined ? FOR_EVER : viewOf(cache).getUint32(0, LITTLE)),
    validLifetime: lifetime(cache === undefined ? FOR_EVER : viewOf(cache).getUint32(4, LITTLE)),
  };
}

/** An address to be given to an interface, or taken from it. */
export interface InterfaceAddressFields {
  readonly address: IPAddress;
  readonly prefixLength: number;
  readonly peer?: IPAddress | undefined;
  /** IPv4 alone. */
  readonly broadcast?: IPAddress | undefined;
  readonly label?: string | undefined;
  /** Default `universe`; the kernel finds IPv6's itself. */
  readonly scope?: RouteScope | undefined;
  readonly flags?: readonly AddressFlag[] | undefined;
  /** Whole seconds; Infinity, as by default, for ever. */
  readonly preferredLifetime?: number | undefined;
  readonly validLifetime?: number | undefined;
}

function seconds(argument: string, value: number): number {
  return value === Number.POSITIVE_INFINITY ? FOR_EVER : checkInteger(argument, value, 0, FOR_EVER - 1);
}

/**
 * The body of an RTM_NEWADDR or RTM_DELADDR.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE, ParseError
 */
export function encodeInterfaceAddress(interfaceIndex: number, fields: InterfaceAddressFields): Uint8Array {
  checkObject('address', fields);
  const own = parseIP(fields.address);
  const family = familyOf(own);
  const { scope = 'universe', flags = [], peer, broadcast, label } = fields;
  if (!(scope in RT_SCOPE)) throw wrongValue('scope', Object.keys(RT_SCOPE).join(', '), scope);
  const header = new Uint8Array(IFADDRMSG_SIZE);
  header[0] = family;
  header[1] = checkInteger('prefixLength', fields.prefixLength, 0, own.length * 8);
  header[3] = RT_SCOPE[scope];
  viewOf(header).setUint32(4, checkUint('interfaceIndex', interfaceIndex, 31), LITTLE);
  const out = new AttributeWriter().struct(header).data(IFA.LOCAL, own);
  out.data(IFA.ADDRESS, peer === undefined ? own : ipBytes('peer', peer, family));
  if (broadcast !== undefined) out.data(IFA.BROADCAST, ipBytes('broadcast', broadcast, family));
  if (label !== undefined) out.text(IFA.LABEL, checkString('label', label));
  if (flags.length > 0) {
    let bits = 0;
    for (const flag of flags) {
      const bit = flag === 'SECONDARY' ? IFA_F.TEMPORARY : IFA_F[flag];
      if (bit === undefined) throw wrongValue('flags', Object.keys(IFA_F).join(', '), flag);
      bits |= bit;
    }
    out.u32(IFA.FLAGS, bits);
  }
  const { preferredLifetime, validLifetime } = fields;
  if (preferredLifetime !== undefined || validLifetime !== undefined) {
    const valid = seconds('validLifetime', validLifetime ?? Number.POSITIVE_INFINITY);
    const preferred = seconds(
      'preferredLifetime',
      preferredLifetime ?? validLifetime ?? Number.POSITIVE_INFINITY,
    );
    out.data(IFA.CACHEINFO, new Uint8Array(Uint32Array.of(preferred, valid, 0, 0).buffer));
  }
  return out.bytes();
}

/** The body of a dump of addresses; 0 for all interfaces. */
export function encodeInterfaceAddressQuery(family: number, interfaceIndex: number): Uint8Array {
  const header = new Uint8Array(IFADDRMSG_SIZE);
  header[0] = family;
  viewOf(header).setUint32(4, interfaceIndex, LITTLE);
  return header;
}
