/** IP addresses in messages. */
import { wrongValue } from '@sockeye/addr/check';
import { formatIP, type IPAddress, parseIP } from '@sockeye/addr/ip';
import type { Attributes } from './attributes.ts';
import { AF } from './numbers.ts';

export type InetFamily = 'inet' | 'inet6';

export function familyName(family: number): InetFamily | number {
  if (family === AF.INET) return 'inet';
  return family === AF.INET6 ? 'inet6' : family;
}

export function familyNumber(argument: string, family: InetFamily | undefined): number {
  if (family === undefined) return AF.UNSPEC;
  if (family === 'inet') return AF.INET;
  if (family === 'inet6') return AF.INET6;
  throw wrongValue(argument, "'inet' or 'inet6'", family);
}

/** The family of an address's bytes. */
export function familyOf(bytes: Uint8Array): number {
  return bytes.length === 4 ? AF.INET : AF.INET6;
}

/** An address as text; undefined where there is none, or where it is neither IPv4 nor IPv6. */
export function ipOf(attributes: Attributes, type: number): string | undefined {
  const bytes = attributes.bytes(type);
  return bytes === undefined || (bytes.length !== 4 && bytes.length !== 16) ? undefined : formatIP(bytes);
}

/** An address of this family. */
export function ipBytes(argument: string, address: IPAddress, family: number): Uint8Array {
  const bytes = parseIP(address);
  if (familyOf(bytes) !== family) {
    throw wrongValue(argument, family === AF.INET ? 'an IPv4 address' : 'an IPv6 address', address);
  }
  return bytes;
}
