/** Hosts, services and protocols by name and by number, and this machine's name: netdb.h, unistd.h. */
import { decode, inet } from '@sockeye/addr/inet';
import { decode as decode6, inet6 } from '@sockeye/addr/inet6';
import { isIPv4 } from '@sockeye/addr/ip';
import {
  constants,
  getaddrinfoSync,
  gethostbyaddrSync,
  gethostbynameSync,
  getnameinfoSync,
  getprotobynameSync,
  getservbynameSync,
  getservbyportSync,
  type HostEntry,
  gethostname as hostname,
  platform,
  SocketError,
  sethostname as setName,
} from '@sockeye/core';
import { noneOrType, toInt, toText, toUint32, typeName } from './arguments.ts';
import { asPython, hostError, OSError, OverflowError, plainError, pythonError, typeError } from './errors.ts';
import { toName } from './filesystem.ts';
import { idna, resolve } from './host.ts';
import { bind, type Signature, takes, takesNone } from './signature.ts';

/** Official name, other names, addresses. */
export type HostInfo = [hostname: string, aliaslist: string[], ipaddrlist: string[]];

const GETFQDN: Signature = { name: 'getfqdn', parameters: ['name'] };

/** A host as the functions of this file take it. */
function toHostname(value: unknown, caller: string): string {
  const bytes = value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;
  if (bytes === undefined && typeof value !== 'string') {
    throw typeError(`${caller}() argument 1 must be str, bytes or bytearray, not ${noneOrType(value)}`);
  }
  const host = bytes ?? idna(value as string);
  if (host.includes('\0')) {
    throw typeError(
      `${caller}() argument 1 must be encoded string without null bytes, not ${typeName(value)}`,
    );
  }
  return host;
}

const H_ERRNO: Readonly<Record<string, number>> = {
  HOST_NOT_FOUND: 1,
  TRY_AGAIN: 2,
  NO_RECOVERY: 3,
  NO_DATA: 4,
};

/** What a look-up of hosts gives, with Python's herror for its failures. */
function asHost(look: () => HostEntry): HostInfo {
  let entry: HostEntry;
  try {
    entry = look();
  } catch (error) {
    const number = error instanceof SocketError ? H_ERRNO[error.code] : undefined;
    throw number === undefined ? pythonError(error) : hostError(number, error);
  }
  return [entry.name, entry.aliases, entry.addresses.map((address) => numeric(entry.family, address))];
}

function numeric(family: number, sockaddr: Uint8Array): string {
  if (family === constants.AF_INET6) return decode6(sockaddr, 0, sockaddr.length, platform).address;
  return decode(sockaddr, 0, sockaddr.length, platform).address;
}

/**
 * The IPv4 address of a host, the first one: getaddrinfo(3).
 *
 * @throws gaierror; TypeError, UnicodeError for what is no name
 */
export function gethostbyname(...args: [hostname: string | Uint8Array]): string {
  takes('gethostbyname', args, 1, 1);
  return resolve(toHostname(args[0], 'gethostbyname'), constants.AF_INET);
}

/**
 * Official name, aliases and IPv4 addresses of a host: gethostbyname(3).
 *
 * @throws gaierror where there is no such host, herror for what gethostbyname(3) says
 */
export function gethostbyname_ex(...args: [hostname: string | Uint8Array]): HostInfo {
  takes('gethostbyname_ex', args, 1, 1);
  const host = toHostname(args[0], 'gethostbyname_ex');
  resolve(host, constants.AF_INET);
  // The C library calls these unrecoverable, and core does not ask it for an empty name.
  if (host === '' || host === '<broadcast>') throw hostError(H_ERRNO.NO_RECOVERY as number);
  return asHost(() => gethostbynameSync(host, { family: constants.AF_INET }));
}

/**
 * Official name, aliases and addresses of the host with an address, IPv4 or IPv6: gethostbyaddr(3).
 *
 * @throws herror where the address has no name; gaierror where there is no such host
 */
export function gethostbyaddr(...args: [ip_address: string | Uint8Array]): HostInfo {
  takes('gethostbyaddr', args, 1, 1);
  const address = resolve(toHostname(args[0], 'gethostbyaddr'), constants.AF_UNSPEC);
  return asHost(() => gethostbyaddrSync(isIPv4(address) ? inet(address, 0) : inet6(address, 0)));
}

/** Names that stand for this machine. */
const OWN: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

/**
 * The full name of a host, of this machine unless one is given: of its official name and its aliases the first with a dot;
 * what was asked for where nothing is found.
 */
export function getfqdn(name?: string): string;
export function getfqdn(...args: unknown[]): string {
  const [name = ''] = bind(GETFQDN, args);
  if (typeof name !== 'string') throw typeError(`'${typeName(name)}' object has no attribute 'strip'`);
  const trimmed = name.trim();
  const asked = OWN.has(trimmed) ? gethostname() : trimmed;
  try {
    const [official, aliases] = gethostbyaddr(asked);
    return [official, ...aliases].find((one) => one.includes('.')) ?? official;
  } catch (error) {
    if (error instanceof OSError) return asked;
    throw error;
  }
}

/** A look-up in a database of numbers; that it has no such entry Python words in its own way. */
function found<T>(look: () => T, words: string): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof SocketError && error.code === 'ENOENT') throw plainError(words, error);
    throw pythonError(error);
  }
}

/**
 * The port of a service: getservbyname(3).
 *
 * @param protocolname `'tcp'`, `'udp'`; the first that matches unless given
 * @throws OSError when the services database has none
 */
export function getservbyname(...args: [servicename: string, protocolname?: string]): number {
  takes('getservbyname', args, 1, 2);
  const name = toText(args[0], 'getservbyname', 1);
  const protocol = args[1] === undefined ? undefined : toText(args[1], 'getservbyname', 2);
  return found(() => getservbynameSync(name, protocol).port, 'service/proto not found');
}

/**
 * The service at a port: getservbyport(3).
 *
 * @throws OSError when the services database has none; OverflowError for what is no port
 */
export function getservbyport(...args: [port: number, protocolname?: string]): string {
  takes('getservbyport', args, 1, 2);
  const port = toInt(args[0]);
  const protocol = args[1] === undefined ? undefined : toText(args[1], 'getservbyport', 2);
  if (port < 0 || port > 0xffff) throw new OverflowError('getservbyport: port must be 0-65535.');
  return found(() => getservbyportSync(port, protocol).name, 'port/proto not found');
}

/** The number of a protocol, as `socket()` takes it: getprotobyname(3). Throws OSError when the database has none. */
export function getprotobyname(...args: [protocolname: string]): number {
  takes('getprotobyname', args, 1, 1);
  const name = toText(args[0], 'getprotobyname', 1);
  return found(() => getprotobynameSync(name).number, 'protocol not found');
}

const FLOWINFO_MAX = 0xfffff;
const ILLEGAL = 'getnameinfo(): illegal sockaddr argument';

/**
 * Host and service of an address tuple, AF_INET's or AF_INET6's: getnameinfo(3).
 *
 * @param flags `NI_NUMERICHOST`, `NI_NAMEREQD`, … joined by `|`; 0 for none
 * @throws gaierror; TypeError for what is no numeric address
 */
export function getnameinfo(
  ...args: [sockaddr: readonly (string | number)[], flags: number]
): [host: string, service: string] {
  takes('getnameinfo', args, 2, 2);
  const [sockaddr, given] = args as readonly unknown[];
  const flags = toInt(given);
  if (!Array.isArray(sockaddr)) throw typeError('getnameinfo() argument 1 must be a tuple');
  const [host, port, flow = 0, scope = 0] = sockaddr as unknown[];
  if (sockaddr.length < 2 || sockaddr.length > 4 || typeof host !== 'string') throw typeError(ILLEGAL);
  const [number, flowInfo, scopeId] = [toInt(port), toUint32(flow), toUint32(scope)];
  if (flowInfo > FLOWINFO_MAX) throw new OverflowError('getnameinfo(): flowinfo must be 0-1048575.');
  const hints = { type: constants.SOCK_DGRAM, flags: constants.AI_NUMERICHOST };
  const answers = asPython(() => getaddrinfoSync(host, String(number), hints));
  const [answer] = answers;
  if (answer === undefined || answers.length > 1) throw plainError('sockaddr resolved to multiple addresses');
  let address: Uint8Array = answer.address;
  if (answer.family === constants.AF_INET && sockaddr.length !== 2) {
    throw plainError('IPv4 sockaddr must be 2 tuple');
  }
  if (answer.family === constants.AF_INET6) {
    const six = decode6(address, 0, address.length, platform);
    address = inet6(six.address, six.port, { flowInfo, scopeId }).toSockaddr(platform);
  }
  const names = asPython(() => getnameinfoSync(address, { flags }));
  return [names.host, names.service];
}

/** The name of this machine: gethostname(2). */
export function gethostname(...surplus: never[]): string {
  takesNone('_socket.gethostname', surplus);
  return asPython(() => hostname());
}

/** Names this machine: sethostname(2). Throws PermissionError without CAP_SYS_ADMIN. */
export function sethostname(...args: [name: string | Uint8Array]): void {
  takes('sethostname', args, 1, 1);
  const name = toName(args[0]);
  asPython(() => setName(name));
}
