/** What a socket object holds: a Socket of core's, how long its calls wait, and what is known of it when it is closed. */
import { type Socket as Core, constants, errnos, type SyncOptions } from '@sockeye/core';
import type { RetAddress } from '../address/family.ts';
import { fromSockaddr } from '../address/registry.ts';
import { toInt } from '../arguments.ts';
import { asPython, pythonError, systemError } from '../errors.ts';
import { leave, remember } from '../open.ts';
import { repr } from '../repr.ts';
import type { Timeout } from '../timeouts.ts';

/** The longest wait that core takes, in milliseconds: longer ones have no end. */
const LONGEST = 0x7fffffff;

/** What every wait of a socket with this timeout is told. */
function patience(timeout: Timeout): SyncOptions | undefined {
  if (timeout === null || timeout * 1000 > LONGEST) return undefined;
  return { timeout: timeout * 1000 };
}

const AT_ONCE = (constants.MSG_DONTWAIT ?? 0) | (constants.MSG_ERRQUEUE ?? 0);
const HEEDED_WHEN_BLOCKING = (constants.MSG_WAITALL ?? 0) | (constants.MSG_DONTWAIT ?? 0);

/** What calls are told beside their data. */
export type CallOptions = SyncOptions & { flags?: number };

/** What is known of a socket; the kernel is asked for the rest. */
export interface Kind {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
}

export class Held {
  core: Core;
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  /** The number; -1 when this object was closed or gave it away. */
  fd: number;
  timeout: Timeout = null;
  /** Undefined where there is no end to waiting: core's shortest way. */
  patience: SyncOptions | undefined;
  /** `close()` was called. Files that are open on the socket keep it open. */
  closing = false;
  /** Files that are open on the socket. */
  files = 0;

  constructor(core: Core, kind: Kind) {
    this.core = core;
    this.family = kind.family;
    this.type = kind.type;
    this.proto = kind.proto;
    this.fd = core.fd;
    remember(this.fd, core);
  }

  setTimeout(timeout: Timeout): void {
    this.timeout = timeout;
    this.patience = patience(timeout);
  }

  /** O_NONBLOCK as the timeout says. */
  setFlag(): void {
    try {
      this.core.blocking = this.timeout === null;
    } catch (error) {
      throw this.failed(error);
    }
  }

  /** What a call with these flags is told. */
  options(flags: unknown): CallOptions | undefined {
    if (flags === 0) return this.patience;
    const number = toInt(flags);
    // The kernel does not wait with these, whatever the socket does.
    if (this.timeout === null && (number & AT_ONCE) !== 0) return { timeout: 0, flags: number };
    // With a timeout Python's descriptor does not block, so the kernel heeds no MSG_WAITALL; and Python waits by poll(2)
    // and asks again, so that MSG_DONTWAIT changes nothing.
    return { ...this.patience, flags: this.timeout === null ? number : number & ~HEEDED_WHEN_BLOCKING };
  }

  /** What to throw for what core threw. */
  failed(error: unknown): unknown {
    return pythonError(error, this.timeout !== null && this.timeout !== 0);
  }

  /** An address that came, as Python writes it. */
  from(sockaddr: Uint8Array): RetAddress {
    return fromSockaddr(sockaddr, this.proto);
  }

  getsockname(): RetAddress {
    return this.from(asPython(() => this.core.getsockname()));
  }

  getpeername(): RetAddress {
    return this.from(asPython(() => this.core.getpeername()));
  }

  /** Closes the descriptor, once. Throws EBADF where something else had closed it. */
  close(): void {
    if (this.fd < 0) return;
    this.fd = -1;
    leave(this.core);
    if (this.core.closed) throw systemError(errnos.EBADF);
    asPython(() => this.core.close());
  }

  /** Gives the number away, open; -1 when there is none. */
  detach(): number {
    const { fd } = this;
    if (fd < 0) return -1;
    this.fd = -1;
    if (!leave(this.core)) return this.core.closed ? fd : asPython(() => this.core.detach());
    // Another object goes on with it: this one has a closed one from now on.
    const gone = asPython(() => this.core.dup());
    gone.close();
    this.core = gone;
    return fd;
  }

  repr(name = 'socket.socket'): string {
    return repr({
      name,
      fd: this.fd,
      family: this.family,
      type: this.type,
      proto: this.proto,
      closed: this.closing && this.files === 0,
      getsockname: () => this.getsockname(),
      getpeername: () => this.getpeername(),
    });
  }
}

/** Sockets that nobody closed: closed when they are collected, with Python's warning. */
const dropped = new FinalizationRegistry<Held>((held) => {
  if (held.fd < 0 || held.core.closed) return;
  const text = `unclosed ${held.repr()}`;
  if (leave(held.core)) return;
  held.fd = -1;
  try {
    held.core.close();
  } catch {
    // Something else had closed it, and has been told so.
  }
  // One that was closed, and waited for a file that nobody closed, is nobody's fault.
  if (!held.closing) process.emitWarning(text, 'ResourceWarning');
});

/** Has the socket closed, with a warning, when `object` is collected. What is held must not hold the object. */
export function watch(object: object, held: Held): void {
  dropped.register(object, held, held);
}

/** Closed or given away: nobody need be warned. */
export function unwatch(held: Held): void {
  dropped.unregister(held);
}
