/** The host of an internet address: names, numbers and Python's two special forms. */
import { decode } from '@sockeye/addr/inet';
import { decode as decode6 } from '@sockeye/addr/inet6';
import { isIPv4, isIPv6 } from '@sockeye/addr/ip';
import { constants, getaddrinfoSync, platform } from '@sockeye/core';
import { typeName } from './arguments.ts';
import { plainError, pythonError, typeError, UnicodeError } from './errors.ts';
import { url } from './runtime.ts';

const ASCII = /^[\0-\x7f]*$/;
const LONGEST_LABEL = 63;
const SUFFIX = '.x';

/** IDNA 2003 maps what later rules keep: the deviations of UTS #46. */
const DEVIATIONS: ReadonlyMap<string, string> = new Map([
  ['\u00df', 'ss'],
  ['\u03c2', '\u03c3'],
  ['\u200c', ''],
  ['\u200d', ''],
]);

/** Python's codec "idna". Throws UnicodeError when a label is empty or too long, or cannot be encoded. */
export function idna(host: string): string {
  if (host === '') return host;
  const plain = ASCII.test(host);
  // The dots of other scripts separate labels too, RFC 3490, section 3.1.
  const labels = host.split(plain ? '.' : /[.\u3002\uff0e\uff61]/u).map(label);
  const last = labels.pop() ?? '';
  if (labels.some((each) => each === '' || each.length > LONGEST_LABEL)) {
    throw unencodable('label empty or too long');
  }
  if (last.length > LONGEST_LABEL) throw unencodable(plain ? 'label too long' : 'label empty or too long');
  return [...labels, last].join('.');
}

/** One label in ASCII; what is ASCII already stays as it is, in the case it has. */
function label(text: string): string {
  if (ASCII.test(text)) return text;
  const mapped = text.replace(/[\u00df\u03c2\u200c\u200d]/gu, (letter) => DEVIATIONS.get(letter) ?? '');
  // A last label that is no number keeps the mapping from reading an IPv4 address.
  const ascii = url().domainToASCII(`${mapped}${SUFFIX}`);
  if (ascii === '') throw unencodable('label empty or too long');
  return ascii.slice(0, -SUFFIX.length);
}

function unencodable(reason: string): UnicodeError {
  return new UnicodeError(`encoding with 'idna' codec failed (UnicodeError: ${reason})`);
}

/** The host of an address tuple, as the resolver gets it: plain ASCII as it is, other text by IDNA, bytes. */
export function toHost(value: unknown): string {
  let host: string;
  if (value instanceof Uint8Array) host = Buffer.from(value).toString();
  else if (typeof value !== 'string') {
    throw typeError(`str, bytes or bytearray expected, not ${typeName(value)}`);
  } else if (ASCII.test(value)) host = value;
  else {
    try {
      host = idna(value);
    } catch {
      throw typeError('encoding of hostname failed');
    }
  }
  if (host.includes('\0')) throw typeError('host name must not contain null character');
  return host;
}

/**
 * The numeric address of a host in a family, AF_UNSPEC for either: `''` is the wildcard, `'<broadcast>'` IPv4's broadcast address, and a name gives the
 * first answer of getaddrinfo(3).
 *
 * @throws OSError for a broadcast address where the family is not IPv4; gaierror
 */
export function resolve(host: string, family: number): string {
  if (host === '') {
    const [only, ...more] = look(null, '0', {
      family,
      type: constants.SOCK_DGRAM,
      flags: constants.AI_PASSIVE,
    });
    if (only === undefined || more.length > 0) throw plainError('wildcard resolved to multiple address');
    return only;
  }
  if (host === '<broadcast>' || host === '255.255.255.255') {
    if (family !== constants.AF_INET && family !== constants.AF_UNSPEC) {
      throw plainError('address family mismatched');
    }
    return '255.255.255.255';
  }
  if ((family === constants.AF_INET || family === constants.AF_UNSPEC) && isIPv4(host)) return host;
  // A scope is for getaddrinfo(3), which knows the names of interfaces.
  const six = family === constants.AF_INET6 || family === constants.AF_UNSPEC;
  if (six && !host.includes('%') && isIPv6(host)) return host;
  const [first] = look(host, null, { family });
  if (first === undefined) throw plainError('unknown address family');
  return first;
}

function look(
  host: string | null,
  service: string | null,
  hints: { family: number; type?: number; flags?: number },
): string[] {
  try {
    return getaddrinfoSync(host, service, hints).map((answer) => numeric(answer.family, answer.address));
  } catch (error) {
    throw pythonError(error);
  }
}

function numeric(family: number, sockaddr: Uint8Array): string {
  if (family === constants.AF_INET) return decode(sockaddr, 0, sockaddr.length, platform).address;
  if (family === constants.AF_INET6) return decode6(sockaddr, 0, sockaddr.length, platform).address;
  throw plainError('unknown address family');
}
