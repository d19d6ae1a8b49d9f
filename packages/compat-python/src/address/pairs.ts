/** The families whose address is two unsigned numbers of 32 bits, which Python masks: netlink(7), vsock(7), QIPCRTR. */
import { decode as decodeNetlink, netlink } from '@sockeye/addr/netlink';
import { decode as decodeQipcrtr, qipcrtr } from '@sockeye/addr/qipcrtr';
import { decode as decodeVsock, vsock } from '@sockeye/addr/vsock';
import { constants, platform } from '@sockeye/core';
import { toUint32, typeName } from '../arguments.ts';
import { typeError } from '../errors.ts';
import type { Family } from './family.ts';
import { toTuple } from './tuple.ts';

/** AF_NETLINK: `(pid, groups)`. */
export const netlinkFamily: Family = {
  numbers: [constants.AF_NETLINK],
  to(address, { caller }) {
    const tuple = toTuple(address, caller, 'AF_NETLINK');
    if (tuple.length !== 2) throw typeError('AF_NETLINK address must be a pair (pid, groups)');
    return netlink({ pid: toUint32(tuple[0]), groups: toUint32(tuple[1]) }).toSockaddr(platform);
  },
  from(bytes) {
    const { pid, groups } = decodeNetlink(bytes, 0, bytes.length, platform);
    return [pid, groups];
  },
};

/** Two numbers, refused with the words that these two families share. */
function pair(address: unknown, family: string): [number, number] {
  if (!Array.isArray(address)) {
    throw typeError(`getsockaddrarg: ${family} address must be tuple, not ${typeName(address)}`);
  }
  if (address.length !== 2) {
    throw typeError(`getsockaddrarg() takes exactly 2 arguments (${address.length} given)`);
  }
  return [toUint32(address[0]), toUint32(address[1])];
}

/** AF_VSOCK: `(cid, port)`. */
export const vsockFamily: Family = {
  numbers: [constants.AF_VSOCK],
  to: (address) => vsock(...pair(address, 'AF_VSOCK')).toSockaddr(platform),
  from(bytes) {
    const { cid, port } = decodeVsock(bytes, 0, bytes.length, platform);
    return [cid, port];
  },
};

/** AF_QIPCRTR: `(node, port)`. */
export const qipcrtrFamily: Family = {
  numbers: [constants.AF_QIPCRTR],
  to: (address) => qipcrtr(...pair(address, 'AF_QIPCRTR')).toSockaddr(platform),
  from(bytes) {
    const { node, port } = decodeQipcrtr(bytes, 0, bytes.length, platform);
    return [node, port];
  },
};
