/** Names to addresses, by the C library's getaddrinfo(3): the hosts file, mDNS, whatever nsswitch.conf says. */
import { BAD_ARGUMENT, type NativeAnswer, type NativeFailure, native } from './binding.ts';
import { checkInt, checkInteger, checkOptions, checkSignal, wrongType, wrongValue } from './check.ts';
import { constants } from './constants.ts';
import { abortError, errnoName, gaiStrerror, SocketError, strerror, systemError } from './errors.ts';

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
    checkName('host', host),
    typeof service === 'number'
      ? String(checkInteger('service', service, 0, 65535))
      : checkName('service', service),
    checkInt('hints.flags', hints.flags ?? 0),
    checkInt('hints.family', hints.family ?? 0),
    checkInt('hints.type', hints.type ?? 0),
    checkInt('hints.protocol', hints.protocol ?? 0),
  ];
}

function checkName(argument: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') {
    throw wrongType(argument, argument === 'host' ? 'a string or null' : 'a string, a port or null', value);
  }
  if (value.includes('\0')) throw wrongValue(argument, 'a string without NUL', value);
  return value;
}

let eaiNames: Map<number, string> | undefined;

function eaiName(eai: number): string {
  eaiNames ??= new Map(
    Object.entries(constants)
      .filter(([name]) => name.startsWith('EAI_'))
      .map(([name, number]) => [number, name]),
  );
  return eaiNames.get(eai) ?? `EAI_${eai}`;
}

function answers(result: NativeAnswer[] | NativeFailure | number, [host, service]: Question): AddressInfo[] {
  if (typeof result === 'number') {
    const reason = result === BAD_ARGUMENT ? 'its arguments' : errnoName(-result);
    throw new SocketError(`getaddrinfo failed: ${reason}`, { code: 'EAI_FAIL', syscall: 'getaddrinfo' });
  }
  if (Array.isArray(result)) {
    return result.map(({ family, type, protocol, address, canonicalName }) => ({
      family,
      type,
      protocol,
      canonicalName,
      address,
    }));
  }
  const code = eaiName(result.eai);
  const cause = result.eai === constants.EAI_SYSTEM ? systemError(-result.errno, 'getaddrinfo') : undefined;
  const system = cause === undefined ? '' : `: ${strerror(result.errno)}`;
  const asked = [host, service].filter((part) => part !== null).join(' ');
  const message = `getaddrinfo ${code}: ${gaiStrerror(result.eai)}${system} (${asked})`;
  throw new SocketError(message, { code, errno: result.eai, syscall: 'getaddrinfo', cause });
}

/** Look-ups under way at once: they block threads of Node.js's pool, which has four for everybody. */
const AT_ONCE = 2;
let underWay = 0;
const queue: (() => void)[] = [];

async function turn(): Promise<void> {
  if (underWay >= AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
  else underWay += 1;
}

function leave(): void {
  const next = queue.shift();
  // The next one takes over the place.
  if (next === undefined) underWay -= 1;
  else next();
}

/**
 * Addresses of a host and a service, in the order to try them: getaddrinfo(3) on a thread of Node.js's pool, two look-ups
 * at a time.
 *
 * @param host a name or a numeric address; null for the wildcard (with AI_PASSIVE) or the loopback address
 * @param service a name (`'http'`), a port, or null
 * @throws SocketError with an `EAI_…` code; AbortError, after which the look-up itself ends unheard
 */
export async function getaddrinfo(
  host: string | null,
  service: string | number | null,
  hints?: AddressInfoHints & { signal?: AbortSignal | undefined },
): Promise<AddressInfo[]> {
  const asked = question(host, service, hints);
  const signal = checkSignal(hints?.signal);
  if (signal?.aborted) throw abortError(signal, 'getaddrinfo');
  const look = async (): Promise<AddressInfo[]> => {
    await turn();
    try {
      if (signal?.aborted) throw abortError(signal, 'getaddrinfo');
      return answers(await native.getaddrinfo(...asked), asked);
    } finally {
      leave();
    }
  };
  if (signal === undefined) return look();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(signal, 'getaddrinfo'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([look(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
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
