/** AF_TIPC: `(addr_type, v1, v2, v3[, scope])`; Linux, linux/tipc.h. */
import { decode as decodeRange, tipcRange } from '@sockeye/addr/tipc-range';
import { decode as decodeService, tipcService } from '@sockeye/addr/tipc-service';
import { decode as decodeSocket, tipcSocket } from '@sockeye/addr/tipc-socket';
import { constants, platform } from '@sockeye/core';
import { toUint32 } from '../arguments.ts';
import { refused, typeError, ValueError } from '../errors.ts';
import type { Family } from './family.ts';
import { toTuple } from './tuple.ts';

/** Where `addrtype` stands in struct sockaddr_tipc. */
const ADDRTYPE = 2;

/** A C signed char keeps the low bits. */
function scopeOf(value: unknown): number {
  return (toUint32(value) << 24) >> 24;
}

/** AF_TIPC: a range of names, a name, or a socket. */
export const tipcFamily: Family = {
  numbers: [constants.AF_TIPC],
  to(address, { caller }) {
    const tuple = toTuple(address, caller, 'AF_TIPC');
    if (tuple.length < 4 || tuple.length > 5) {
      throw typeError('AF_TIPC address must be a tuple (addr_type, v1, v2, v3[, scope])');
    }
    const [addrType, v1, v2, v3] = tuple.slice(0, 4).map(toUint32) as [number, number, number, number];
    const scope = scopeOf(tuple.length > 4 ? tuple[4] : constants.TIPC_CLUSTER_SCOPE);
    if (addrType === constants.TIPC_ADDR_NAMESEQ) {
      return tipcRange({ type: v1, lower: v2, upper: v3, scope }).toSockaddr(platform);
    }
    if (addrType === constants.TIPC_ADDR_NAME) {
      return tipcService({ type: v1, instance: v2, scope }).toSockaddr(platform);
    }
    if (addrType === constants.TIPC_ADDR_ID) {
      return tipcSocket({ node: v1, ref: v2, scope }).toSockaddr(platform);
    }
    throw typeError('Invalid address type');
  },
  from(bytes) {
    const addrType = bytes[ADDRTYPE] ?? 0;
    if (addrType === constants.TIPC_ADDR_NAMESEQ) {
      const { type, lower, upper, scope } = decodeRange(bytes, 0, bytes.length, platform);
      return [addrType, type, lower, upper, scope];
    }
    if (addrType === constants.TIPC_ADDR_NAME) {
      const { type, instance, scope } = decodeService(bytes, 0, bytes.length, platform);
      return [addrType, type, instance, instance, scope];
    }
    if (addrType === constants.TIPC_ADDR_ID) {
      const { node, ref, scope } = decodeSocket(bytes, 0, bytes.length, platform);
      return [addrType, node, ref, 0, scope];
    }
    throw refused(new ValueError('Invalid address type'));
  },
};
