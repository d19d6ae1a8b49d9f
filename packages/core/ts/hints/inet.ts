import { constants } from '../constants.ts';
import { capability, type Failure } from './failure.ts';

/** Ports below this are privileged unless `net.ipv4.ip_unprivileged_port_start` says otherwise; ip(7). */
const UNPRIVILEGED = 1024;

/** AF_INET and AF_INET6: raw sockets and low ports, ip(7), raw(7). */
export function inetHint({ code, syscall, family, type, address }: Failure): string | undefined {
  if (family !== constants.AF_INET && family !== constants.AF_INET6) return undefined;
  if (syscall === 'socket' && type === constants.SOCK_RAW && code === 'EPERM')
    return capability('CAP_NET_RAW');
  if (syscall === 'bind' && code === 'EACCES' && address !== undefined && address.byteLength >= 4) {
    const port = new DataView(address.buffer, address.byteOffset).getUint16(2, false);
    if (port < UNPRIVILEGED) return capability('CAP_NET_BIND_SERVICE');
  }
  if (code === 'EADDRINUSE')
    return 'another socket has this address; SO_REUSEADDR takes one whose connections are closing';
  return undefined;
}
