/** Options of TIPC, level SOL_TIPC: linux/tipc.h. */
import { COUNT, checkBoolean, checkObject, checkWord, FLAG, INT, type Writer, words } from './codec.ts';
import {
  type Command,
  command,
  type Gettable,
  gettable,
  type Option,
  option,
  type Settable,
  settable,
} from './option.ts';
import { encode } from './struct.ts';

const page = 'linux/tipc.h';

/** How much a message matters: `TIPC_…_IMPORTANCE`. */
export type TipcImportance = 'low' | 'medium' | 'high' | 'critical';
/** How much what is sent matters: of less, fewer may wait for a receiver. */
export const tipcImportance: Option<TipcImportance | number> = /* @__PURE__ */ option(
  'SOL_TIPC',
  'TIPC_IMPORTANCE',
  /* @__PURE__ */ words<TipcImportance>('low', 'medium', 'high', 'critical'),
  { since: '2.6.16', page },
);
/** Whether what is sent is dropped when the link is congested, and not held back. */
export const tipcSourceDroppable: Option<boolean> = /* @__PURE__ */ option(
  'SOL_TIPC',
  'TIPC_SRC_DROPPABLE',
  FLAG,
  { since: '2.6.16', page },
);
/** Whether what cannot be delivered is dropped, and not returned. */
export const tipcDestinationDroppable: Option<boolean> = /* @__PURE__ */ option(
  'SOL_TIPC',
  'TIPC_DEST_DROPPABLE',
  FLAG,
  { since: '2.6.16', page },
);
/** How long connect may take. */
export const tipcConnectTimeout: Option<number> = /* @__PURE__ */ option(
  'SOL_TIPC',
  'TIPC_CONN_TIMEOUT',
  COUNT,
  {
    unit: 'ms',
    since: '2.6.16',
    page,
  },
);
/** Messages that wait on all sockets of this node: 0 on kernels that no longer count them. */
export const tipcNodeReceiveQueueDepth: Gettable<number> = /* @__PURE__ */ gettable(
  'SOL_TIPC',
  'TIPC_NODE_RECVQ_DEPTH',
  INT,
  { unit: 'messages', page },
);
/** Messages that wait on this socket. */
export const tipcReceiveQueueDepth: Gettable<number> = /* @__PURE__ */ gettable(
  'SOL_TIPC',
  'TIPC_SOCK_RECVQ_DEPTH',
  INT,
  { unit: 'messages', page },
);
/** How much of the socket's memory waits. */
export const tipcReceiveQueueUsed: Gettable<number> = /* @__PURE__ */ gettable(
  'SOL_TIPC',
  'TIPC_SOCK_RECVQ_USED',
  INT,
  { unit: 'bytes', since: '5.1', page },
);
/** Whether small messages of a stream go out at once. */
export const tipcNoDelay: Option<boolean> = /* @__PURE__ */ option('SOL_TIPC', 'TIPC_NODELAY', FLAG, {
  since: '5.5',
  page,
});
/** Multicast goes out as broadcast from now on. */
export const tipcMulticastBroadcast: Command = /* @__PURE__ */ command('SOL_TIPC', 'TIPC_MCAST_BROADCAST', {
  since: '4.11',
  page,
});
/** Multicast goes out as a copy for each receiver from now on. */
export const tipcMulticastReplicast: Command = /* @__PURE__ */ command('SOL_TIPC', 'TIPC_MCAST_REPLICAST', {
  since: '4.11',
  page,
});

/** A group of sockets that send to each other. */
export interface TipcGroup {
  /** The group. */
  type: number;
  /** This member. */
  instance: number;
  scope: 'cluster' | 'node';
  /** Whether it gets its own messages too. */
  loopback?: boolean | undefined;
  /** Whether others' coming and going arrives as empty messages. */
  memberEvents?: boolean | undefined;
}
const GROUP_REQ = {
  type: ['u32', 0],
  instance: ['u32', 4],
  scope: ['u32', 8],
  flags: ['u32', 12],
} as const;
const SCOPES = ['cluster', 'node'] as const;
const CLUSTER_SCOPE = 2;
const LOOPBACK = 1;
const MEMBER_EVENTS = 2;
const GROUP: Writer<TipcGroup> = {
  type: 'struct tipc_group_req',
  set: (socket, level, name, value) => {
    const { type, instance, scope, loopback = false, memberEvents = false } = checkObject('value', value);
    const flags =
      (checkBoolean('value.loopback', loopback) ? LOOPBACK : 0) |
      (checkBoolean('value.memberEvents', memberEvents) ? MEMBER_EVENTS : 0);
    const number = CLUSTER_SCOPE + SCOPES.indexOf(checkWord('value.scope', scope, SCOPES));
    // `type` and `instance` are checked as they are written.
    const laid = { type, instance, scope: number, flags };
    socket.setsockopt(level, name, encode(GROUP_REQ, 16, 'value', laid));
  },
};
/** Joins a group. */
export const tipcJoinGroup: Settable<TipcGroup> = /* @__PURE__ */ settable(
  'SOL_TIPC',
  'TIPC_GROUP_JOIN',
  GROUP,
  {
    since: '4.15',
    page,
  },
);
/** Leaves the group. */
export const tipcLeaveGroup: Command = /* @__PURE__ */ command('SOL_TIPC', 'TIPC_GROUP_LEAVE', {
  since: '4.15',
  page,
});
