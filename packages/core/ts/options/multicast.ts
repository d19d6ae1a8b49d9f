/**
 * Multicast: memberships by interface index, from any source and from some (RFC 3678), and how what is sent goes out. A
 * membership's level is that of its group: an address of AF_INET or of AF_INET6, as a sockaddr or a value of @sockeye/addr.
 */
import { type Address, sockaddr } from '../address.ts';
import { checkInteger, wrongType, wrongValue } from '../check.ts';
import type { ConstantName } from '../constant-names.ts';
import { constants } from '../constants.ts';
import { ANSWER, formsOf } from '../sockopt.ts';
import { bytes, checkObject, checkWord, FLAG, int, type Writer } from './codec.ts';
import {
  type Askable,
  type Asker,
  askableSettable,
  type Option,
  option,
  type Settable,
  settable,
} from './option.ts';
import { viewOf } from './struct.ts';

const LEVELS: readonly ConstantName[] = ['IPPROTO_IP', 'IPPROTO_IPV6'];
const page = 'RFC 3678';

/** A group, and the interface to be in it by. */
export interface Group {
  /** The group's address; its port is not looked at. */
  group: Address;
  /** 0, or nothing, is the one that the group's route has. */
  interfaceIndex?: number | undefined;
}

/** A group, and one of those that send to it. */
export interface GroupSource extends Group {
  /** The sender's address, of the same family. */
  source: Address;
}

/** Whose messages to a group are taken. */
export interface GroupFilter extends Group {
  /** `include`: those of the sources alone; `exclude`: all but theirs. */
  mode: 'include' | 'exclude';
  sources: readonly Address[];
}

/** `sizeof(struct sockaddr_storage)`, and where it stands behind an interface index: it is aligned to 8. */
const STORAGE = 128;
const GROUP = 8;
const SOURCE: number = GROUP + STORAGE;
/** `sizeof(struct group_req)`, `sizeof(struct group_source_req)`. */
const GROUP_SIZE: number = GROUP + STORAGE;
const SOURCE_SIZE: number = SOURCE + STORAGE;
/** `struct group_filter`: mode and number of sources behind the group, then the sources. */
const MODE: number = GROUP + STORAGE;
const COUNT: number = MODE + 4;
const SOURCES: number = COUNT + 4;
/** The fewest and the most sources that are asked for at once; sysctl net.ipv4.igmp_max_msf and its twin limit them. */
const FIRST_SOURCES = 16;
const MOST_SOURCES = 0x8000;

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

const sizeOf = (family: number): number | undefined =>
  family === constants.AF_INET ? 16 : family === constants.AF_INET6 ? 28 : undefined;

/** The family in front of a sockaddr. */
function familyOf(bytes: Uint8Array): number {
  return bytes.length < 2 ? -1 : viewOf(bytes).getUint16(0, LITTLE_ENDIAN);
}

/** A sockaddr of IPv4 or IPv6 as bytes; `family` is what it has to be, where that is known. */
function internet(argument: string, address: Address, family?: number): Uint8Array {
  if (address === null || (typeof address !== 'object' && typeof address !== 'function'))
    throw wrongType(argument, 'a Uint8Array with a sockaddr, or a value with toSockaddr()', address);
  const given = sockaddr(address);
  const its = familyOf(given);
  const size = sizeOf(its);
  if (size === undefined || given.length < size)
    throw wrongValue(argument, 'an address of AF_INET (16 bytes) or AF_INET6 (28 bytes)', address);
  if (family !== undefined && its !== family)
    throw wrongValue(argument, `an address of family ${family}, as the group's`, address);
  return given.subarray(0, size);
}

/** Lays interface and group, and says of which family it is. */
function lay(argument: string, value: Group, size: number): { bytes: Uint8Array; family: number } {
  const { group, interfaceIndex = 0 } = checkObject(argument, value);
  const laid = new Uint8Array(size);
  const address = internet(`${argument}.group`, group);
  const index = checkInteger(`${argument}.interfaceIndex`, interfaceIndex, 0, 0x7fffffff);
  viewOf(laid).setUint32(0, index, LITTLE_ENDIAN);
  laid.set(address, GROUP);
  return { bytes: laid, family: familyOf(address) };
}

function levelOf(family: number): number {
  return family === constants.AF_INET ? constants.IPPROTO_IP : constants.IPPROTO_IPV6;
}

const GROUP_REQ: Writer<Group> = {
  type: 'struct group_req',
  set: (socket, _, name, value) => {
    const { bytes, family } = lay('value', value, GROUP_SIZE);
    socket.setsockopt(levelOf(family), name, bytes);
  },
};

const GROUP_SOURCE_REQ: Writer<GroupSource> = {
  type: 'struct group_source_req',
  set: (socket, _, name, value) => {
    const { bytes, family } = lay('value', value, SOURCE_SIZE);
    bytes.set(internet('value.source', value.source, family), SOURCE);
    socket.setsockopt(levelOf(family), name, bytes);
  },
};

const GROUP_FILTER: Asker<GroupFilter, Group> & Writer<GroupFilter> = {
  type: 'struct group_filter',
  ask: (socket, _, name, question) => {
    for (let room = FIRST_SOURCES; ; ) {
      const { bytes, family } = lay('question', question, SOURCES + room * STORAGE);
      const view = viewOf(bytes);
      view.setUint32(COUNT, room, LITTLE_ENDIAN);
      formsOf(socket)[ANSWER](levelOf(family), name, bytes);
      // How many there are, which may be more than there was room for.
      const count = view.getUint32(COUNT, LITTLE_ENDIAN);
      if (count > room) {
        room = Math.min(count, MOST_SOURCES);
        continue;
      }
      const size = sizeOf(family) as number;
      const at = (index: number): number => SOURCES + index * STORAGE;
      return {
        group: bytes.slice(GROUP, GROUP + size),
        interfaceIndex: view.getUint32(0, LITTLE_ENDIAN),
        mode: view.getUint32(MODE, LITTLE_ENDIAN) === constants.MCAST_INCLUDE ? 'include' : 'exclude',
        sources: Array.from({ length: count }, (_, index) => bytes.slice(at(index), at(index) + size)),
      };
    }
  },
  set: (socket, _, name, value) => {
    const { mode, sources } = checkObject('value', value);
    if (!Array.isArray(sources)) throw wrongType('value.sources', 'an array of addresses', sources);
    checkInteger('value.sources.length', sources.length, 0, MOST_SOURCES);
    const { bytes, family } = lay('value', value, SOURCES + sources.length * STORAGE);
    const view = viewOf(bytes);
    const include = checkWord('value.mode', mode, ['include', 'exclude']) === 'include';
    view.setUint32(MODE, include ? constants.MCAST_INCLUDE : constants.MCAST_EXCLUDE, LITTLE_ENDIAN);
    view.setUint32(COUNT, sources.length, LITTLE_ENDIAN);
    for (const [index, source] of sources.entries())
      bytes.set(internet(`value.sources[${index}]`, source, family), SOURCES + index * STORAGE);
    socket.setsockopt(levelOf(family), name, bytes);
  },
};

/** Joins a group, whoever sends to it. EADDRINUSE when it is in already, ENODEV when no interface is that. */
export const joinGroup: Settable<Group> = /* @__PURE__ */ settable(LEVELS, 'MCAST_JOIN_GROUP', GROUP_REQ, {
  page,
});
/** Leaves a group. EADDRNOTAVAIL when it is not in it. */
export const leaveGroup: Settable<Group> = /* @__PURE__ */ settable(LEVELS, 'MCAST_LEAVE_GROUP', GROUP_REQ, {
  page,
});
/** Joins a group for what one source sends; again for another. */
export const joinSource: Settable<GroupSource> = /* @__PURE__ */ settable(
  LEVELS,
  'MCAST_JOIN_SOURCE_GROUP',
  GROUP_SOURCE_REQ,
  { page },
);
/** Takes back {@link joinSource}; with the last source it leaves the group. */
export const leaveSource: Settable<GroupSource> = /* @__PURE__ */ settable(
  LEVELS,
  'MCAST_LEAVE_SOURCE_GROUP',
  GROUP_SOURCE_REQ,
  { page },
);
/** Takes nothing more of one source to a group that was joined by {@link joinGroup}. */
export const blockSource: Settable<GroupSource> = /* @__PURE__ */ settable(
  LEVELS,
  'MCAST_BLOCK_SOURCE',
  GROUP_SOURCE_REQ,
  { page },
);
/** Takes back {@link blockSource}. */
export const unblockSource: Settable<GroupSource> = /* @__PURE__ */ settable(
  LEVELS,
  'MCAST_UNBLOCK_SOURCE',
  GROUP_SOURCE_REQ,
  { page },
);
/** All sources of a group that was joined, at once; read for one group and interface. */
export const groupFilter: Askable<GroupFilter, Group> & Settable<GroupFilter> =
  /* @__PURE__ */ askableSettable(LEVELS, 'MCAST_MSFILTER', GROUP_FILTER, { page });

/** Whether it gets what comes to any group that some socket of this machine joined: on at first. Off, only its own groups'. */
export const ipMulticastAll: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_MULTICAST_ALL',
  FLAG,
  {
    since: '2.6.31',
    page: 'ip(7)',
  },
);
/** Whether what is sent comes back to this machine's members. */
export const ipMulticastLoop: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_MULTICAST_LOOP',
  FLAG,
  { page: 'ip(7)' },
);
/** Hops that what is sent may take: 1 at first, -1 is that. */
export const ipMulticastTtl: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_MULTICAST_TTL',
  /* @__PURE__ */ int(-1, 255),
  { unit: 'hops', page: 'ip(7)' },
);
/** `struct ip_mreqn`: group, address, index. */
const MREQN_SIZE = 12;
const MREQN_INDEX = 8;
const MREQN: Writer<number> = {
  type: 'struct ip_mreqn',
  set: (socket, level, name, value) => {
    const laid = new Uint8Array(MREQN_SIZE);
    viewOf(laid).setInt32(MREQN_INDEX, checkInteger('value', value, 0, 0x7fffffff), LITTLE_ENDIAN);
    socket.setsockopt(level, name, laid);
  },
};
/** The interface that what is sent goes out by; 0 for the route's. The kernel does not tell it: see {@link ipMulticastAddress}. */
export const ipMulticastInterface: Settable<number> = /* @__PURE__ */ settable(
  'IPPROTO_IP',
  'IP_MULTICAST_IF',
  MREQN,
  { unit: 'interface index', page: 'ip(7)' },
);
/** As {@link ipMulticastInterface}, by the interface's own address of 4 bytes; reads as what was set so, else 0.0.0.0. */
export const ipMulticastAddress: Option<Uint8Array> = /* @__PURE__ */ option(
  'IPPROTO_IP',
  'IP_MULTICAST_IF',
  /* @__PURE__ */ bytes(4),
  { page: 'ip(7)' },
);

/** As {@link ipMulticastAll}. */
export const ipv6MulticastAll: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_MULTICAST_ALL',
  FLAG,
  { since: '4.20', page: 'linux/in6.h' },
);
/** As {@link ipMulticastLoop}. */
export const ipv6MulticastLoop: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_MULTICAST_LOOP',
  FLAG,
  { page: 'ipv6(7)' },
);
/** As {@link ipMulticastTtl}. */
export const ipv6MulticastHops: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_MULTICAST_HOPS',
  /* @__PURE__ */ int(-1, 255),
  { unit: 'hops', page: 'ipv6(7)' },
);
/** The interface that what is sent goes out by; 0 for the route's. */
export const ipv6MulticastInterface: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_IPV6',
  'IPV6_MULTICAST_IF',
  /* @__PURE__ */ int(0),
  { unit: 'interface index', page: 'ipv6(7)' },
);
