import { type Kind, uint } from './kinds.ts';

/** NETLINK_… of linux/netlink.h by number; FreeBSD's numbers are the same. */
const NAMES: readonly string[] =
  'route,,usersock,firewall,sock_diag,nflog,xfrm,selinux,iscsi,audit,fib_lookup,connector,netfilter,ip6_fw,dnrtmsg,kobject_uevent,generic,,scsitransport,ecryptfs,rdma,crypto,smc'.split(
    ',',
  );

const number = uint(4, undefined, false, 0x7fffffff);

/** The protocol of a netlink socket, which its addresses do not have: undefined where nobody told. */
export const netlinkProtocol: Kind = {
  ...number,
  check: (argument, value) => (value === undefined ? undefined : number.check(argument, value)),
  get: (_b, _at, _big, _end, protocol) => protocol,
  put: (_b, at) => at,
  scan(text, start, end, _what, options) {
    if (start === end) return undefined;
    const name = text.slice(start, Math.min(end, start + 20));
    const known = NAMES.indexOf(name);
    return known >= 0 ? known : number.scan(text, start, end, 'a netlink protocol', options);
  },
  show: (value) => (value === undefined ? '' : NAMES[value as number] || String(value)),
};
