/** One owned descriptor: its life, how its calls wait, and the errors they end with. */
import { native } from './binding.ts';
import { checkOptions, checkSignal, checkTimeout } from './check.ts';
import { constants, errnos } from './constants.ts';
import { abortError, type SocketError, systemError, timeoutError } from './errors.ts';
import { hint } from './hints/index.ts';
import { explained, type Flags, type Kind } from './options.ts';
import { AGAIN, outOfTurn, Readiness, turn, type WaitOptions } from './wait.ts';

/** A slot that no socket has: what a closed one is given, so that the native part answers EBADF. */
const NOWHERE = 0x3fffffff;

/** What socket(2) takes beside the type. */
const NOT_TYPES = (constants.SOCK_CLOEXEC ?? 0) | (constants.SOCK_NONBLOCK ?? 0);

export class Handle implements Kind {
  slot: number;
  generation: number;
  /** The descriptor; -1 when closed or given away. */
  fd: number;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  #readiness: Readiness | undefined;

  constructor(slot: number, generation: number, kind: Kind) {
    this.slot = slot;
    this.generation = generation;
    this.fd = native.fd(slot, generation);
    this.family = kind.family;
    this.type = kind.type & ~NOT_TYPES;
    this.protocol = kind.protocol;
  }

  get closed(): boolean {
    return this.slot === NOWHERE;
  }

  /** Refuses calls from now on, and fails those that wait with ECANCELED. */
  leave(): void {
    this.slot = NOWHERE;
    this.fd = -1;
    this.#readiness?.cancel();
    this.#readiness = undefined;
  }

  /**
   * Runs a call now if it can finish, and otherwise when the socket is ready: the Promise form of everything. MSG_DONTWAIT
   * asks once.
   */
  async run(
    direction: number,
    attempt: () => number,
    syscall: string,
    options?: WaitOptions,
    address?: Uint8Array,
  ): Promise<number> {
    const { timeout, signal } = waiting(options, syscall);
    // Whoever waited first is first, but who asks once is answered.
    const result = timeout !== 0 && this.#readiness?.busy(direction) ? AGAIN : attempt();
    const once = ((options as Flags | undefined)?.flags ?? 0) & constants.MSG_DONTWAIT;
    if (result === AGAIN && !once) {
      return this.done(await this.wait(direction, attempt, syscall, timeout, signal), syscall, address);
    }
    if (outOfTurn()) await turn();
    return this.done(result, syscall, address);
  }

  /** Waits until `attempt` says something other than `-EAGAIN`. */
  wait(
    direction: number,
    attempt: () => number,
    syscall: string,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    if (this.closed) return Promise.reject(this.error(-errnos.EBADF, syscall));
    if (timeout === 0) return Promise.reject(timeoutError(syscall));
    this.#readiness ??= new Readiness(this.slot, this.generation);
    return this.#readiness.wait(direction, attempt, syscall, timeout, signal);
  }

  /** A result that is no error; errors are thrown. */
  done(result: number, syscall: string, address?: Uint8Array): number {
    if (result < 0) throw this.error(result, syscall, address);
    return result;
  }

  /** As {@link done}, for calls that take a part of a buffer. */
  moved(
    result: number,
    syscall: string,
    name: string,
    buffer: Uint8Array,
    offset: number,
    length: number,
    address?: Uint8Array,
  ): number {
    return this.done(explained(result, name, buffer, offset, length), syscall, address);
  }

  error(result: number, syscall: string, address?: Uint8Array): SocketError {
    if (this.closed && result === -errnos.EBADF) return systemError(result, syscall, 'this Socket is closed');
    const { family, type, protocol } = this;
    return systemError(result, syscall, hint(result, { syscall, family, type, protocol, address }));
  }
}

/** Timeout (-1 for none) and signal of a call that waits on the event loop. */
export function waiting(
  options: WaitOptions | undefined,
  syscall: string,
): { timeout: number; signal: AbortSignal | undefined } {
  if (options === undefined) return FOREVER;
  const { timeout, signal } = checkOptions(options);
  const checked = checkSignal(signal);
  if (checked?.aborted) throw abortError(checked, syscall);
  return { timeout: checkTimeout(timeout), signal: checked };
}

const FOREVER = Object.freeze({ timeout: -1, signal: undefined });
