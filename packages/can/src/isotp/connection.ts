/** What both implementations of ISO-TP are to those who use them, and what they do alike. */
import { checkInteger, checkObject, outOfRange, wrongType, wrongValue } from '@sockeye/addr/check';
import { SocketError, type WaitOptions } from '@sockeye/core';
import { canceledError, closedError, IsoTpError, systemError } from './error.ts';
import type { Settings } from './options.ts';
import { LONGEST, singleFrameRoom } from './pci.ts';
import { Patience, Turns } from './waiting.ts';

/** Options of {@link IsoTpConnection.request}; the time is for the whole exchange. */
export interface RequestOptions extends WaitOptions {
  /** Whether a message is the answer; others are passed over. Left out: the first is. */
  readonly accept?: ((message: Uint8Array) => boolean) | undefined;
}

/** Options of {@link IsoTpConnection.messages}. */
export interface MessagesOptions {
  /** Aborting ends the iteration with ABORT_ERR. */
  readonly signal?: AbortSignal | undefined;
  /** Is told of messages that did not arrive whole, after which the iteration goes on. Left out: it ends with the error. */
  readonly onFault?: ((fault: IsoTpError) => void) | undefined;
}

/**
 * A connection of ISO-TP (ISO 15765-2; the kernel's networking/iso15765-2.rst): messages of any length between two CAN ids.
 * Messages are bytes, or arrays of whole numbers from 0 to 255.
 */
export interface IsoTpConnection extends AsyncDisposable {
  /** Which one runs: can-isotp of the kernel's, or ISO 15765-2 of our own over raw frames. */
  readonly implementation: 'kernel' | 'own';
  readonly closed: boolean;
  /**
   * Sends a message, and resolves when its last frame is sent: a failure is that of the message it belongs to.
   * @throws IsoTpError ECOMM when no flow control comes, EMSGSIZE when the receiver refuses the length, EBADMSG; SocketError
   * EINVAL for more than the kernel's limit, ENETDOWN, ENODEV, ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED, EBADF
   */
  send(message: Uint8Array | readonly number[], options?: WaitOptions): Promise<void>;
  /**
   * Waits for a message.
   * @throws IsoTpError once for each message that did not arrive whole: ETIMEDOUT, EILSEQ, EBADMSG, EMSGSIZE; SocketError
   * EOPNOTSUPP where nothing is received (`functional`, `noFlowControl`), else as {@link send}
   */
  recv(options?: WaitOptions): Promise<Uint8Array>;
  /**
   * Sends a message and waits for the answer. What was received before is thrown away, since it answers something else. Requests
   * are made one after the other.
   * @throws As {@link send} and {@link recv}
   */
  request(message: Uint8Array | readonly number[], options?: RequestOptions): Promise<Uint8Array>;
  /** Message after message, until the connection is closed. @throws As {@link recv} */
  messages(options?: MessagesOptions): AsyncGenerator<Uint8Array, void, void>;
  /**
   * Closes the connection; twice is fine. Calls that wait fail with ECANCELED. Resolves when all is given back: closing a
   * descriptor of can-isotp blocks for as long as a message is being sent, so that is waited for first.
   */
  close(): Promise<void>;
}

export abstract class Connection implements IsoTpConnection {
  abstract readonly implementation: 'kernel' | 'own';
  protected readonly settings: Settings;
  #closing: Promise<void> | undefined;
  readonly #senders = new Turns();
  readonly #requests = new Turns();

  protected constructor(settings: Settings) {
    this.settings = settings;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Sends one message; only one at a time is asked for. Undefined: it is sent already. */
  protected abstract transmit(message: Uint8Array, patience: Patience): Promise<void> | undefined;
  protected abstract receive(patience: Patience): Promise<Uint8Array>;
  /** Throws away what was received. */
  protected abstract discard(): void;
  /** Fails what waits with ECANCELED, and gives all back. */
  protected abstract end(): Promise<void>;

  async send(message: Uint8Array | readonly number[], options?: WaitOptions): Promise<void> {
    const bytes = this.#bytes(message);
    const patience = new Patience(options, 'send');
    this.#open('send');
    await this.#send(bytes, patience);
  }

  // What need not be waited for is not: each await is a turn of the microtasks.
  async #send(bytes: Uint8Array, patience: Patience): Promise<void> {
    const turn = this.#senders.take(patience);
    if (turn !== undefined) await turn;
    try {
      if (this.closed) throw canceledError('send');
      const sending = this.transmit(bytes, patience);
      if (sending !== undefined) await sending;
    } finally {
      this.#senders.leave();
    }
  }

  recv(options?: WaitOptions): Promise<Uint8Array> {
    try {
      const patience = new Patience(options, 'recv');
      this.#receives('recv');
      return this.receive(patience);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async request(message: Uint8Array | readonly number[], options?: RequestOptions): Promise<Uint8Array> {
    const bytes = this.#bytes(message);
    const patience = new Patience(options, 'request');
    const accept = options?.accept;
    if (accept !== undefined && typeof accept !== 'function') throw wrongType('accept', 'a function', accept);
    this.#receives('request');
    const turn = this.#requests.take(patience);
    if (turn !== undefined) await turn;
    try {
      if (this.closed) throw canceledError('request');
      this.discard();
      await this.#send(bytes, patience);
      for (;;) {
        const answer = await this.receive(patience);
        if (accept === undefined || accept(answer)) return answer;
      }
    } finally {
      this.#requests.leave();
    }
  }

  async *messages(options: MessagesOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    checkObject('options', options);
    const { signal, onFault } = options;
    if (onFault !== undefined && typeof onFault !== 'function')
      throw wrongType('onFault', 'a function', onFault);
    while (!this.closed) {
      let message: Uint8Array;
      try {
        message = await this.recv({ signal });
      } catch (error) {
        if (error instanceof SocketError && error.code === 'ECANCELED' && this.closed) return;
        if (!(error instanceof IsoTpError) || onFault === undefined) throw error;
        onFault(error);
        continue;
      }
      yield message;
    }
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.end();
      this.#senders.cancel(() => canceledError('send'));
      this.#requests.cancel(() => canceledError('request'));
    }
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open(syscall: string): void {
    if (this.closed) throw closedError(syscall);
  }

  #receives(syscall: string): void {
    this.#open(syscall);
    const { functional, noFlowControl } = this.settings;
    if (functional || noFlowControl) {
      throw systemError(
        'EOPNOTSUPP',
        syscall,
        'a connection to many, functional or noFlowControl, receives nothing',
      );
    }
  }

  /** A message, checked. */
  #bytes(message: Uint8Array | readonly number[]): Uint8Array {
    const bytes = Array.isArray(message) ? bytesOf(message) : (message as Uint8Array);
    if (!(bytes instanceof Uint8Array)) {
      throw wrongType('message', 'a Uint8Array or an array of whole numbers from 0 to 255', message);
    }
    if (bytes.length === 0)
      throw wrongValue('message', 'one byte or more: ISO-TP has no empty messages', message);
    if (bytes.length > LONGEST) throw outOfRange('message', `at most ${LONGEST} bytes`, message);
    const { functional, layout } = this.settings;
    if (functional && bytes.length > singleFrameRoom(layout)) {
      throw outOfRange(
        'message',
        `at most ${singleFrameRoom(layout)} bytes, a single frame, with functional`,
        message,
      );
    }
    return bytes;
  }
}

function bytesOf(numbers: readonly unknown[]): Uint8Array {
  return Uint8Array.from(numbers, (value, at) => checkInteger(`message[${at}]`, value, 0, 255));
}
