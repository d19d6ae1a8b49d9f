/** What Python's repr() shows: of sockets, in messages and in a debugger. */
import type { RetAddress } from './address/family.ts';

/** What is asked of a socket. */
export interface Shown {
  /** The class, as Python calls it: `socket.socket`. */
  readonly name: string;
  readonly fd: number;
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly closed: boolean;
  getsockname(): RetAddress;
  getpeername(): RetAddress;
}

/** `<socket.socket fd=3, family=2, type=1, proto=6, laddr=('127.0.0.1', 80)>`. */
export function repr(socket: Shown): string {
  const { name, fd, family, type, proto } = socket;
  const closed = socket.closed ? ' [closed]' : '';
  let text = `<${name}${closed} fd=${fd}, family=${family}, type=${type}, proto=${proto}`;
  if (socket.closed) return `${text}>`;
  for (const [end, ask] of [
    ['laddr', () => socket.getsockname()],
    ['raddr', () => socket.getpeername()],
  ] as const) {
    try {
      const address = ask();
      if (address === null || address === '' || address === 0) continue;
      if (typeof address === 'string' || Buffer.isBuffer(address) || typeof address === 'number') {
        text += `, ${end}=${shown(address)}`;
      } else if (address.length > 0) text += `, ${end}=${shown(address)}`;
    } catch {
      // Closed, or not connected: Python leaves it out too.
    }
  }
  return `${text}>`;
}

/** repr() of a value as calls give and take them. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return text(value);
  if (value instanceof Uint8Array) {
    const characters = [...value].map((byte) => String.fromCharCode(byte)).join('');
    return `b${quoted(characters, (character) => (character > '~' ? hex(character) : undefined))}`;
  }
  if (Array.isArray(value)) {
    return value.length === 1 ? `(${shown(value[0])},)` : `(${value.map(shown).join(', ')})`;
  }
  return String(value);
}

function text(value: string): string {
  return quoted(value, (character) => {
    const point = character.codePointAt(0) as number;
    if (point < 0x7f || isPrintable(character)) return undefined;
    if (point <= 0xff) return hex(character);
    return point <= 0xffff
      ? `\\u${point.toString(16).padStart(4, '0')}`
      : `\\U${point.toString(16).padStart(8, '0')}`;
  });
}

/** What Python prints as it is: no separators but the space, nothing unassigned, no lone surrogates. */
function isPrintable(character: string): boolean {
  // Here and not beside: its sets of characters take a tenth of a millisecond, which an import would.
  return /^[^\p{C}\p{Z}]$/u.test(character);
}

const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function quoted(value: string, escaped: (character: string) => string | undefined): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  let out = quote;
  for (const character of value) {
    if (character === quote) out += `\\${quote}`;
    else if (character in NAMED) out += NAMED[character];
    else if (character < ' ' || character === '\x7f') out += hex(character);
    else out += escaped(character) ?? character;
  }
  return out + quote;
}
