/** Names to addresses and back, by the C library: the hosts file, mDNS, whatever nsswitch.conf says. */
import { type Address, sockaddr } from './address.ts';
import { type NativeAnswer, type NativeFailure, type NativeNames, native } from './binding.ts';
import { checkInt, checkInteger, checkOptions, checkText } from './check.ts';
import { constants } from './constants.ts';
import { gaiStrerror, SocketError, strerror, systemError } from './errors.ts';
import { waiting } from './handle.ts';
import { checkHost, eaiName, hostHint } from './host.ts';
import { lookup, notBegun } from './lookup.ts';
import { shownAddress } from './shown.ts';
import type { WaitOptions } from './wait.ts';

/** What to look for; 0 or undefined leaves a number open. */
export interface AddressInfoHints {
  /** `constants.AF_INET`, `AF_INET6`; 0 for both. */
  family?: number | undefined;
  /** `constants.SOCK_STREAM`, …; 0 gives one answer per type. */
  type?: number | undefined;
  protocol?: number | undefined;
  /** `constants.AI_PASSIVE`, `AI_CANONNAME`, `AI_NUMERICHOST`, … joined by `|`. */
  flags?: number | undefined;
}

/** One answer: what `Socket.create` and `connect` or `bind` take. */
export interface AddressInfo {
  family: number;
  type: number;
  protocol: number;
  /** With AI_CANONNAME, on the first answer. */
  canonicalName: string | undefined;
  /** A sockaddr. */
  address: Uint8Array;
}

type Question = [string | null, string | null, number, number, number, number];

function question(host: unknown, service: unknown, given: AddressInfoHints | undefined): Question {
  const hints = checkOptions(given);
  return [
    host === null || host === undefined ? null : checkHost('host', host, 'a string or null'),
    checkService(service),
    checkInt('hints.flags', hints.flags ?? 0),
    checkInt('hints.family', hints.family ?? 0),
    checkInt('hints.type', hints.type ?? 0),
    checkInt('hints.protocol', hints.protocol ?? 0),
  ];
}

function checkService(service: unknown): string | null {
  if (service === null || service === undefined) return null;
  if (typeof service === 'number') return String(checkInteger('service', service, 0, 65535));
  return checkText('service', service, 'a string, a port or null');
}

/** The error for an `EAI_…` number, with the words of gai_strerror(3). */
function eaiError({ eai, errno }: NativeFailure, syscall: string, asked: string, hint?: string): SocketError {
  const code = eaiName(eai);
  const cause = eai === constants.EAI_SYSTEM ? systemError(-errno, syscall) : undefined;
  const system = cause === undefined ? '' : `: ${strerror(errno)}`;
  const words = `${syscall} ${code}: ${gaiStrerror(eai)}${system} (${asked})`;
  const message = hint === undefined ? words : `${words}; ${hint}`;
  return new SocketError(message, { code, errno: eai, syscall, cause });
}

function answers(result: NativeAnswer[] | NativeFailure | number, [host, service]: Question): AddressInfo[] {
  if (typeof result === 'number') throw notBegun(result, 'getaddrinfo');
  if (!Array.isArray(result)) {
    const asked = [host, service].filter((part) => part !== null).join(' ');
    throw eaiError(result, 'getaddrinfo', asked, hostHint(eaiName(result.eai), host));
  }
  return result.map(({ family, type, protocol, address, canonicalName }) => ({
    family,
    type,
    protocol,
    canonicalName,
    address,
  }));
}

/**
 * The answer to a question that needs no look-up, and otherwise undefined: the C library is asked for a numeric host, and says
 * EAI_NONAME when it is none.
 */
function numeric([host, service, flags, ...kind]: Question):
  | NativeAnswer[]
  | NativeFailure
  | number
  | undefined {
  const named = service !== null && !/^\d+$/.test(service) && !(flags & constants.AI_NUMERICSERV);
  // The name of a service is looked up in a database, be the host numeric or not.
  if (named) return undefined;
  const result = native.getaddrinfoSync(host, service, flags | constants.AI_NUMERICHOST, ...kind);
  if (typeof result === 'number' || Array.isArray(result)) return result;
  return result.eai === constants.EAI_NONAME && !(flags & constants.AI_NUMERICHOST) ? undefined : result;
}

/**
 * Addresses of a host and a service, in the order to try them: getaddrinfo(3). Numeric ones are answered at once; names are
 * looked up on threads of Sockeye's own, two at a time in the whole process, so Node.js's pool is never touched.
 *
 * @param host a name or a numeric address; null for the wildcard (with AI_PASSIVE) or the loopback address. A name with
 *   letters outside ASCII is encoded as IDNA has it (RFC 5891); AI_IDN then has nothing to do
 * @param service a name (`'http'`), a port, or null
 * @throws SocketError with an `EAI_…` code; `ERR_SOCKET_TIMEOUT` or AbortError, after which the look-up ends unheard
 */
export async function getaddrinfo(
  host: string | null,
  service: string | number | null,
  hints?: AddressInfoHints & WaitOptions,
): Promise<AddressInfo[]> {
  const asked = question(host, service, hints);
  // A signal that was aborted already, and a wrong timeout, before anything else.
  waiting(hints, 'getaddrinfo');
  const answered = numeric(asked);
  if (answered !== undefined) return answers(answered, asked);
  const begin = (ticket: Int32Array): ReturnType<typeof native.getaddrinfo> =>
    native.getaddrinfo(...asked, ticket);
  return answers(await lookup(begin, 'getaddrinfo', hints), asked);
}

/** As {@link getaddrinfo}, blocking this thread for as long as the resolver takes. */
export function getaddrinfoSync(
  host: string | null,
  service: string | number | null,
  hints?: AddressInfoHints,
): AddressInfo[] {
  const asked = question(host, service, hints);
  return answers(native.getaddrinfoSync(...asked), asked);
}

/** What getnameinfo(3) gives. */
export interface NameInfo {
  /** A name, or a numeric address where there is none (unless NI_NAMEREQD) or NI_NUMERICHOST was asked. */
  host: string;
  /** A service's name, or the port where there is none or NI_NUMERICSERV was asked. */
  service: string;
}

export interface NameInfoOptions {
  /** `constants.NI_NAMEREQD`, `NI_NUMERICHOST`, `NI_NUMERICSERV`, `NI_NOFQDN`, `NI_DGRAM`, `NI_IDN` joined by `|`. */
  flags?: number | undefined;
}

function nameQuestion(address: Address, options: NameInfoOptions | undefined): [Uint8Array, number] {
  return [sockaddr(address), checkInt('flags', checkOptions(options).flags ?? 0)];
}

function names(result: NativeNames | NativeFailure | number, address: Uint8Array): NameInfo {
  if (typeof result === 'number') throw notBegun(result, 'getnameinfo');
  if ('eai' in result) {
    const hint =
      result.eai === constants.EAI_FAMILY ? 'the address is of no family that has names' : undefined;
    const code = eaiName(result.eai);
    throw eaiError(result, 'getnameinfo', shownAddress(address), hint ?? hostHint(code, null));
  }
  return { host: result.host, service: result.service };
}

/**
 * The names of an address's host and service: getnameinfo(3). With NI_NUMERICHOST and NI_NUMERICSERV answered at once, else
 * looked up like {@link getaddrinfo}'s names.
 *
 * @throws SocketError EAI_NONAME (with NI_NAMEREQD), EAI_FAMILY, EAI_AGAIN …; `ERR_SOCKET_TIMEOUT` or AbortError
 */
export async function getnameinfo(
  address: Address,
  options?: NameInfoOptions & WaitOptions,
): Promise<NameInfo> {
  const [bytes, flags] = nameQuestion(address, options);
  waiting(options, 'getnameinfo');
  const plain = constants.NI_NUMERICHOST | constants.NI_NUMERICSERV;
  if ((flags & plain) === plain) return names(native.getnameinfoSync(bytes, flags), bytes);
  const begin = (ticket: Int32Array): ReturnType<typeof native.getnameinfo> =>
    native.getnameinfo(bytes, flags, ticket);
  return names(await lookup(begin, 'getnameinfo', options), bytes);
}

/** As {@link getnameinfo}, blocking this thread for as long as the resolver takes. */
export function getnameinfoSync(address: Address, options?: NameInfoOptions): NameInfo {
  const asked = nameQuestion(address, options);
  return names(native.getnameinfoSync(...asked), asked[0]);
}
