/** Which module of Linux brings a family or a protocol; modinfo(8), their aliases net-pf-N and net-pf-N-proto-N. */
import { constants as c } from '../constants.ts';
import { capability, type Failure } from './failure.ts';

const FAMILIES: ReadonlyMap<number, string> = new Map([
  [c.AF_ALG, 'af_alg'],
  [c.AF_APPLETALK, 'appletalk'],
  [c.AF_AX25, 'ax25'],
  [c.AF_BLUETOOTH, 'bluetooth'],
  [c.AF_CAIF, 'caif_socket'],
  [c.AF_IEEE802154, 'ieee802154_socket'],
  [c.AF_KEY, 'af_key'],
  [c.AF_LLC, 'llc2'],
  [c.AF_NETROM, 'netrom'],
  [c.AF_NFC, 'nfc'],
  [c.AF_PACKET, 'af_packet'],
  [c.AF_PHONET, 'phonet'],
  [c.AF_PPPOX, 'pppox'],
  [c.AF_RDS, 'rds'],
  [c.AF_ROSE, 'rose'],
  [c.AF_RXRPC, 'rxrpc'],
  [c.AF_TIPC, 'tipc'],
  [c.AF_VSOCK, 'vsock'],
  [c.AF_X25, 'x25'],
]);

/** Protocols of AF_INET and AF_INET6 that a module brings. */
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [c.IPPROTO_SCTP, 'sctp'],
  [c.IPPROTO_DCCP, 'dccp_ipv4'],
  [115, 'l2tp_ip'],
]);

/** Families whose sockets take a capability to be made. */
const CAPABILITIES: ReadonlyMap<number, string> = new Map([
  [c.AF_KEY, 'CAP_NET_ADMIN'],
  [c.AF_XDP, 'CAP_NET_RAW'],
  [c.AF_BLUETOOTH, 'CAP_NET_RAW'],
]);

function load(module: string): string {
  return `this kernel has no ${module} loaded: run "sudo modprobe ${module}"; where there is no such module, the kernel was built without it`;
}

/** EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT and EPERM of socket(2), where the family's own table says nothing. */
export function moduleHint({ code, syscall, family, protocol }: Failure): string | undefined {
  if (syscall !== 'socket' && syscall !== 'socketpair') return undefined;
  if (code === 'EPERM') {
    const name = CAPABILITIES.get(family);
    return name === undefined ? undefined : capability(name);
  }
  if (code !== 'EAFNOSUPPORT' && code !== 'EPROTONOSUPPORT' && code !== 'ESOCKTNOSUPPORT') return undefined;
  if (family === c.AF_INET || family === c.AF_INET6) {
    if (code === 'EAFNOSUPPORT') {
      return 'this kernel has no IPv6: it was started with ipv6.disable=1 or built without';
    }
    if (protocol === c.IPPROTO_MPTCP) {
      return 'Multipath TCP came with Linux 5.6 (CONFIG_MPTCP), and "sudo sysctl net.mptcp.enabled=1" allows it';
    }
    const module = PROTOCOLS.get(protocol);
    return module === undefined ? 'this type has no such protocol: 0 takes the type’s own' : load(module);
  }
  const module = FAMILIES.get(family);
  return code !== 'EAFNOSUPPORT' || module === undefined ? undefined : load(module);
}
