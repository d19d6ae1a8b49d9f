import { type NativeInterfaceAddress, native } from './binding.ts';
import { checkInteger, checkText, wrongValue } from './check.ts';
import type { ConstantName } from './constant-names.ts';
import { constants, errnos } from './constants.ts';
import { systemError } from './errors.ts';
import { canInterfaceHint } from './hints/can.ts';
import { inetBroadcasts, inetSize } from './layout/inet.ts';
import { type Link, packetLink, packetSize } from './layout/packet.ts';
import { NETDEVICE } from './layout/unix.ts';

function existing(): string {
  const all = native.ifNameIndex();
  if (typeof all === 'number' || all.length === 0) return 'there are none';
  return `there are ${all.map(({ name }) => name).join(', ')}`;
}

/**
 * The index of a network interface: if_nametoindex(3).
 *
 * @throws SocketError ENODEV when there is none of that name
 */
export function ifNameToIndex(name: string): number {
  if (checkText('name', name) === '') throw wrongValue('name', 'an interface name', name);
  const index = native.ifNameToIndex(name);
  if (index < 0) {
    const made = canInterfaceHint(name);
    const words = `there is no interface ${name}; ${existing()}${made === undefined ? '' : `; ${made}`}`;
    throw systemError(index, 'if_nametoindex', words);
  }
  return index;
}

/**
 * The name of a network interface: if_indextoname(3).
 *
 * @throws SocketError ENXIO when there is none of that index
 */
export function ifIndexToName(index: number): string {
  const name = native.ifIndexToName(checkInteger('index', index, 0, 0xffffffff));
  if (typeof name === 'number') {
    throw systemError(name, 'if_indextoname', `there is no interface with the index ${index}; ${existing()}`);
  }
  return name;
}

/** Index and name of an interface. */
export interface InterfaceName {
  index: number;
  name: string;
}

/** Index and name of every interface of this process's network namespace, up or not: if_nameindex(3). */
export function ifNameIndex(): InterfaceName[] {
  const all = native.ifNameIndex();
  if (typeof all === 'number') throw systemError(all, 'if_nameindex');
  return all;
}

/** One address of an interface; sockaddrs all. */
export interface InterfaceAddress {
  address: Uint8Array;
  netmask: Uint8Array | undefined;
  /** On an interface with IFF_BROADCAST, where the address has one. */
  broadcast: Uint8Array | undefined;
  /** The other end, where the address has one: `ip address add ADDRESS peer PEER`. */
  peer: Uint8Array | undefined;
  /** The name that this address alone has, as `eth0:1`; mostly the interface's. */
  label: string;
}

/** What there is to know of an interface. */
export interface NetworkInterface extends InterfaceName {
  /** `constants.IFF_…` joined by `|`; netdevice(7). */
  flags: number;
  /** The same in words: `['IFF_UP', 'IFF_LOOPBACK', 'IFF_RUNNING', 'IFF_LOWER_UP']`. */
  flagNames: string[];
  /** Bytes; undefined when the interface went while it was asked. */
  mtu: number | undefined;
  /** `constants.ARPHRD_…`; undefined when the interface went while it was asked. */
  hardwareType: number | undefined;
  /** As long as the link layer has them, 6 bytes for Ethernet; empty for none. */
  hardwareAddress: Uint8Array;
  addresses: InterfaceAddress[];
}

/** The flags of netdevice(7); those of tun.h have the same prefix and the same numbers. */
const FLAGS = [
  'IFF_UP',
  'IFF_BROADCAST',
  'IFF_DEBUG',
  'IFF_LOOPBACK',
  'IFF_POINTOPOINT',
  'IFF_NOTRAILERS',
  'IFF_RUNNING',
  'IFF_NOARP',
  'IFF_PROMISC',
  'IFF_ALLMULTI',
  'IFF_MASTER',
  'IFF_SLAVE',
  'IFF_MULTICAST',
  'IFF_PORTSEL',
  'IFF_AUTOMEDIA',
  'IFF_DYNAMIC',
  'IFF_LOWER_UP',
  'IFF_DORMANT',
  'IFF_ECHO',
] as const satisfies readonly ConstantName[];

/** As much of the bytes as the address's family has. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const family = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, true);
  return bytes.slice(0, inetSize(family) ?? packetSize(bytes) ?? bytes.byteLength);
}

function optional(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : trimmed(bytes);
}

function addressOf(line: NativeInterfaceAddress, bytes: Uint8Array): InterfaceAddress {
  const address = trimmed(bytes);
  const netmask = optional(line.netmask);
  const other = optional(line.other);
  // glibc repeats the address where there is neither a broadcast address nor a peer.
  const known = other !== undefined && Buffer.compare(other, address) !== 0;
  const broadcasts = (line.flags & constants.IFF_BROADCAST) !== 0 && known && inetBroadcasts(other, netmask);
  return {
    address,
    netmask,
    broadcast: broadcasts ? other : undefined,
    peer: known && !broadcasts ? other : undefined,
    label: line.name,
  };
}

/** `struct ifreq`: IFNAMSIZ bytes of name, then the answer. */
const IFREQ = 40;
const IFNAMSIZ = 16;

const out: Int32Array = new Int32Array(2);

/** MTUs, and hardware types where no address told: ioctl(2), for which a socket of any family does; netdevice(7). */
function askDevices(all: NetworkInterface[]): void {
  const opened = native.socket(...NETDEVICE, 0, out);
  if (opened < 0) throw systemError(opened, 'socket');
  const [slot = 0, generation = 0] = out;
  const ask = (name: string, request: number): Buffer | undefined => {
    const ifreq = Buffer.alloc(IFREQ);
    ifreq.write(name, 0, IFNAMSIZ - 1);
    const result = native.ioctl(slot, generation, request, ifreq);
    if (result >= 0) return ifreq.subarray(IFNAMSIZ);
    if (result === -errnos.ENODEV) return undefined;
    throw systemError(result, 'ioctl');
  };
  try {
    for (const one of all) {
      one.mtu = ask(one.name, constants.SIOCGIFMTU)?.readInt32LE(0);
      one.hardwareType ??= ask(one.name, constants.SIOCGIFHWADDR)?.readUInt16LE(0);
    }
  } finally {
    native.close(slot, generation);
  }
}

/**
 * Every interface of this process's network namespace, up or not, with or without addresses, in the kernel's order:
 * getifaddrs(3), ioctl(2) SIOCGIFMTU and SIOCGIFHWADDR.
 *
 * @throws SocketError EMFILE, ENOBUFS …
 */
export function interfaces(): NetworkInterface[] {
  const lines = native.getifaddrs();
  if (typeof lines === 'number') throw systemError(lines, 'getifaddrs');
  const all = new Map<string, NetworkInterface>();
  for (const line of lines) {
    // What follows a colon is an address's label, never part of an interface's name.
    const [name = ''] = line.name.split(':');
    const link: Link | undefined = line.address === undefined ? undefined : packetLink(line.address);
    let one = all.get(name);
    if (one === undefined) {
      one = {
        index: 0,
        name,
        flags: line.flags,
        flagNames: FLAGS.filter((flag) => (line.flags & constants[flag]) !== 0),
        mtu: undefined,
        hardwareType: undefined,
        hardwareAddress: new Uint8Array(0),
        addresses: [],
      };
      all.set(name, one);
    }
    if (link !== undefined) Object.assign(one, link);
    else if (line.address !== undefined) one.addresses.push(addressOf(line, line.address));
  }
  const found = [...all.values()];
  askDevices(found);
  for (const one of found) if (one.index === 0) one.index = Math.max(0, native.ifNameToIndex(one.name));
  return found;
}
