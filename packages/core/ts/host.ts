/** Host names as the C library takes them, and what is wrong with one that it did not find. */
import { checkText, wrongValue } from './check.ts';
import { constants } from './constants.ts';

/** What {@link encoded} leaves alone: a numeric address whose scope is an interface's name. */
const SCOPED = /[%:]/;
/** What a name outside ASCII may have of ASCII; a URL's parser would take more, and take it otherwise. */
const HOST_ASCII = /^[\w.\-\u0080-\u{10ffff}]*$/u;

/**
 * A host name in ASCII: letters beyond it become A-labels (RFC 5891, by the mapping of UTS #46) as in Node.js's own
 * look-ups and CPython's. AI_IDN would ask the C library, which goes by the locale, and Node.js leaves that at "C".
 */
export function checkHost(argument: string, value: unknown, takes = 'a string'): string {
  const name = checkText(argument, value, takes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  if (/^[\u0000-\u007f]*$/.test(name) || SCOPED.test(name)) return name;
  const ascii = HOST_ASCII.test(name) ? process.getBuiltinModule('node:url').domainToASCII(name) : '';
  if (ascii === '') throw wrongValue(argument, 'a host name that IDNA can encode, RFC 5891', name);
  return ascii;
}

/** Most bytes of a label and of a name without its final dot; RFC 1035, 2.3.4. */
const LABEL = 63;
const NAME = 253;

function tooLong(name: string): string | undefined {
  const label = name.split('.').find((label) => Buffer.byteLength(label) > LABEL);
  if (label !== undefined) {
    const shown = label.length > 20 ? `${label.slice(0, 20)}…` : label;
    return `a label has at most ${LABEL} bytes, '${shown}' has ${Buffer.byteLength(label)} (RFC 1035)`;
  }
  const length = Buffer.byteLength(name.replace(/\.$/, ''));
  return length > NAME ? `a name has at most ${NAME} bytes, this one has ${length} (RFC 1035)` : undefined;
}

function nameServers(): string {
  try {
    const text = process.getBuiltinModule('node:fs').readFileSync('/etc/resolv.conf', 'utf8');
    const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server);
    if (servers.length > 0) return `no name server answered; /etc/resolv.conf has ${servers.join(', ')}`;
    return 'no name server answered: /etc/resolv.conf names none, so one on this machine was asked';
  } catch {
    return 'no name server answered: there is no /etc/resolv.conf, so one on this machine was asked';
  }
}

/** What mends a failed look-up of a name. */
export function hostHint(code: string, name: string | null): string | undefined {
  const long = name === null ? undefined : tooLong(name);
  if (long !== undefined) return long;
  if (code === 'EAI_AGAIN' || code === 'TRY_AGAIN') return nameServers();
  return undefined;
}

let byNumber: Map<number, string> | undefined;

/** The name of an `EAI_…` number. */
export function eaiName(eai: number): string {
  byNumber ??= new Map(
    Object.entries(constants)
      .filter(([name]) => name.startsWith('EAI_'))
      .map(([name, number]) => [number, name]),
  );
  return byNumber.get(eai) ?? `EAI_${eai}`;
}
