import { native, TIMED_OUT, TIMED_OUT_FULL } from './binding.ts';
import { checkInt } from './check.ts';
import { errnos } from './constants.ts';

/** Fields that Node.js's own system errors have. */
export interface SocketErrorFields {
  code: string;
  errno?: number | undefined;
  syscall?: string | undefined;
  cause?: unknown;
}

/**
 * Whatever fails below JavaScript, in Node.js's shape: `code` (`'ECONNREFUSED'`), `errno` (negative: `-111`), `syscall`
 * (`'connect'`). A timeout of the caller's is `ERR_SOCKET_TIMEOUT`, without `errno`; an abort is named `AbortError` with
 * the code `ABORT_ERR` and the signal's reason as `cause`; name resolution has `EAI_…` codes.
 */
export class SocketError extends Error {
  readonly code: string;
  readonly errno: number | undefined;
  readonly syscall: string | undefined;
  /** After a failed `sendAll`: how many bytes the kernel had taken. */
  declare bytesSent?: number;
  /** After a failed `sendBatch`: how many messages the kernel had taken. */
  declare messagesSent?: number;

  constructor(message: string, fields: SocketErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'SocketError';
    this.code = fields.code;
    this.errno = fields.errno;
    this.syscall = fields.syscall;
  }
}

let names: Map<number, string> | undefined;

/** The name of a positive error number; of several for one number, the one that POSIX has. */
export function errnoName(errno: number): string {
  if (names === undefined) {
    names = new Map();
    const aliases = new Set(['EWOULDBLOCK', 'EDEADLOCK', 'ENOTSUP']);
    for (const [name, number] of Object.entries(errnos)) {
      // ENOTSUP has a number of its own on macOS and Windows.
      if (!aliases.has(name) || !names.has(number)) names.set(number, name);
    }
  }
  return names.get(errno) ?? `E${errno}`;
}

/** The C library's words for a positive error number: strerror(3). */
export function strerror(errno: number): string {
  return native.strerror(checkInt('errno', errno));
}

/** The C library's words for an `EAI_…` number: gai_strerror(3). */
export function gaiStrerror(eai: number): string {
  return native.gaiStrerror(checkInt('eai', eai));
}

/** The error for `-errno`, as a native call returned it; `hint` says what mends it. */
export function systemError(result: number, syscall: string, hint?: string): SocketError {
  if (result === TIMED_OUT) return timeoutError(syscall);
  if (result === TIMED_OUT_FULL) return fullError(syscall);
  const code = errnoName(-result);
  const words = `${syscall} ${code}: ${native.strerror(-result)}`;
  return new SocketError(hint === undefined ? words : `${words}; ${hint}`, { code, errno: result, syscall });
}

export function timeoutError(syscall: string): SocketError {
  return new SocketError(`${syscall}: the timeout ran out`, { code: 'ERR_SOCKET_TIMEOUT', syscall });
}

/** The timeout of a send ran out, and the queue of the interface was full: `cause` is ENOBUFS. */
export function fullError(syscall: string): SocketError {
  const message = `${syscall}: the timeout ran out, and the queue of the interface was full`;
  const cause = systemError(-errnos.ENOBUFS, syscall);
  return new SocketError(message, { code: 'ERR_SOCKET_TIMEOUT', syscall, cause });
}

export function canceledError(syscall: string): SocketError {
  const errno = -errnos.ECANCELED;
  return new SocketError(`${syscall} ECANCELED: the socket was closed while this call waited`, {
    code: 'ECANCELED',
    errno,
    syscall,
  });
}

export function abortError(signal: AbortSignal, syscall: string): SocketError {
  const error = new SocketError('The operation was aborted', {
    code: 'ABORT_ERR',
    syscall,
    cause: signal.reason,
  });
  error.name = 'AbortError';
  return error;
}

export function staleError(): SocketError {
  return new SocketError('this message is gone: its batch was received into again; copy() keeps one', {
    code: 'ERR_SOCKET_STALE',
  });
}
