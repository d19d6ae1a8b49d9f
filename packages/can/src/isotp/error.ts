import { errnos, SocketError } from '@sockeye/core';
import type { IsoTpResult } from './result.ts';

/** The errno that can-isotp has for each, which our own implementation says too. */
const CODES: Readonly<Record<IsoTpResult, string>> = {
  N_TIMEOUT_A: 'ECOMM',
  N_TIMEOUT_Bs: 'ECOMM',
  N_TIMEOUT_Cr: 'ETIMEDOUT',
  N_WRONG_SN: 'EILSEQ',
  N_INVALID_FS: 'EBADMSG',
  N_UNEXP_PDU: 'EILSEQ',
  N_WFT_OVRN: 'ECOMM',
  N_BUFFER_OVFLW: 'EMSGSIZE',
  N_ERROR: 'EBADMSG',
};

const WORDS: Readonly<Record<IsoTpResult, string>> = {
  N_TIMEOUT_A: 'a frame could not be sent in time: is the bus up, and does anybody acknowledge?',
  N_TIMEOUT_Bs: 'no flow control came in time: nobody receives on this id, or it answers on another than rx',
  N_TIMEOUT_Cr: 'the sender stopped in the middle of a message',
  N_WRONG_SN: 'a frame of a message was lost, or came twice',
  N_INVALID_FS: 'the receiver sent flow control that means nothing',
  N_UNEXP_PDU: 'another message began before this one ended',
  N_WFT_OVRN: 'the receiver said "wait" too often',
  N_BUFFER_OVFLW: 'the message is longer than its receiver has room for',
  N_ERROR: 'a frame has other padding, or another length, than checkPadding asks for',
};

/**
 * A transfer that failed. `result` is ISO 15765-2's name of why, `code` and `errno` are can-isotp's, whichever implementation ran:
 * ECOMM (no flow control), EMSGSIZE (no room at the receiver), ETIMEDOUT (no more frames), EILSEQ (frames lost), EBADMSG
 * (padding). `syscall` is `send` or `recv`: whose failure it is.
 */
export class IsoTpError extends SocketError {
  readonly result: IsoTpResult;
  readonly implementation: 'kernel' | 'own';

  constructor(
    result: IsoTpResult,
    syscall: 'send' | 'recv',
    implementation: 'kernel' | 'own',
    more = '',
    code: string = CODES[result],
  ) {
    const number = (errnos as Readonly<Record<string, number | undefined>>)[code];
    super(`${syscall} ${code}: ${result}: ${WORDS[result]}${more}`, {
      code,
      errno: number === undefined ? undefined : -number,
      syscall,
    });
    this.name = 'IsoTpError';
    this.result = result;
    this.implementation = implementation;
  }
}

/** The caller's time ran out. */
export function timeoutError(syscall: string): SocketError {
  return new SocketError(`${syscall}: the timeout ran out`, { code: 'ERR_SOCKET_TIMEOUT', syscall });
}

export function canceledError(syscall: string): SocketError {
  return systemError('ECANCELED', syscall, 'the connection was closed while this call waited');
}

export function closedError(syscall: string): SocketError {
  return systemError('EBADF', syscall, 'this connection is closed');
}

/** An error number by its name, in the words given. */
export function systemError(code: string, syscall: string, words: string): SocketError {
  const number = (errnos as Readonly<Record<string, number | undefined>>)[code];
  return new SocketError(`${syscall} ${code}: ${words}`, {
    code,
    errno: number === undefined ? undefined : -number,
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
