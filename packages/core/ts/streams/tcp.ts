/** Options of TCP that streams pass on; tcp(7). */
import { native } from '../binding.ts';
import { constants, errnos } from '../constants.ts';
import type { Handle } from '../handle.ts';

const { IPPROTO_TCP, TCP_KEEPIDLE, TCP_NODELAY } = constants;

/** What sockets say that know no TCP: Unix and other ones. */
const UNKNOWN = new Set([-errnos.EOPNOTSUPP, -errnos.ENOPROTOOPT, -errnos.EINVAL]);

/** TCP_NODELAY, where the socket has it; whether it has. */
export function setNoDelay(handle: Handle, enable: boolean): boolean {
  return set(handle, TCP_NODELAY, enable ? 1 : 0);
}

/** TCP_KEEPIDLE in seconds, where the socket has it; whether it has. */
export function setKeepIdle(handle: Handle, seconds: number): boolean {
  return set(handle, TCP_KEEPIDLE, seconds);
}

function set(handle: Handle, name: number, value: number): boolean {
  const result = native.setsockoptInt(handle.slot, handle.generation, IPPROTO_TCP, name, value);
  if (UNKNOWN.has(result)) return false;
  handle.done(result, 'setsockopt');
  return true;
}
