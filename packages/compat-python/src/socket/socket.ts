/** The name `socket`: a class that may be called without `new`, as Python's is. */
import { PythonSocket } from './python-socket.ts';

/** Keyword arguments of {@link socket}. */
export interface SocketKeywords {
  family?: number;
  type?: number;
  proto?: number;
  /** A descriptor, which the socket owns from now on. */
  fileno?: number | null;
}

/** The class and function `socket`: `socket.socket(…)` as in Python, or with `new`. */
export interface SocketClass {
  new (family?: number, type?: number, proto?: number, fileno?: number | null): PythonSocket;
  new (keywords: SocketKeywords): PythonSocket;
  (family?: number, type?: number, proto?: number, fileno?: number | null): PythonSocket;
  (keywords: SocketKeywords): PythonSocket;
  readonly prototype: PythonSocket;
}

Object.defineProperty(PythonSocket, 'name', { value: 'socket' });

/**
 * Makes a socket: socket(2). Called as in Python, or with `new`; `instanceof` and `extends` work.
 *
 * @throws OSError EAFNOSUPPORT, EPROTONOSUPPORT, EPERM, EMFILE, …; ValueError for a negative fileno
 */
export const socket: SocketClass = new Proxy(PythonSocket, {
  apply: (target, _self, args: unknown[]) => new target(...args),
}) as typeof PythonSocket & SocketClass;
PythonSocket.prototype.constructor = socket;

/** The type of a socket object. */
export type socket = PythonSocket;
