/** `socket.SocketIO`: a socket as a file of bytes, without a buffer. */
import { errnos } from '@sockeye/core';
import { type BytesLike, toBytes, toInteger, toWritable } from '../arguments.ts';
import { OSError, TimeoutError, ValueError } from '../errors.ts';
import { shown } from '../repr.ts';
import { BytesBase, DEFAULT_BUFFER_SIZE, toCount, unsupported } from './base.ts';

/** What a file asks of its socket. */
export interface Carrier {
  fileno(): number;
  recv_into(buffer: BytesLike): number;
  send(data: BytesLike): number;
}

const MODES: ReadonlySet<string> = new Set(['r', 'w', 'rw', 'rb', 'wb', 'rwb']);

/** Whether the call would have had to wait. */
function blocked(error: unknown): boolean {
  const errno: unknown = error instanceof OSError ? error.errno : undefined;
  return errno !== undefined && (errno === errnos.EAGAIN || errno === errnos.EWOULDBLOCK);
}

/** Files that nobody closed: when they are collected, the socket need not wait for them any longer. */
const forgotten = new FinalizationRegistry<() => void>((closes) => {
  try {
    closes();
  } catch {
    // Something else had closed the socket, and there is nobody to tell.
  }
});

/** Made by `socket.makefile(mode, 0)`, and what lies under its other forms. */
export class SocketIO extends BytesBase {
  #socket: Carrier | undefined;
  readonly #reading: boolean;
  readonly #writing: boolean;
  readonly #closes: () => void;
  readonly #token: object = {};
  #late = false;
  /** `'rb'`, `'wb'` or `'rwb'`. */
  readonly mode: string;

  /**
   * @param mode `'r'`, `'w'`, `'rw'`, each with or without `'b'`
   * @param closes what the socket does when this is closed: it may have waited for that
   */
  constructor(sock: Carrier, mode: string, closes: () => void = () => {}) {
    super();
    if (!MODES.has(mode)) throw new ValueError(`invalid mode: ${shown(mode)}`);
    this.#socket = sock;
    this.mode = mode.endsWith('b') ? mode : `${mode}b`;
    this.#reading = mode.includes('r');
    this.#writing = mode.includes('w');
    this.#closes = closes;
    forgotten.register(this, closes, this.#token);
  }

  get closed(): boolean {
    return this.#socket === undefined;
  }

  /** The descriptor of the socket, -1 when it is closed. */
  get name(): number {
    return this.#socket?.fileno() ?? -1;
  }

  override readable(): boolean {
    this.check('I/O operation on closed socket.');
    return this.#reading;
  }

  override writable(): boolean {
    this.check('I/O operation on closed socket.');
    return this.#writing;
  }

  override seekable(): boolean {
    this.check('I/O operation on closed socket.');
    return false;
  }

  fileno(): number {
    this.check('I/O operation on closed socket.');
    return this.#carrier().fileno();
  }

  #carrier(): Carrier {
    return this.#socket as Carrier;
  }

  /**
   * Receives into `buffer`: the count, 0 at the end of the stream, null when the socket does not wait and nothing is there.
   *
   * @throws TimeoutError; after one, OSError at every call, since what was read before it may be lost
   */
  readinto(buffer: BytesLike): number | null {
    this.check();
    if (!this.#reading) throw unsupported('File or stream is not readable.');
    if (this.#late) throw new OSError('cannot read from timed out object');
    const view = toWritable(buffer, 'readinto');
    try {
      return this.#carrier().recv_into(view);
    } catch (error) {
      if (error instanceof TimeoutError && error.errno === null) this.#late = true;
      if (blocked(error)) return null;
      throw error;
    }
  }

  /** One receive of up to `size` bytes; without a size all up to the end. Null when nothing is there and the socket does not wait. */
  read(size?: number): Buffer | null {
    // None is no size here, says Python.
    const count = size === undefined ? -1 : toInteger(size);
    if (count < 0) return this.readall();
    const room = Buffer.alloc(count);
    const came = this.readinto(room);
    return came === null ? null : room.subarray(0, came);
  }

  /** All up to the end of the stream; null when nothing is there and the socket does not wait. */
  readall(): Buffer | null {
    const parts: Buffer[] = [];
    for (;;) {
      const room = Buffer.alloc(DEFAULT_BUFFER_SIZE);
      const came = this.readinto(room);
      if (came === null && parts.length === 0) return null;
      if (came === null || came === 0) return Buffer.concat(parts);
      parts.push(room.subarray(0, came));
    }
  }

  /** Byte for byte: there is no buffer for what comes behind the line, nor, on a socket that does not wait, for one that is not whole. */
  override readline(size?: number | null): Buffer {
    const most = toCount(size);
    const line: number[] = [];
    while (most < 0 || line.length < most) {
      const byte = this.read(1);
      if (byte === null) throw new OSError("read() should have returned a bytes object, not 'NoneType'");
      if (byte.length === 0) break;
      line.push(byte[0] as number);
      if (byte[0] === 0x0a) break;
    }
    return Buffer.from(line);
  }

  /** Sends; null when the socket does not wait and takes nothing. */
  override write(data: BytesLike): number | null {
    this.check();
    if (!this.#writing) throw unsupported('File or stream is not writable.');
    const bytes = toBytes(data);
    try {
      return this.#carrier().send(bytes);
    } catch (error) {
      if (blocked(error)) return null;
      throw error;
    }
  }

  /** The socket closes, if it was waiting for that. Twice is fine. */
  override close(): void {
    if (this.#socket === undefined) return;
    this.#socket = undefined;
    forgotten.unregister(this.#token);
    this.#closes();
  }
}
