/** The databases of hosts, services and protocols: netdb.h, whatever nsswitch.conf says. */
import { type Address, sockaddr } from './address.ts';
import { type NativeHost, type NativeMissing, type NativeNumbered, native } from './binding.ts';
import { checkInt, checkInteger, checkOptions, checkText, wrongValue } from './check.ts';
import { constants, errnos } from './constants.ts';
import { SocketError, systemError } from './errors.ts';
import { checkHost, hostHint } from './host.ts';
import { INET_ADDRESS, inetAddress, inetSockaddr } from './layout/inet.ts';
import { lookup, notBegun } from './lookup.ts';
import { shownAddress } from './shown.ts';
import type { WaitOptions } from './wait.ts';

/** `struct hostent`. */
export interface HostEntry {
  /** The official name. */
  name: string;
  aliases: string[];
  family: number;
  /** Sockaddrs with port 0. */
  addresses: Uint8Array[];
}

/** `struct servent`. */
export interface ServiceEntry {
  name: string;
  aliases: string[];
  port: number;
  /** `'tcp'`, `'udp'` … */
  protocol: string;
}

/** `struct protoent`. */
export interface ProtocolEntry {
  name: string;
  aliases: string[];
  /** What socket(2) takes: `IPPROTO_…`. */
  number: number;
}

export interface HostOptions {
  /** Which addresses; those of IPv4 unless given, as gethostbyname(3) has it. */
  family?: number | undefined;
}

const H_ERRNO = ['HOST_NOT_FOUND', 'TRY_AGAIN', 'NO_RECOVERY', 'NO_DATA'] as const;

function hostError({ hErrno, errno }: NativeMissing, syscall: string, asked: string): SocketError {
  if (hErrno === constants.NETDB_INTERNAL || (hErrno === 0 && errno !== 0)) {
    return systemError(-errno, syscall, asked);
  }
  const code = H_ERRNO.find((name) => constants[name] === hErrno) ?? 'HOST_NOT_FOUND';
  const number = constants[code];
  const words = `${syscall} ${code}: ${native.hstrerror(number)} (${asked})`;
  const hint = hostHint(code, syscall === 'gethostbyname' ? asked : null);
  return new SocketError(hint === undefined ? words : `${words}; ${hint}`, { code, errno: number, syscall });
}

function host(result: NativeHost | NativeMissing | number, syscall: string, asked: string): HostEntry {
  if (typeof result === 'number') throw notBegun(result, syscall);
  if ('hErrno' in result) throw hostError(result, syscall, asked);
  const { name, aliases, family, addresses } = result;
  return {
    name,
    aliases,
    family,
    addresses: addresses.map((address) => inetSockaddr(family, address) ?? address),
  };
}

function hostQuestion(name: unknown, options: HostOptions | undefined): [string, number] {
  return [checkHost('name', name), checkInt('family', checkOptions(options).family ?? 0)];
}

/**
 * Name, aliases and addresses of a host: gethostbyname(3) by the call for threads, gethostbyname2(3) with `family`. It is
 * looked up on a thread of Sockeye's own. New programs use `getaddrinfo`.
 *
 * @throws SocketError HOST_NOT_FOUND, TRY_AGAIN, NO_RECOVERY, NO_DATA; `ERR_SOCKET_TIMEOUT` or AbortError
 */
export async function gethostbyname(name: string, options?: HostOptions & WaitOptions): Promise<HostEntry> {
  const asked = hostQuestion(name, options);
  const begin = (ticket: Int32Array): ReturnType<typeof native.gethostbyname> =>
    native.gethostbyname(...asked, ticket);
  return host(await lookup(begin, 'gethostbyname', options), 'gethostbyname', asked[0]);
}

/** As {@link gethostbyname}, blocking this thread for as long as the resolver takes. */
export function gethostbynameSync(name: string, options?: HostOptions): HostEntry {
  const asked = hostQuestion(name, options);
  return host(native.gethostbynameSync(...asked), 'gethostbyname', asked[0]);
}

function addressQuestion(address: Address): [Uint8Array, number] {
  const bytes = sockaddr(address);
  const found = inetAddress(bytes);
  if (found === undefined) throw wrongValue('address', INET_ADDRESS, address);
  return [found.address, found.family];
}

/**
 * Name, aliases and addresses of the host that has an address: gethostbyaddr(3) by the call for threads. The port is not
 * looked at.
 *
 * @throws SocketError HOST_NOT_FOUND, TRY_AGAIN, NO_RECOVERY, NO_DATA; `ERR_SOCKET_TIMEOUT` or AbortError
 */
export async function gethostbyaddr(address: Address, options?: WaitOptions): Promise<HostEntry> {
  const asked = addressQuestion(address);
  const begin = (ticket: Int32Array): ReturnType<typeof native.gethostbyaddr> =>
    native.gethostbyaddr(...asked, ticket);
  const answer = await lookup(begin, 'gethostbyaddr', options);
  return host(answer, 'gethostbyaddr', shownAddress(sockaddr(address)));
}

/** As {@link gethostbyaddr}, blocking this thread for as long as the resolver takes. */
export function gethostbyaddrSync(address: Address): HostEntry {
  const answer = native.gethostbyaddrSync(...addressQuestion(address));
  return host(answer, 'gethostbyaddr', shownAddress(sockaddr(address)));
}

function found(
  result: NativeNumbered | NativeMissing | number,
  syscall: string,
  what: string,
): NativeNumbered {
  if (typeof result === 'number') throw notBegun(result, syscall);
  if (!('hErrno' in result)) return result;
  // glibc says 0 or ENOENT when the database has no such entry.
  const { errno } = result;
  if (errno !== 0 && errno !== errnos.ENOENT) throw systemError(-errno, syscall, what);
  const words = `${syscall} ENOENT: there is no ${what}`;
  throw new SocketError(words, { code: 'ENOENT', errno: -errnos.ENOENT, syscall });
}

function service(
  result: NativeNumbered | NativeMissing | number,
  syscall: string,
  what: string,
): ServiceEntry {
  const { name, aliases, number, protocol = '' } = found(result, syscall, what);
  return { name, aliases, port: number, protocol };
}

function over(protocol: string | null): string {
  return protocol === null ? 'in the services database' : `over '${protocol}' in the services database`;
}

function checkProtocol(protocol: unknown): string | null {
  return protocol === undefined || protocol === null
    ? null
    : checkText('protocol', protocol, 'a string or nothing');
}

/**
 * A service by its name: getservbyname(3) by the call for threads, on a thread of Sockeye's own.
 *
 * @param protocol `'tcp'`, `'udp'` …; the first that matches unless given
 * @throws SocketError ENOENT when the services database has none
 */
export async function getservbyname(
  name: string,
  protocol?: string | null,
  options?: WaitOptions,
): Promise<ServiceEntry> {
  const asked: [string, string | null] = [checkText('name', name), checkProtocol(protocol)];
  const begin = (ticket: Int32Array): ReturnType<typeof native.getservbyname> =>
    native.getservbyname(...asked, ticket);
  const answer = await lookup(begin, 'getservbyname', options);
  return service(answer, 'getservbyname', `service '${asked[0]}' ${over(asked[1])}`);
}

/** As {@link getservbyname}, blocking this thread while the database is read. */
export function getservbynameSync(name: string, protocol?: string | null): ServiceEntry {
  const asked: [string, string | null] = [checkText('name', name), checkProtocol(protocol)];
  const answer = native.getservbynameSync(...asked);
  return service(answer, 'getservbyname', `service '${asked[0]}' ${over(asked[1])}`);
}

/**
 * A service by its port: getservbyport(3) by the call for threads, on a thread of Sockeye's own.
 *
 * @param port in host byte order, 0 to 65535
 * @param protocol `'tcp'`, `'udp'` …; the first that matches unless given
 * @throws SocketError ENOENT when the services database has none
 */
export async function getservbyport(
  port: number,
  protocol?: string | null,
  options?: WaitOptions,
): Promise<ServiceEntry> {
  const asked: [number, string | null] = [checkInteger('port', port, 0, 65535), checkProtocol(protocol)];
  const begin = (ticket: Int32Array): ReturnType<typeof native.getservbyport> =>
    native.getservbyport(...asked, ticket);
  const answer = await lookup(begin, 'getservbyport', options);
  return service(answer, 'getservbyport', `service at port ${asked[0]} ${over(asked[1])}`);
}

/** As {@link getservbyport}, blocking this thread while the database is read. */
export function getservbyportSync(port: number, protocol?: string | null): ServiceEntry {
  const asked: [number, string | null] = [checkInteger('port', port, 0, 65535), checkProtocol(protocol)];
  const answer = native.getservbyportSync(...asked);
  return service(answer, 'getservbyport', `service at port ${asked[0]} ${over(asked[1])}`);
}

function protocolEntry(
  result: NativeNumbered | NativeMissing | number,
  syscall: string,
  what: string,
): ProtocolEntry {
  const { name, aliases, number } = found(result, syscall, `protocol ${what} in the protocols database`);
  return { name, aliases, number };
}

/**
 * A protocol by its name: getprotobyname(3) by the call for threads, on a thread of Sockeye's own.
 *
 * @throws SocketError ENOENT when the protocols database has none
 */
export async function getprotobyname(name: string, options?: WaitOptions): Promise<ProtocolEntry> {
  const asked = checkText('name', name);
  const begin = (ticket: Int32Array): ReturnType<typeof native.getprotobyname> =>
    native.getprotobyname(asked, ticket);
  return protocolEntry(await lookup(begin, 'getprotobyname', options), 'getprotobyname', `'${asked}'`);
}

/** As {@link getprotobyname}, blocking this thread while the database is read. */
export function getprotobynameSync(name: string): ProtocolEntry {
  const asked = checkText('name', name);
  return protocolEntry(native.getprotobynameSync(asked), 'getprotobyname', `'${asked}'`);
}

/**
 * A protocol by its number: getprotobynumber(3) by the call for threads, on a thread of Sockeye's own.
 *
 * @throws SocketError ENOENT when the protocols database has none
 */
export async function getprotobynumber(number: number, options?: WaitOptions): Promise<ProtocolEntry> {
  const asked = checkInt('number', number);
  const begin = (ticket: Int32Array): ReturnType<typeof native.getprotobynumber> =>
    native.getprotobynumber(asked, ticket);
  return protocolEntry(await lookup(begin, 'getprotobynumber', options), 'getprotobynumber', String(asked));
}

/** As {@link getprotobynumber}, blocking this thread while the database is read. */
export function getprotobynumberSync(number: number): ProtocolEntry {
  const asked = checkInt('number', number);
  return protocolEntry(native.getprotobynumberSync(asked), 'getprotobynumber', String(asked));
}
