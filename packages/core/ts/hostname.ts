/** This machine's name, and anybody's in full. */
import { native } from './binding.ts';
import { checkText } from './check.ts';
import { SocketError, systemError } from './errors.ts';
import { capability } from './hints/failure.ts';
import { gethostbyaddr, gethostbyaddrSync, type HostEntry } from './netdb.ts';
import { getaddrinfo, getaddrinfoSync } from './resolve.ts';
import type { WaitOptions } from './wait.ts';

/** This machine's name: gethostname(2). */
export function gethostname(): string {
  const name = native.gethostname();
  if (typeof name === 'number') throw systemError(name, 'gethostname');
  return name;
}

/**
 * Names this machine, or the UTS namespace that this process is in: sethostname(2).
 *
 * @param name up to 64 bytes on Linux
 * @throws SocketError EPERM without CAP_SYS_ADMIN, EINVAL for a name that is too long
 */
export function sethostname(name: string): void {
  const result = native.sethostname(checkText('name', name));
  if (result >= 0) return;
  const bytes = Buffer.byteLength(name);
  const hints: { [code: string]: string } = {
    EPERM: capability('CAP_SYS_ADMIN'),
    EINVAL: `the name has ${bytes} bytes, and at most 64 are taken`,
  };
  const error = systemError(result, 'sethostname');
  throw systemError(result, 'sethostname', hints[error.code]);
}

/** Names that stand for this machine. */
const OWN = new Set(['', '0.0.0.0', '::']);

function asked(name: unknown): string {
  const given = checkText('name', name).trim();
  return OWN.has(given) ? gethostname() : given;
}

function full(name: string, { name: official, aliases }: HostEntry): string {
  return [official, ...aliases].find((one) => one.includes('.')) ?? (official || name);
}

/** A name that is not found is an answer: the name itself. */
function unfound(error: unknown, name: string): string {
  const failed = error instanceof SocketError && /^(EAI_|HOST_|NO_|TRY_)/.test(error.code);
  if (failed) return name;
  throw error;
}

/**
 * The fully qualified domain name of a host, as CPython's `socket.getfqdn` finds it: of the official name and the aliases that
 * gethostbyaddr(3) has for its first address, the first with a dot; the name as it was given where there is no such host.
 *
 * @param name a name or a numeric address; this machine's unless given
 * @throws SocketError `ERR_SOCKET_TIMEOUT` or AbortError
 */
export async function getfqdn(name = '', options?: WaitOptions): Promise<string> {
  const wanted = asked(name);
  try {
    const [first] = await getaddrinfo(wanted, null, options);
    return first === undefined ? wanted : full(wanted, await gethostbyaddr(first.address, options));
  } catch (error) {
    return unfound(error, wanted);
  }
}

/** As {@link getfqdn}, blocking this thread for as long as the resolver takes. */
export function getfqdnSync(name = ''): string {
  const wanted = asked(name);
  try {
    const [first] = getaddrinfoSync(wanted, null);
    return first === undefined ? wanted : full(wanted, gethostbyaddrSync(first.address));
  } catch (error) {
    return unfound(error, wanted);
  }
}
