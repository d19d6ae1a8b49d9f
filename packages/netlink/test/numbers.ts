import * as can from '../src/can.ts';
import * as gateway from '../src/can-gateway.ts';
import * as ack from '../src/extended-ack.ts';
import * as generic from '../src/generic.ts';
import * as address from '../src/interface-address.ts';
import * as link from '../src/link.ts';
import * as message from '../src/message.ts';
import * as neighbour from '../src/neighbour.ts';
import { AF, RTM, RTNLGRP } from '../src/numbers.ts';
import * as route from '../src/route.ts';
import * as diag from '../src/sock-diag.ts';

/** `rtoMin` as RTO_MIN, `3Samples` as it is. */
const upper = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** Names of ours that are not the header's. */
const OTHER: Readonly<Record<string, string>> = {
  CAN_CTRLMODE_LISTEN_ONLY: 'CAN_CTRLMODE_LISTENONLY',
  CAN_CTRLMODE_TRIPLE_SAMPLING: 'CAN_CTRLMODE_3_SAMPLES',
  CAN_CTRLMODE_CC_LEN8_DLC: 'CAN_CTRLMODE_CC_LEN8_DLC',
};

const TABLES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  IFLA_CAN_TDC: can.IFLA_CAN_TDC,
  IFLA_CAN: can.IFLA_CAN,
  CAN_CTRLMODE: can.CAN_CTRLMODE,
  CGW: gateway.CGW,
  CGW_FLAGS_CAN: gateway.CGW_FLAGS_CAN,
  CGW_MOD: gateway.CGW_MOD,
  NLMSGERR_ATTR: ack.NLMSGERR_ATTR,
  NL_POLICY_TYPE_ATTR: ack.NL_POLICY_TYPE_ATTR,
  NL_ATTR_TYPE: ack.NL_ATTR_TYPE,
  CTRL_CMD: generic.CTRL_CMD,
  CTRL_ATTR: generic.CTRL_ATTR,
  CTRL_ATTR_OP: generic.CTRL_ATTR_OP,
  CTRL_ATTR_MCAST_GRP: generic.CTRL_ATTR_MCAST_GRP,
  IFA: address.IFA,
  IFA_F: address.IFA_F,
  IFLA: link.IFLA,
  IFLA_INFO: link.IFLA_INFO,
  IFF: link.IFF,
  NDA: neighbour.NDA,
  NUD: neighbour.NUD,
  NTF: neighbour.NTF,
  AF,
  RTM,
  RTNLGRP,
  RTA: route.RTA,
  RTN: route.RTN,
  RT_SCOPE: route.RT_SCOPE,
  RTPROT: route.RTPROT,
  RTNH_F: route.RTNH_F,
  RTAX: route.RTAX,
  INET_DIAG: diag.INET_DIAG,
  UNIX_DIAG: diag.UNIX_DIAG,
  PACKET_DIAG: diag.PACKET_DIAG,
};

const SINGLE: Readonly<Record<string, unknown>> = {
  ...message,
  VETH_INFO_PEER: link.VETH_INFO_PEER,
  VXCAN_INFO_PEER: link.VETH_INFO_PEER,
  IFLA_CAN_CTRLMODE_SUPPORTED: can.IFLA_CAN_CTRLMODE_SUPPORTED,
  CGW_TYPE_CAN_CAN: gateway.CGW_TYPE_CAN_CAN,
  GENL_ID_CTRL: generic.GENL_ID_CTRL,
  SOCK_DIAG_BY_FAMILY: diag.SOCK_DIAG_BY_FAMILY,
  SOCK_DESTROY: diag.SOCK_DESTROY,
  CAN_STATE_ERROR_ACTIVE: can.CAN_STATE['error-active'],
  CAN_STATE_ERROR_WARNING: can.CAN_STATE['error-warning'],
  CAN_STATE_ERROR_PASSIVE: can.CAN_STATE['error-passive'],
  CAN_STATE_BUS_OFF: can.CAN_STATE['bus-off'],
  CAN_STATE_STOPPED: can.CAN_STATE.stopped,
  CAN_STATE_SLEEPING: can.CAN_STATE.sleeping,
};

/** All numbers of ours, by the headers' names. */
export function ours(): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [prefix, table] of Object.entries(TABLES)) {
    for (const [name, value] of Object.entries(table)) {
      const own = `${prefix}_${upper(name).replace(/^_/, '')}`;
      // Ours are in capitals already where the table is the header's.
      const theirs = /[a-z]/.test(name) ? own : `${prefix}_${name}`;
      all[OTHER[theirs] ?? theirs] = value;
    }
  }
  for (const [name, value] of Object.entries(SINGLE)) if (typeof value === 'number') all[name] = value;
  return all;
}
