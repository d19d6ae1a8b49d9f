/** What buses that are no sockets fail with, in the form of core's SocketError, which they do not import. */

/**
 * An operation of a bus failed: `code` is as of a socket, `ERR_SOCKET_TIMEOUT`, `ABORT_ERR`, `ECANCELED`, `EBADF`, `ENETDOWN`,
 * `EINVAL`, `ENOTSUP` … An abort is named `AbortError`.
 */
export class CanBusError extends Error {
  override name: string = 'CanBusError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const timeoutError = (call: string): CanBusError =>
  new CanBusError('ERR_SOCKET_TIMEOUT', `${call}: the timeout ran out`);

export const canceledError = (call: string): CanBusError =>
  new CanBusError('ECANCELED', `${call} ECANCELED: the bus was closed while this call waited`);

export const closedError = (call: string): CanBusError =>
  new CanBusError('EBADF', `${call} EBADF: this bus is closed`);

export function abortError(signal: AbortSignal): CanBusError {
  const error = new CanBusError('ABORT_ERR', 'The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  return error;
}
