/** What a common kernel has not and the rig's virtual machine has: a facility, and a module that it goes with. */
export const FAMILIES: readonly (readonly [string, string])[] = [
  ['can-raw', 'can_raw'],
  ['tipc', 'tipc'],
  ['rds', 'rds'],
  ['sctp', 'sctp'],
  ['alg', 'algif_hash'],
  ['vsock', 'vsock_loopback'],
  ['qrtr', 'qrtr'],
  ['bluetooth', 'bluetooth'],
  ['netem', 'sch_netem'],
];
