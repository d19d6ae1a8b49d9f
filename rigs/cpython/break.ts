/** One function of the facade that does wrong, for the tests to notice. */
import * as facade from '@sockeye/compat-python';

type Call = (this: unknown, ...args: unknown[]) => unknown;
type Members = Record<string, unknown>;

/** Something else than the value, of the same type where there is one. */
function other(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value}x`;
  if (value instanceof Uint8Array)
    return Buffer.concat([Buffer.from('x'), value]).subarray(0, value.length || 1);
  if (value instanceof facade.socket) value.close();
  else if (Array.isArray(value)) return value.length === 0 ? [0] : value.map(other);
  return value ?? 1;
}

/** Does what `call` does, with another result; what has none is not done. */
function broken(call: Call): Call {
  return function (...args) {
    const value = call.apply(this, args);
    return other(value);
  };
}

/** What returns nothing is known by that: it is left undone. */
const UNDONE = new Set(
  [
    'bind',
    'listen',
    'connect',
    'sendall',
    'settimeout',
    'setblocking',
    'setsockopt',
    'shutdown',
    'close',
  ].map((name) => `socket.${name}`),
);

/** The functions with one of them, or one of a socket's members, broken: `htons`, `socket.recv`, `socket.family`. */
export function withBroken(functions: Members, name: string): Members {
  const [, member] = name.split('.');
  if (name === '' || name.startsWith('file.')) return functions;
  if (member === undefined)
    return {
      ...functions,
      [name]: name === 'setdefaulttimeout' || name === 'close' ? () => null : broken(functions[name] as Call),
    };
  let at: object = facade.socket.prototype;
  while (!Object.hasOwn(at, member)) at = Object.getPrototypeOf(at);
  const { get, value } = Object.getOwnPropertyDescriptor(at, member) as PropertyDescriptor;
  const undone = UNDONE.has(name) ? () => undefined : undefined;
  Object.defineProperty(
    facade.socket.prototype,
    member,
    get === undefined
      ? { value: undone ?? broken(value as Call), configurable: true }
      : { get: broken(get as Call), configurable: true },
  );
  return functions;
}
