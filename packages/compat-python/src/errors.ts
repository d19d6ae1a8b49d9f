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
  /** The path that a third argument says; null where Python has None. */
  readonly filename: unknown;
  /** The second path, of calls that take two. */
  readonly filename2: unknown;
  /** What the error was made from: errno and strerror alone where a path came with them. */
  readonly args: readonly unknown[];
  /** As Node.js has it: `'ECONNREFUSED'`, `'EAI_NONAME'`, `'ERR_SOCKET_TIMEOUT'`. */
  code: string | undefined;

  constructor(...args: readonly unknown[]) {
    const [errno, words, filename = null, , filename2 = null] = args;
    super(args.length < 2 ? String(errno ?? '') : numbered(errno, words, filename, filename2));
    const known = typeof errno === 'number' && args.length >= 2;
    this.args = filename === null ? args : args.slice(0, 2);
    this.errno = known ? errno : null;
    this.strerror = args.length >= 2 ? String(words) : null;
    this.filename = filename;
    this.filename2 = filename2;
    this.code = known ? this.codeOf(errno) : undefined;
    const subclass = known && new.target === OSError ? subclasses.get(errno) : undefined;
    // biome-ignore lint/correctness/noConstructorReturn: OSError(111, '…') is a ConnectionRefusedError in Python
    if (subclass !== undefined) return new subclass(...args);
  }

  /** The name of an error number of this class. */
  protected codeOf(errno: number): string | undefined {
    return errnoName(errno);
  }
}

/** Python's str() of an OSError with a number. */
function numbered(errno: unknown, words: unknown, filename: unknown, filename2: unknown): string {
  const text = `[Errno ${String(errno)}] ${String(words)}`;
  if (filename === null) return text;
  const path = typeof filename === 'string' ? `'${filename}'` : String(filename);
  return filename2 === null ? `${text}: ${path}` : `${text}: ${path} -> '${String(filename2)}'`;
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
    return eaiName(errno);
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
/** Text or bytes that have no counterpart. */
export class UnicodeError extends ValueError {}
/** Text that cannot be encoded: from `start` to before `end`, counted in characters. */
export class UnicodeEncodeError extends UnicodeError {
  /** Python's `encoding`, `object`, `start`, `end`, `reason`. */
  readonly args: readonly [encoding: string, object: string, start: number, end: number, reason: string];

  constructor(encoding: string, object: string, start: number, end: number, reason: string) {
    const point = [...object][start]?.codePointAt(0) ?? 0;
    const [letter, digits] = point > 0xffff ? ['U', 8] : point > 0xff ? ['u', 4] : ['x', 2];
    const character = `character '\\${letter}${point.toString(16).padStart(digits, '0')}' in position ${start}`;
    const what = end - start === 1 ? character : `characters in position ${start}-${end - 1}`;
    super(`'${encoding}' codec can't encode ${what}: ${reason}`);
    this.args = [encoding, object, start, end, reason];
  }
}
/** Bytes that cannot be decoded: from `start` to before `end`. */
export class UnicodeDecodeError extends UnicodeError {
  /** Python's `encoding`, `object`, `start`, `end`, `reason`. */
  readonly args: readonly [encoding: string, object: Uint8Array, start: number, end: number, reason: string];

  constructor(encoding: string, object: Uint8Array, start: number, end: number, reason: string) {
    const byte = `byte 0x${(object[start] ?? 0).toString(16).padStart(2, '0')} in position ${start}`;
    const what = end - start === 1 ? byte : `bytes in position ${start}-${end - 1}`;
    super(`'${encoding}' codec can't decode ${what}: ${reason}`);
    this.args = [encoding, object, start, end, reason];
  }
}
/** A name that nothing has, as of an encoding. */
export class LookupError extends Error {
  readonly code: string = 'ERR_INVALID_ARG_VALUE';
}
/** `io.UnsupportedOperation`: a file that does not do that. There it is a ValueError too. */
export class UnsupportedOperation extends OSError {}
/** What several attempts raised, in order; Python 3.11. */
export class ExceptionGroup extends AggregateError {
  /** Without the count that `message` ends with. */
  readonly words: string;

  constructor(words: string, exceptions: readonly unknown[]) {
    super(exceptions, `${words} (${exceptions.length} sub-exception${exceptions.length === 1 ? '' : 's'})`);
    this.words = words;
  }

  /** What each attempt raised: `errors`, under Python's name. */
  get exceptions(): readonly unknown[] {
    return this.errors;
  }
}
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
  UnicodeEncodeError,
  UnicodeDecodeError,
  LookupError,
  UnsupportedOperation,
  ExceptionGroup,
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
let errnoNames: ReadonlyMap<number, string> | undefined;
let eaiNames: ReadonlyMap<number, string> | undefined;

/** Names by number: made when the first error is. */
function errnoName(errno: number): string | undefined {
  errnoNames ??= new Map(
    Object.entries(errnos)
      .filter(([name]) => !aliases.has(name))
      .map(([name, number]) => [number, name]),
  );
  return errnoNames.get(errno);
}

function eaiName(eai: number): string | undefined {
  eaiNames ??= new Map(
    Object.entries(constants)
      .filter(([name]) => name.startsWith('EAI_'))
      .map(([name, number]) => [number, name]),
  );
  return eaiNames.get(eai);
}

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

/** Words of hstrerror(3), by `h_errno`. */
const HOST_ERRORS: readonly string[] = [
  'Resolver Error 0 (no error)',
  'Unknown host',
  'Host name lookup failure',
  'Unknown server error',
  'No address associated with name',
];

/** The herror of an `h_errno`: netdb(3). */
export function hostError(number: number, cause?: unknown): herror {
  return caused(new herror(number, HOST_ERRORS[number] ?? 'Unknown resolver error'), cause);
}

/** Marks an error that an address is refused with, not one that its bytes could not be read. */
export function refused<E extends Error>(error: E): E {
  Object.defineProperty(error, 'refused', { value: true });
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
