/** Python's exceptions: the tree of built-in classes as far as sockets raise them, and those of the module itself. */
import { constants, errnos, gaiStrerror, SocketError, strerror } from '@sockeye/core';

/**
 * Python's OSError. Made from `(errno, strerror)` it becomes the subclass that Python has for that number, as
 * `ConnectionRefusedError` for 111, and its message is `[Errno 111] Connection refused`; made from one argument, that
 * is its message. `cause` is the error of `@sockeye/core`, whose message says what mends it.
 */
export class OSError extends Error {
  /** Positive, as in Python; null where Python has None. */
  readonly errno: number | null;
  /** The system's words, without number; null where Python has None. */
  readonly strerror: string | null;
  /** What the error was made from. */
  readonly args: readonly unknown[];
  /** As Node.js has it: `'ECONNREFUSED'`, `'EAI_NONAME'`, `'ERR_SOCKET_TIMEOUT'`. */
  code: string | undefined;

  constructor(...args: readonly unknown[]) {
    const [errno, words] = args;
    super(args.length < 2 ? String(errno ?? '') : `[Errno ${String(errno)}] ${String(words)}`);
    const known = typeof errno === 'number' && args.length >= 2;
    this.args = args;
    this.errno = known ? errno : null;
    this.strerror = args.length >= 2 ? String(words) : null;
    this.code = known ? this.codeOf(errno) : undefined;
    const subclass = known && new.target === OSError ? subclasses.get(errno) : undefined;
    // biome-ignore lint/correctness/noConstructorReturn: OSError(111, '…') is a ConnectionRefusedError in Python
    if (subclass !== undefined) return new subclass(...args);
  }

  /** The name of an error number of this class. */
  protected codeOf(errno: number): string | undefined {
    return errnoNames.get(errno);
  }
}

/** EAGAIN, EALREADY, EINPROGRESS: the call would have had to wait. */
export class BlockingIOError extends OSError {}
/** ECHILD. */
export class ChildProcessError extends OSError {}
/** What {@link BrokenPipeError}, {@link ConnectionAbortedError}, {@link ConnectionRefusedError} and {@link ConnectionResetError} have in common. */
export class ConnectionError extends OSError {}
/** EPIPE, ESHUTDOWN. */
export class BrokenPipeError extends ConnectionError {}
/** ECONNABORTED. */
export class ConnectionAbortedError extends ConnectionError {}
/** ECONNREFUSED. */
export class ConnectionRefusedError extends ConnectionError {}
/** ECONNRESET. */
export class ConnectionResetError extends ConnectionError {}
/** EEXIST. */
export class FileExistsError extends OSError {}
/** ENOENT: the path of a Unix socket, for one. */
export class FileNotFoundError extends OSError {}
/** EINTR. */
export class InterruptedError extends OSError {}
/** EISDIR. */
export class IsADirectoryError extends OSError {}
/** ENOTDIR. */
export class NotADirectoryError extends OSError {}
/** EACCES, EPERM. */
export class PermissionError extends OSError {}
/** ESRCH. */
export class ProcessLookupError extends OSError {}
/** The socket's timeout ran out (`'timed out'`, without errno), or ETIMEDOUT from the kernel. `socket.timeout` is this class. */
export class TimeoutError extends OSError {}
/** getaddrinfo(3) failed; `errno` is one of the `EAI_…`. */
export class gaierror extends OSError {
  protected override codeOf(errno: number): string | undefined {
    return eaiNames.get(errno);
  }
}
/** What gethostbyname(3) and its kin raise. */
export class herror extends OSError {
  protected override codeOf(): undefined {
    return undefined;
  }
}
/** An argument of the right type whose value cannot be used. */
export class ValueError extends Error {
  readonly code: string = 'ERR_INVALID_ARG_VALUE';
}
/** Text that cannot be encoded. */
export class UnicodeError extends ValueError {}
/** A number outside what the call takes. */
export class OverflowError extends RangeError {
  readonly code: string = 'ERR_OUT_OF_RANGE';
}

function named(type: { prototype: Error }, name: string): void {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}

// Names are Python's, also where a bundler renames classes.
for (const [name, type] of Object.entries({
  OSError,
  BlockingIOError,
  ChildProcessError,
  ConnectionError,
  BrokenPipeError,
  ConnectionAbortedError,
  ConnectionRefusedError,
  ConnectionResetError,
  FileExistsError,
  FileNotFoundError,
  InterruptedError,
  IsADirectoryError,
  NotADirectoryError,
  PermissionError,
  ProcessLookupError,
  TimeoutError,
  gaierror,
  herror,
  ValueError,
  UnicodeError,
  OverflowError,
})) {
  named(type, name);
}

/** PEP 3151: which class an error number raises. */
const subclasses: ReadonlyMap<number, typeof OSError> = new Map([
  [errnos.EAGAIN, BlockingIOError],
  [errnos.EALREADY, BlockingIOError],
  [errnos.EINPROGRESS, BlockingIOError],
  [errnos.EWOULDBLOCK, BlockingIOError],
  [errnos.ECHILD, ChildProcessError],
  [errnos.EPIPE, BrokenPipeError],
  [errnos.ESHUTDOWN, BrokenPipeError],
  [errnos.ECONNABORTED, ConnectionAbortedError],
  [errnos.ECONNREFUSED, ConnectionRefusedError],
  [errnos.ECONNRESET, ConnectionResetError],
  [errnos.EEXIST, FileExistsError],
  [errnos.ENOENT, FileNotFoundError],
  [errnos.EINTR, InterruptedError],
  [errnos.EISDIR, IsADirectoryError],
  [errnos.ENOTDIR, NotADirectoryError],
  [errnos.EACCES, PermissionError],
  [errnos.EPERM, PermissionError],
  [errnos.ESRCH, ProcessLookupError],
  [errnos.ETIMEDOUT, TimeoutError],
]);

/** Of two names for one number, the one that POSIX has first. */
const aliases: ReadonlySet<string> = new Set(['EWOULDBLOCK', 'EDEADLOCK', 'ENOTSUP']);
const errnoNames: ReadonlyMap<number, string> = new Map(
  Object.entries(errnos)
    .filter(([name]) => !aliases.has(name))
    .map(([name, number]) => [number, name]),
);
const eaiNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants)
    .filter(([name]) => name.startsWith('EAI_'))
    .map(([name, number]) => [number, name]),
);

function caused<E extends Error>(error: E, cause: unknown): E {
  if (cause !== undefined) {
    Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
  }
  return error;
}

/** The error for a positive number of the system's. */
export function systemError(errno: number, cause?: unknown): OSError {
  return caused(new OSError(errno, strerror(errno)), cause);
}

/** An OSError without number: Python's for addresses and names that cannot be used. */
export function plainError(message: string, cause?: unknown): OSError {
  const error = caused(new OSError(message), cause);
  error.code = 'ERR_INVALID_ARG_VALUE';
  return error;
}

/** Python's TypeError is JavaScript's. */
export function typeError(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * What to throw for what core threw: its SocketError as Python would have raised it, anything else as it is.
 *
 * @param waits false on a socket that does not wait, where a call that would have to is EAGAIN and no timeout
 */
export function pythonError(error: unknown, waits = true): unknown {
  if (!(error instanceof SocketError)) return error;
  if (error.code === 'ERR_SOCKET_TIMEOUT') {
    if (!waits) return systemError(errnos.EAGAIN, error);
    const late = caused(new TimeoutError('timed out'), error);
    late.code = error.code;
    return late;
  }
  const { errno } = error;
  if (error.code.startsWith('EAI_')) {
    const eai = errno ?? constants.EAI_FAIL;
    return caused(new gaierror(eai, gaiStrerror(eai)), error);
  }
  return errno === undefined ? caused(new OSError(error.message), error) : systemError(-errno, error);
}

/** The result of `call`, with core's errors as Python's. */
export function asPython<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw pythonError(error);
  }
}
