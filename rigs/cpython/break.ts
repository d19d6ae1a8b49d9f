/** One function of the facade that does wrong, for the tests to notice. */
import * as facade from '@sockeye/compat-python';

type Call = (this: unknown, ...args: unknown[]) => unknown;
type Members = Record<string, unknown>;

/** Something else than the value, of the same type where there is one; what can be closed is. */
function other(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value}x`;
  if (value instanceof Uint8Array)
    return Buffer.concat([Buffer.from('x'), value]).subarray(0, value.length || 1);
  if (Array.isArray(value)) return value.length === 0 ? [0] : value.map(other);
  const close: unknown = Reflect.get(Object(value), 'close');
  if (typeof close === 'function') close.call(value);
  return value ?? 1;
}

/** Other bytes than these, or than each of these. */
function spoiled(given: unknown): unknown {
  const bytes = Array.isArray(given) && given.length > 0 && given.every((each) => each instanceof Uint8Array);
  return bytes || given instanceof Uint8Array ? other(given) : given;
}

/** Does what `call` does with other bytes, and has another result. */
function broken(call: Call): Call {
  return function (...args) {
    const value = call.apply(this, args.map(spoiled));
    return other(value);
  };
}

/** What returns nothing is known by that: it is left undone. So is what the tests ask for only where it is refused. */
const UNDONE: ReadonlySet<string> = new Set([
  'setdefaulttimeout',
  'close',
  ...[
    'bind',
    'listen',
    'connect',
    'sendall',
    'settimeout',
    'setblocking',
    'setsockopt',
    'set_inheritable',
    'shutdown',
    'close',
  ].map((name) => `socket.${name}`),
  ...['close', 'flush', 'fileno'].map((name) => `file.${name}`),
]);

/** Replaces a member of an object, wherever it has it from, by one that does wrong. */
function breakMember(object: object, member: string, undone = false): void {
  let at = object;
  while (!Object.hasOwn(at, member)) at = Object.getPrototypeOf(at);
  const { get, value } = Object.getOwnPropertyDescriptor(at, member) as PropertyDescriptor;
  let wrong: PropertyDescriptor = {
    value: typeof value === 'function' ? broken(value as Call) : other(value),
  };
  if (get !== undefined) wrong = { get: broken(get as Call) };
  if (undone) wrong = { value: () => undefined };
  Object.defineProperty(object, member, { ...wrong, configurable: true });
}

/**
 * The functions with one of them, or a member of a socket or of a socket's file, broken: `htons`, `socket.recv`, `socket.family`,
 * `file.readline`.
 */
export function withBroken(functions: Members, name: string): Members {
  const [kind, member] = name.split('.');
  if (name === '') return functions;
  const { prototype } = facade.socket;
  if (kind === 'file' && member !== undefined) {
    const { makefile } = prototype;
    const value = function (this: facade.socket, ...args: Parameters<typeof makefile>): unknown {
      const file = makefile.apply(this, args);
      if (member in file) breakMember(file, member, UNDONE.has(name));
      return file;
    };
    Object.defineProperty(prototype, 'makefile', { value, configurable: true });
  } else if (member !== undefined) {
    breakMember(prototype, member, UNDONE.has(name));
  } else {
    return { ...functions, [name]: UNDONE.has(name) ? () => null : broken(functions[name] as Call) };
  }
  return functions;
}
