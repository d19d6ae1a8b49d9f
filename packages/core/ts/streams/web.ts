/** A socket as the two streams of the web: https://streams.spec.whatwg.org. */

import { ReadableStream, WritableStream } from 'node:stream/web';
import { types } from 'node:util';
import { checkBytes, checkInteger, checkOptions, checkSignal, wrongType } from '../check.ts';
import { constants, errnos } from '../constants.ts';
import { abortError } from '../errors.ts';
import type { Socket } from '../socket.ts';
import { AGAIN, outOfTurn, READABLE, turn } from '../wait.ts';
import { Carrier, type CarrierOptions } from './carrier.ts';

const { SHUT_RD } = constants;

/** Bytes that one receive asks for when the reader brings no buffer. */
const CHUNK = 64 * 1024;
const WRITABLE_MARK = 64 * 1024;

/** What {@link toWeb} takes. */
export interface WebOptions extends CarrierOptions {
  /** Bytes that are received before anybody reads; 0 unless given: the kernel's buffer is buffer enough. */
  readableHighWaterMark?: number | undefined;
  /** Bytes that may wait to be sent before `writer.ready` makes the writer wait; 64 KiB unless given. */
  writableHighWaterMark?: number | undefined;
}

/** What {@link toWeb} gives: a `ReadableWritablePair` in the standard's words. */
export interface WebStreams {
  /** A byte stream: readers may bring their own buffers, `getReader({ mode: 'byob' })`. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Takes Uint8Arrays, other views and ArrayBuffers. */
  readonly writable: WritableStream<Uint8Array | ArrayBuffer | ArrayBufferView>;
}

/** The standard's ReadableByteStreamController, of which Node.js 20's types know only a part. */
interface Reader {
  readonly byobRequest: Request | null | undefined;
  enqueue(chunk: Uint8Array): void;
  close(): void;
  error(reason?: unknown): void;
}

/** The standard's ReadableStreamBYOBRequest. */
interface Request {
  readonly view: ArrayBufferView | null;
  respond(count: number): void;
}

/** The standard's WritableStreamDefaultController. */
interface Writer {
  readonly signal?: AbortSignal;
  error(reason?: unknown): void;
}

/** The two streams of one socket, which is closed when both are over. */
class Web {
  readonly #carrier: Carrier;
  #reader: Reader | undefined;
  #writer: Writer | undefined;
  /** Memory for a chunk; kept while only a little of it was used. */
  #spare: Buffer | undefined;
  #received = false;
  #sent = false;
  /** Takes back what listens to the caller's signal. */
  #forget: (() => void) | undefined;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  start(reader: Reader): void {
    this.#reader = reader;
  }

  open(writer: Writer): void {
    this.#writer = writer;
    // The standard waits for a write under way before it calls abort(): it ends at once.
    const { signal } = writer;
    signal?.addEventListener('abort', () => this.end(signal.reason), { once: true });
  }

  /** One receive: into the reader's own buffer where it has brought one, something is there, and no message could be cut. */
  async pull(reader: Reader): Promise<void> {
    const { messages, socket } = this.#carrier;
    const own = messages ? undefined : reader.byobRequest;
    const view = own?.view;
    let buffer: Uint8Array;
    let count: number;
    try {
      if (own && view) {
        count = socket.tryRecvInto(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
        if (count > 0) {
          this.#carrier.bytesRead += count;
          own.respond(count);
          if (outOfTurn()) await turn();
          return;
        }
        // An error is told once: whoever asks again hears of an orderly end.
        if (count < 0 && count !== AGAIN) throw this.#carrier.handle.error(count, 'recv');
      }
      // Whoever read may have let go when the wait is over: what comes then goes to the stream, which knows who reads.
      buffer = this.#room();
      count = await this.#receive(buffer);
      if (count > buffer.byteLength) throw this.#carrier.handle.error(-errnos.EMSGSIZE, 'recv');
    } catch (error) {
      // Cancelled meanwhile, or failed as a whole: all has been said.
      if (this.#received) return;
      this.#received = true;
      const told = this.#carrier.explain(error as Error);
      this.#failWriter(told);
      this.#close();
      throw told;
    }
    if (this.#received) return;
    this.#carrier.bytesRead += count;
    if (count > 0) return reader.enqueue(this.#taken(buffer, count));
    this.#received = true;
    reader.close();
    // Readers with buffers of their own get them back.
    reader.byobRequest?.respond(0);
    this.#over();
  }

  #receive(buffer: Uint8Array): Promise<number> {
    const { handle, socket, messages } = this.#carrier;
    const flags = messages ? constants.MSG_TRUNC : 0;
    return handle.run(READABLE, () => (this.#received ? 0 : socket.tryRecvInto(buffer, flags)), 'recv');
  }

  #room(): Buffer {
    const { messages, messageSize } = this.#carrier;
    this.#spare ??= Buffer.allocUnsafeSlow(messages ? messageSize : CHUNK);
    return this.#spare;
  }

  /** What was received, in memory of its own: the stream transfers it away. */
  #taken(buffer: Uint8Array, count: number): Uint8Array {
    if (count < buffer.byteLength / 2) {
      const copy = Buffer.allocUnsafeSlow(count);
      copy.set(buffer.subarray(0, count));
      return copy;
    }
    this.#spare = undefined;
    return buffer.subarray(0, count);
  }

  /** The reader has lost interest: the kernel receives no more for it. */
  cancel(): void {
    if (this.#received) return;
    this.#received = true;
    this.#over();
    try {
      if (!this.#sent) this.#carrier.socket.shutdown(SHUT_RD);
    } catch {
      // The peer is gone; whoever writes will hear of it.
    }
  }

  write(chunk: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => {
        // What the peer has sent before can still be read.
        this.#sent = true;
        this.#over();
        reject(error);
      };
      try {
        this.#carrier.send([bytesOf(chunk)], (error) => (error ? failed(error) : resolve()));
      } catch (error) {
        failed(error);
      }
    });
  }

  finish(): void {
    this.#carrier.end();
    this.#sent = true;
    this.#over();
  }

  /** Ends both directions at once: the peer gets a reset where the protocol has one. The writable side knows of it. */
  end(reason: unknown): void {
    const received = this.#received;
    this.#received = true;
    this.#sent = true;
    this.#close(true);
    if (!received) this.#reader?.error(reason);
  }

  /** As {@link end}, and tells the writable side. */
  fail(reason: unknown): void {
    if (this.#carrier.handle.closed) return;
    this.end(reason);
    this.#failWriter(reason);
  }

  #failWriter(reason: unknown): void {
    this.#sent = true;
    this.#writer?.error(reason);
  }

  #over(): void {
    if (this.#received && this.#sent) this.#close();
  }

  #close(reset = false): void {
    this.#forget?.();
    this.#carrier.close(reset);
  }

  /** Fails both streams when the signal is aborted, as long as one of them is open. */
  obey(signal: AbortSignal): void {
    const abort = (): void => this.fail(abortError(signal, 'recv'));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    this.#forget = () => signal.removeEventListener('abort', abort);
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (types.isAnyArrayBuffer(chunk)) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) {
    return checkBytes('chunk', new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  throw wrongType('chunk', 'a Uint8Array, another view or an ArrayBuffer', chunk);
}

/** What a chunk counts for; what is none is refused when it is written. */
function size(chunk: unknown): number {
  const length: unknown = (chunk as { byteLength?: unknown } | null | undefined)?.byteLength;
  return typeof length === 'number' && length >= 0 && length < Number.POSITIVE_INFINITY ? length : 0;
}

/**
 * A connected socket as the two streams of the web.
 *
 * They own the socket from now on, which is closed when both are over. The readable one receives only when it is asked; the
 * peer's end closes it. `cancel()` ends receiving (`shutdown(SHUT_RD)`), `close()` of the writable one ends sending
 * (`shutdown(SHUT_WR)`), each leaving the other direction open. `abort()` ends both at once with its reason: what was not sent is lost,
 * and a peer on TCP gets a reset. Errors of the kernel are those of {@link SocketError}; a failed receive fails both
 * streams, a failed send the writable one.
 *
 * On a SOCK_SEQPACKET socket each chunk is a message in both directions; a reader that brings a smaller buffer gets the rest
 * of the message with the next read.
 *
 * @param socket connected, of type SOCK_STREAM or SOCK_SEQPACKET
 * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; SocketError EBADF when it is closed
 */
export function toWeb(socket: Socket, options?: WebOptions): WebStreams {
  const given = checkOptions(options);
  const signal = checkSignal(given.signal);
  const most = Number.MAX_SAFE_INTEGER;
  const { readableHighWaterMark = 0, writableHighWaterMark = WRITABLE_MARK } = given;
  checkInteger('readableHighWaterMark', readableHighWaterMark, 0, most);
  checkInteger('writableHighWaterMark', writableHighWaterMark, 0, most);
  const web = new Web(new Carrier(socket, given));
  const readable = new ReadableStream(
    {
      type: 'bytes',
      start: (controller) => web.start(controller),
      pull: (controller) => web.pull(controller),
      cancel: () => web.cancel(),
    },
    { highWaterMark: readableHighWaterMark },
  );
  const writable = new WritableStream<Uint8Array | ArrayBuffer | ArrayBufferView>(
    {
      start: (controller) => web.open(controller),
      write: (chunk) => web.write(chunk),
      close: () => web.finish(),
      abort: (reason) => web.end(reason),
    },
    { highWaterMark: writableHighWaterMark, size },
  );
  if (signal !== undefined) web.obey(signal);
  return { readable, writable };
}
