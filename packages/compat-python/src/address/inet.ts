/** AF_INET and AF_INET6: `(host, port)` and `(host, port, flowinfo, scope_id)`; ip(7), ipv6(7). */
import { type Inet6Address, type InetAddress, inet, inet6 } from '@sockeye/addr';
import { toInt, toUint32, typeName } from '../arguments.ts';
import { OverflowError, typeError } from '../errors.ts';
import { resolve, toHost } from '../host.ts';
import type { Called, ReturnedInet, ReturnedInet6 } from './family.ts';

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

/** A pair (host, port). */
export function toInet(address: unknown, { caller, family }: Called): InetAddress {
  if (!Array.isArray(address)) {
    throw typeError(`${caller}(): AF_INET address must be tuple, not ${typeName(address)}`);
  }
  if (address.length !== 2) throw typeError('AF_INET address must be a pair (host, port)');
  const host = toHost(address[0]);
  const port = portNumber(address[1], caller);
  const resolved = resolve(host, family);
  if (port < 0 || port > PORT_MAX) throw portRange(caller);
  return inet(resolved, port);
}

/** A tuple (host, port[, flowinfo[, scope_id]]). */
export function toInet6(address: unknown, { caller, family }: Called): Inet6Address {
  if (!Array.isArray(address)) {
    throw typeError(`${caller}(): AF_INET6 address must be tuple, not ${typeName(address)}`);
  }
  if (address.length < 2 || address.length > 4) {
    throw typeError('AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])');
  }
  const host = toHost(address[0]);
  const port = portNumber(address[1], caller);
  const flowInfo = address.length > 2 ? toUint32(address[2]) : 0;
  const scopeId = address.length > 3 ? toUint32(address[3]) : 0;
  const resolved = resolve(host, family);
  if (port < 0 || port > PORT_MAX) throw portRange(caller);
  if (flowInfo > FLOWINFO_MAX) throw new OverflowError(`${caller}(): flowinfo must be 0-1048575.`);
  return inet6(resolved, port, { flowInfo, scopeId });
}

export function fromInet({ address, port }: InetAddress): ReturnedInet {
  return [address, port];
}

export function fromInet6({ address, port, flowInfo, scopeId }: Inet6Address): ReturnedInet6 {
  return [address, port, flowInfo, scopeId];
}
