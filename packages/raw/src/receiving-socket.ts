import type { Socket, WaitOptions } from '@sockeye/core';

/** What packet sockets and raw IP sockets have in common: the socket below, what comes one after another, and the end. */
export abstract class ReceivingSocket<Received> implements Disposable, AsyncDisposable {
  /** The socket below. */
  readonly socket: Socket;

  protected constructor(socket: Socket) {
    this.socket = socket;
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  /** Waits for what comes next. */
  abstract recv(options?: WaitOptions): Promise<Received>;

  /** One after another, until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Received, void, void> {
    try {
      while (!this.closed) yield await this.recv();
    } catch (error) {
      if (!this.closed) throw error;
    }
  }

  /** Closes the socket; twice is fine. */
  close(): void {
    this.socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
