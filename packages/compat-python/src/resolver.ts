/** Names to addresses. */
import { getaddrinfoSync } from '@sockeye/core';
import type { ReturnedInet, ReturnedInet6 } from './address/family.ts';
import { fromSockaddr } from './address/registry.ts';
import { encodeUtf8, toInt } from './arguments.ts';
import { asPython, plainError, typeError, ValueError } from './errors.ts';
import { idna } from './host.ts';
import { bind, type Signature } from './signature.ts';

const GETADDRINFO: Signature = {
  name: 'getaddrinfo',
  parameters: ['host', 'port', 'family', 'type', 'proto', 'flags'],
  required: 2,
};

/** One answer: what `socket()` takes, and the address for `connect()` or `bind()`. */
export type AddrInfo = [
  family: number,
  type: number,
  proto: number,
  canonname: string,
  sockaddr: ReturnedInet | ReturnedInet6,
];

/** Keyword arguments of {@link getaddrinfo}, as the last argument. */
export interface AddrInfoKeywords {
  family?: number;
  type?: number;
  proto?: number;
  flags?: number;
}

/**
 * The addresses of a host and a service, in the order to try them: getaddrinfo(3). It blocks this thread for as long as
 * the resolver takes.
 *
 * @param host a name, a numeric address, or null
 * @param port a number, a service name, or null
 * @throws gaierror with an `EAI_…` number; TypeError, OSError or UnicodeError for a host or port that cannot be asked for
 */
export function getaddrinfo(
  host: string | Uint8Array | null,
  port: string | Uint8Array | number | null,
  family?: number,
  type?: number,
  proto?: number,
  flags?: number,
): AddrInfo[];
export function getaddrinfo(
  host: string | Uint8Array | null,
  port: string | Uint8Array | number | null,
  keywords: AddrInfoKeywords,
): AddrInfo[];
export function getaddrinfo(...args: unknown[]): AddrInfo[] {
  const [host, port, family = 0, type = 0, proto = 0, flags = 0] = bind(GETADDRINFO, args);
  const hints = {
    family: toInt(family),
    type: toInt(type),
    protocol: toInt(proto),
    flags: toInt(flags),
  };
  const answers = asPython(() => getaddrinfoSync(hostText(host), serviceText(port), hints));
  return answers.map((answer) => [
    answer.family,
    answer.type,
    answer.protocol,
    answer.canonicalName ?? '',
    fromSockaddr(answer.address) as ReturnedInet | ReturnedInet6,
  ]);
}

function hostText(host: unknown): string | null {
  if (host === null || host === undefined) return null;
  if (typeof host === 'string') return withoutNul(idna(host));
  if (host instanceof Uint8Array) return withoutNul(Buffer.from(host).toString());
  throw typeError('getaddrinfo() argument 1 must be string or None');
}

function serviceText(port: unknown): string | null {
  if (port === null || port === undefined) return null;
  if (typeof port === 'string') return withoutNul(Buffer.from(encodeUtf8(port)).toString());
  if (port instanceof Uint8Array) return withoutNul(Buffer.from(port).toString());
  // Since 3.12 whatever number: getaddrinfo(3) says what it thinks of its digits.
  if (typeof port === 'bigint' || Number.isInteger(port)) return String(BigInt(port as bigint | number));
  throw plainError('Int or String expected');
}

function withoutNul(text: string): string {
  if (text.includes('\0')) throw new ValueError('embedded null character');
  return text;
}
