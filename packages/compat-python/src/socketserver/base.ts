/** What all servers have in common: the loop, and the way of a request. */
import type { RetAddress } from '../address/family.ts';
import type { Address } from '../address/registry.ts';
import { OSError } from '../errors.ts';
import { shown } from '../repr.ts';
import { EVENT_READ } from '../selectors/base.ts';
import { PollSelector } from '../selectors/linux.ts';
import type { Timeout } from '../timeouts.ts';
import type { HandlerClass } from './handlers.ts';
import { showNow } from './threads.ts';

/** A server of requests `R`. {@link serve_forever} and {@link handle_request} block the thread. */
export abstract class BaseServer<R = unknown> {
  /** Where it serves; the system's choice of a port is in it. */
  server_address: RetAddress | Address;
  /** Made for each request, with this server, of whatever class the handler takes it for. */
  readonly RequestHandlerClass: HandlerClass<R, never>;
  /** Seconds that {@link handle_request} waits before it calls {@link handle_timeout}. */
  timeout: Timeout = null;
  /** 1 ends {@link serve_forever} at its next look: shared memory, which another thread may be given. */
  readonly shutdown_flag: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));

  constructor(server_address: Address, RequestHandlerClass: HandlerClass<R, never>) {
    this.server_address = server_address;
    this.RequestHandlerClass = RequestHandlerClass;
  }

  /** The descriptor that is waited for. */
  abstract fileno(): number;
  /** The next request, which is there already, and whose it is. */
  abstract get_request(): [request: R, client_address: RetAddress];
  /** The socket's own timeout. */
  protected abstract ownTimeout(): Timeout;

  server_activate(): void {}

  /**
   * Handles requests until {@link shutdown} is called, by a handler or `service_actions`, or another thread sets the flag.
   *
   * @param poll_interval seconds between looks at the flag
   */
  serve_forever(poll_interval = 0.5): void {
    using selector = new PollSelector();
    try {
      selector.register(this, EVENT_READ);
      while (Atomics.load(this.shutdown_flag, 0) === 0) {
        const ready = selector.select(poll_interval);
        if (Atomics.load(this.shutdown_flag, 0) !== 0) break;
        if (ready.length > 0) this.#handle();
        this.service_actions();
      }
    } finally {
      Atomics.store(this.shutdown_flag, 0, 0);
    }
  }

  /** Has {@link serve_forever} return. It is not waited for, as in Python: that would be this very thread. */
  shutdown(): void {
    Atomics.store(this.shutdown_flag, 0, 1);
  }

  /** Called in each round of the loop, for subclasses. */
  service_actions(): void {}

  /** Handles one request, or none when {@link timeout} or the socket's own runs out first. */
  handle_request(): void {
    const limits = [this.ownTimeout(), this.timeout].filter((limit) => limit !== null);
    const until = limits.length === 0 ? null : performance.now() + Math.min(...limits) * 1000;
    using selector = new PollSelector();
    selector.register(this, EVENT_READ);
    for (;;) {
      const left = until === null ? null : Math.max(0, until - performance.now()) / 1000;
      if (selector.select(left).length > 0) {
        this.#handle();
        return;
      }
      if (until !== null && performance.now() >= until) {
        this.handle_timeout();
        return;
      }
    }
  }

  /** Something can be read, so that getting the request does not block. */
  #handle(): void {
    let request: R;
    let client_address: RetAddress;
    try {
      [request, client_address] = this.get_request();
    } catch (error) {
      // Who asked has gone again.
      if (error instanceof OSError) return;
      throw error;
    }
    try {
      if (this.verify_request(request, client_address)) this.process_request(request, client_address);
      else this.shutdown_request(request);
    } catch (error) {
      this.handle_error(request, client_address, error);
      this.shutdown_request(request);
    }
  }

  handle_timeout(): void {}

  /** Whether the request is to be handled. */
  verify_request(_request: R, _client_address: RetAddress): boolean {
    return true;
  }

  /** Handles a request to its end. */
  process_request(request: R, client_address: RetAddress): void {
    this.finish_request(request, client_address);
    this.shutdown_request(request);
  }

  server_close(): void {}

  /** Has a new handler do its work. */
  finish_request(request: R, client_address: RetAddress): void {
    const handler = new this.RequestHandlerClass(request, client_address, this as never);
    handler.setup();
    try {
      handler.handle();
    } finally {
      handler.finish();
    }
  }

  shutdown_request(request: R): void {
    this.close_request(request);
  }

  close_request(_request: R): void {}

  /** What a handler threw: shown on standard error, and the server goes on. Python looks for the error itself. */
  handle_error(_request: R, client_address: RetAddress, error?: unknown): void {
    const line = '-'.repeat(40);
    const stack = error instanceof Error ? error.stack : String(error);
    const words = `Exception occurred during processing of request from ${shown(client_address)}`;
    showNow(`${line}\n${words}\n${stack}\n${line}\n`);
  }

  /** Python's `with`. */
  [Symbol.dispose](): void {
    this.server_close();
  }
}
