/** AF_INET and AF_INET6: `(host, port)` and `(host, port, flowinfo, scope_id)`; ip(7), ipv6(7). */
import { decode, inet } from '@sockeye/addr/inet';
import { decode as decode6, inet6 } from '@sockeye/addr/inet6';
import { constants, platform } from '@sockeye/core';
import { toInt, toUint32 } from '../arguments.ts';
import { OverflowError, typeError } from '../errors.ts';
import { resolve, toHost } from '../host.ts';
import type { Called, Family } from './family.ts';
import { toTuple } from './tuple.ts';

const PORT_MAX = 0xffff;
const FLOWINFO_MAX = 0xfffff;

/** The port as a C int; whether it is a port is only asked when the host is known, as Python does. */
function portNumber(value: unknown, caller: string): number {
  try {
    return toInt(value);
  } catch (error) {
    throw error instanceof OverflowError ? portRange(caller) : error;
  }
}

function portRange(caller: string): OverflowError {
  return new OverflowError(`${caller}(): port must be 0-65535.`);
}

/** A pair (host, port). RDS's addresses are AF_INET's. */
function toInet(address: unknown, { caller }: Called): Uint8Array {
  const tuple = toTuple(address, caller, 'AF_INET');
  if (tuple.length !== 2) throw typeError('AF_INET address must be a pair (host, port)');
  const host = toHost(tuple[0]);
  const port = portNumber(tuple[1], caller);
  const resolved = resolve(host, constants.AF_INET);
  if (port < 0 || port > PORT_MAX) throw portRange(caller);
  return inet(resolved, port).toSockaddr(platform);
}

/** A tuple (host, port[, flowinfo[, scope_id]]). */
function toInet6(address: unknown, { caller, family }: Called): Uint8Array {
  const tuple = toTuple(address, caller, 'AF_INET6');
  if (tuple.length < 2 || tuple.length > 4) {
    throw typeError('AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])');
  }
  const host = toHost(tuple[0]);
  const port = portNumber(tuple[1], caller);
  const flowInfo = tuple.length > 2 ? toUint32(tuple[2]) : 0;
  const scopeId = tuple.length > 3 ? toUint32(tuple[3]) : 0;
  const resolved = resolve(host, family);
  if (port < 0 || port > PORT_MAX) throw portRange(caller);
  if (flowInfo > FLOWINFO_MAX) throw new OverflowError(`${caller}(): flowinfo must be 0-1048575.`);
  return inet6(resolved, port, { flowInfo, scopeId }).toSockaddr(platform);
}

/** AF_INET, and AF_RDS. */
export const inetFamily: Family = {
  numbers: [constants.AF_INET, constants.AF_RDS],
  to: toInet,
  from(bytes) {
    const { address, port } = decode(bytes, 0, bytes.length, platform);
    return [address, port];
  },
};

/** AF_INET6. */
export const inet6Family: Family = {
  numbers: [constants.AF_INET6],
  to: toInet6,
  from(bytes) {
    const { address, port, flowInfo, scopeId } = decode6(bytes, 0, bytes.length, platform);
    return [address, port, flowInfo, scopeId];
  },
};
