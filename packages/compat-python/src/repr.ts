/** What Python's repr() shows, in messages and in a debugger. */
import type { RetAddress } from './address/family.ts';

/** What is asked of a socket. */
interface Shown {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  fileno(): number;
  getsockname(): RetAddress;
  getpeername(): RetAddress;
}

/** `<socket.socket fd=3, family=2, type=1, proto=6, laddr=('127.0.0.1', 80)>`. */
export function repr(socket: Shown): string {
  const fd = socket.fileno();
  const { family, type, proto } = socket;
  const closed = fd < 0 ? ' [closed]' : '';
  let text = `<socket.socket${closed} fd=${fd}, family=${family}, type=${type}, proto=${proto}`;
  for (const [name, ask] of [
    ['laddr', () => socket.getsockname()],
    ['raddr', () => socket.getpeername()],
  ] as const) {
    try {
      const address = ask();
      if (address !== null && address.length > 0) text += `, ${name}=${shown(address)}`;
    } catch {
      // Closed, or not connected: Python leaves it out too.
    }
  }
  return `${text}>`;
}

function shown(address: NonNullable<RetAddress>): string {
  if (!Array.isArray(address)) return item(address);
  return address.length === 1 ? `(${item(address[0])},)` : `(${address.map(item).join(', ')})`;
}

function item(value: string | number | Uint8Array): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `'${escaped(value)}'`;
  return `b'${[...value].map((byte) => escaped(String.fromCharCode(byte))).join('')}'`;
}

function escaped(text: string): string {
  return text.replace(/[\\'\p{Cc}\x80-\xff]/gu, (character) => {
    if (character === '\\' || character === "'") return `\\${character}`;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
