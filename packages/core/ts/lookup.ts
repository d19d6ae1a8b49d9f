/** Look-ups that can take long: on threads of their own, two at a time in the whole process, first come first served. */
import { BAD_ARGUMENT, type Later, native } from './binding.ts';
import { abortError, errnoName, SocketError, systemError, timeoutError } from './errors.ts';
import { waiting } from './handle.ts';
import type { WaitOptions } from './wait.ts';

/** What the native part writes the ticket into; read at once. */
const ticket: Int32Array = new Int32Array(1);

/**
 * Begins a look-up and waits for its answer. One that is aborted or late leaves the queue; where it is under way, its thread
 * ends unheard and does not count any longer.
 */
export async function lookup<T>(
  begin: (ticket: Int32Array) => Later<T>,
  syscall: string,
  options: WaitOptions | undefined,
): Promise<T> {
  const { timeout, signal } = waiting(options, syscall);
  if (timeout === 0) throw timeoutError(syscall);
  const promise = begin(ticket);
  if (typeof promise === 'number') throw notBegun(promise, syscall);
  const [mine = 0] = ticket;
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  let failure: SocketError | undefined;
  const leave = (error: SocketError): void => {
    failure ??= error;
    // Resolves the promise.
    native.cancelLookup(mine);
  };
  if (timeout > 0) timer = setTimeout(() => leave(timeoutError(syscall)), timeout);
  if (signal !== undefined) {
    onAbort = () => leave(abortError(signal, syscall));
    signal.addEventListener('abort', onAbort, { once: true });
  }
  try {
    const answer = await promise;
    if (failure !== undefined) throw failure;
    return answer as T;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What a number means where an answer was asked for. */
export function notBegun(result: number, syscall: string): SocketError {
  if (result === BAD_ARGUMENT) {
    return new SocketError(`${syscall} EINVAL: the native part refused its arguments`, {
      code: 'EINVAL',
      syscall,
    });
  }
  const hint = errnoName(-result) === 'EAGAIN' ? 'no thread could be started for it' : undefined;
  return systemError(result, syscall, hint);
}
