import { native } from '../binding.ts';
import { constants } from '../constants.ts';
import { inetAddress, inetSize } from '../layout/inet.ts';
import { shownAddress } from '../shown.ts';
import { capability, type Failure } from './failure.ts';
import { takenHint } from './port.ts';
import { proc } from './proc.ts';
import { routeHint } from './route.ts';

/** Ports below this are privileged unless `net.ipv4.ip_unprivileged_port_start` says otherwise; ip(7). */
const UNPRIVILEGED = 1024;

function privileged(port: number): string | undefined {
  const limit = Number(proc('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? UNPRIVILEGED);
  if (port >= limit) return undefined;
  const rights = capability('CAP_NET_BIND_SERVICE');
  return `ports below ${limit} are privileged: ${rights}, or "sudo sysctl net.ipv4.ip_unprivileged_port_start=${port}"`;
}

/** The addresses of a family that this process's namespace has. */
function existing(family: number): string {
  const lines = native.getifaddrs();
  const addresses = typeof lines === 'number' ? [] : lines.map(({ address }) => address);
  const hosts = addresses
    .filter((address) => address !== undefined && inetAddress(address)?.family === family)
    .map((address) => shownAddress((address as Buffer).subarray(0, inetSize(family))));
  return hosts.length === 0 ? 'none of this family' : hosts.join(', ');
}

/** What bind(2) said of an address. */
function bindHint(failure: Failure, address: Uint8Array, port: number): string | undefined {
  switch (failure.code) {
    case 'EACCES':
      return privileged(port);
    case 'EADDRINUSE':
      return takenHint(failure, port);
    case 'EADDRNOTAVAIL': {
      if (failure.foreign === true) return `no interface of its namespace has ${shownAddress(address)}`;
      return `no interface has ${shownAddress(address)}; there are ${existing(failure.family)} (or set IP_FREEBIND)`;
    }
    default:
      return undefined;
  }
}

/** What connect(2) or a send said of where it was to go. */
function towardsHint({ code, syscall, type, foreign }: Failure): string | undefined {
  if (code === 'EACCES') {
    return type === constants.SOCK_DGRAM || type === constants.SOCK_RAW
      ? 'a broadcast address takes the option SO_BROADCAST; otherwise a route prohibits it'
      : undefined;
  }
  if (code === 'EPERM') return 'a rule of the firewall refuses it: "sudo nft list ruleset" shows them';
  if (code === 'EADDRNOTAVAIL' && syscall === 'connect') {
    const range = foreign === true ? undefined : proc('/proc/sys/net/ipv4/ip_local_port_range');
    const words = range === undefined ? '' : ` (${range.trim().replace(/\s+/, ' to ')})`;
    return `every local port${words} is in use towards it, or it is no address to connect to`;
  }
  return undefined;
}

/** The scope of a link-local address is missing, without which it says nothing; ipv6(7). */
function scopeHint({ code, family, address }: Failure): string | undefined {
  if (code !== 'EINVAL' || family !== constants.AF_INET6 || address === undefined) return undefined;
  const raw = inetAddress(address)?.address;
  if (raw?.[0] !== 0xfe || ((raw[1] ?? 0) & 0xc0) !== 0x80) return undefined;
  if (new DataView(address.buffer, address.byteOffset).getUint32(24, true) !== 0) return undefined;
  const shown = shownAddress(address);
  return `a link-local address takes the interface it is on, as ${shown}%eth0 (sin6_scope_id)`;
}

/** AF_INET and AF_INET6: ip(7), ipv6(7), raw(7), tcp(7), udp(7). */
export function inetHint(failure: Failure): string | undefined {
  const { code, syscall, family, type, address } = failure;
  if (family !== constants.AF_INET && family !== constants.AF_INET6) return undefined;
  if (syscall === 'socket' && type === constants.SOCK_RAW && code === 'EPERM')
    return capability('CAP_NET_RAW');
  if (syscall === 'socket' && type === constants.SOCK_DGRAM && code === 'EACCES')
    return 'an ICMP datagram socket takes a group of net.ipv4.ping_group_range: run "sudo sysctl net.ipv4.ping_group_range=\'0 2147483647\'"';
  if (syscall === 'listen' && code === 'EADDRINUSE') return takenHint(failure, 0);
  if (syscall === 'bind' && address !== undefined && address.byteLength >= 4) {
    const port = new DataView(address.buffer, address.byteOffset).getUint16(2, false);
    return bindHint(failure, address, port) ?? scopeHint(failure);
  }
  if (syscall !== 'connect' && !syscall.startsWith('send')) return undefined;
  return routeHint(failure) ?? towardsHint(failure) ?? scopeHint(failure);
}
