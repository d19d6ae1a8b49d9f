import { type Kind, uint } from './kinds.ts';
import { readNumber } from './text.ts';

/** NETLINK_… of linux/netlink.h by number; FreeBSD's numbers are the same. */
const NAMES: readonly string[] =
  'route,,usersock,firewall,sock_diag,nflog,xfrm,selinux,iscsi,audit,fib_lookup,connector,netfilter,ip6_fw,dnrtmsg,kobject_uevent,generic,,scsitransport,ecryptfs,rdma,crypto,smc'.split(
    ',',
  );

const MAX = 0x7fffffff;
const number = uint(4, undefined, false, MAX);

/** The protocol of a netlink socket, which its addresses do not have: undefined where nobody told. */
export const netlinkProtocol: Kind = {
  ...number,
  check: (argument, value) => (value === undefined ? undefined : number.check(argument, value)),
  get: (_b, _at, _big, _end, protocol) => protocol,
  put: (_b, at) => at,
  scan(part, fail) {
    if (part === '') return undefined;
    const known = NAMES.indexOf(part);
    return known >= 0 ? known : readNumber(part, fail, MAX, 'a netlink protocol');
  },
  show: (value) => (value === undefined ? '' : NAMES[value as number] || String(value)),
};
