import { checkString, wrongValue } from '@sockeye/addr/check';
import { constants, getaddrinfo, type WaitOptions } from '@sockeye/core';
import { hostOf } from './raw-packet.ts';

/** Where something is sent to. */
export interface Target {
  readonly family: 'inet' | 'inet6';
  /** A sockaddr with port 0. */
  readonly address: Uint8Array;
  /** The address as text. */
  readonly text: string;
}

/**
 * The first address of a host: an IP address, which costs nothing, or a name, which is looked up.
 * @throws SocketError with an `EAI_` code, ABORT_ERR
 */
export async function targetOf(
  host: string,
  family: 'inet' | 'inet6' | undefined,
  options: WaitOptions,
): Promise<Target> {
  checkString('host', host);
  if (family !== undefined && family !== 'inet' && family !== 'inet6') {
    throw wrongValue('family', "'inet' or 'inet6'", family);
  }
  const wanted =
    family === undefined ? constants.AF_UNSPEC : family === 'inet' ? constants.AF_INET : constants.AF_INET6;
  const found = await getaddrinfo(host, null, { family: wanted, type: constants.SOCK_DGRAM, ...options });
  const one = found[0];
  if (one === undefined) throw wrongValue('host', 'a host with an address', host);
  const { address } = one;
  return {
    family: one.family === constants.AF_INET ? 'inet' : 'inet6',
    address,
    text: hostOf(address),
  };
}

/** The same address with a port. */
export function withPort(address: Uint8Array, port: number): Uint8Array {
  // A Buffer's slice would be a view.
  const copy = Uint8Array.from(address);
  copy[2] = port >>> 8;
  copy[3] = port & 0xff;
  return copy;
}

/** The 4 or 16 bytes of the IP address in a sockaddr. */
export function ipOf(address: Uint8Array): Uint8Array {
  return address.length >= 28 ? address.subarray(8, 24) : address.subarray(4, 8);
}
