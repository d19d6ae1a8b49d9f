/** `io.BytesIO`: a file of bytes in memory. */
import { type BytesLike, toBytes, toInteger, toWritable } from '../arguments.ts';
import { ValueError } from '../errors.ts';
import { BytesBase, toCount } from './base.ts';

const NEWLINE = 0x0a;

/** A file of bytes in memory, read and written at one position, which a new one has at its beginning. */
export class BytesIO extends BytesBase {
  #data: Buffer;
  #at = 0;
  #closed = false;

  constructor(initial_bytes?: BytesLike) {
    super();
    this.#data = initial_bytes === undefined ? Buffer.alloc(0) : Buffer.from(toBytes(initial_bytes));
  }

  get closed(): boolean {
    return this.#closed;
  }

  override readable(): boolean {
    this.check();
    return true;
  }

  override writable(): boolean {
    this.check();
    return true;
  }

  override seekable(): boolean {
    this.check();
    return true;
  }

  /** All that it holds: a copy. */
  getvalue(): Buffer {
    this.check();
    return Buffer.from(this.#data);
  }

  #take(end: number): Buffer {
    const from = Math.min(this.#at, this.#data.length);
    const out = Buffer.from(this.#data.subarray(from, end));
    this.#at += out.length;
    return out;
  }

  /** Up to `size` bytes, null and below 0 for all; empty at the end. */
  read(size?: number | null): Buffer {
    this.check();
    const most = toCount(size);
    return this.#take(most < 0 ? this.#data.length : this.#at + most);
  }

  /** Reads into a buffer, and says how many bytes. */
  readinto(buffer: BytesLike): number {
    this.check();
    const target = toWritable(buffer, 'readinto');
    const bytes = this.#take(this.#at + target.length);
    target.set(bytes);
    return bytes.length;
  }

  override readline(size?: number | null): Buffer {
    this.check();
    const most = toCount(size);
    const newline = this.#data.indexOf(NEWLINE, this.#at);
    const end = newline < 0 ? this.#data.length : newline + 1;
    return this.#take(most < 0 ? end : Math.min(end, this.#at + most));
  }

  /** Writes over what is there, and behind its end; zeros where the position was beyond. */
  override write(data: BytesLike): number {
    this.check();
    const bytes = toBytes(data);
    if (bytes.length === 0) return 0;
    const end = this.#at + bytes.length;
    if (end > this.#data.length) {
      this.#data = Buffer.concat([this.#data, Buffer.alloc(end - this.#data.length)]);
    }
    this.#data.set(bytes, this.#at);
    this.#at = end;
    return bytes.length;
  }

  /** Goes to an offset: from the beginning (`whence` 0), from here (1), from the end (2). Throws ValueError. */
  override seek(offset: number, whence = 0): number {
    this.check();
    const by = toInteger(offset);
    if (whence === 0 && by < 0) throw new ValueError(`negative seek value ${by}`);
    if (whence !== 0 && whence !== 1 && whence !== 2) {
      throw new ValueError(`invalid whence (${whence}, should be 0, 1 or 2)`);
    }
    const from = [0, this.#at, this.#data.length][whence] as number;
    this.#at = Math.max(0, from + by);
    return this.#at;
  }

  override tell(): number {
    this.check();
    return this.#at;
  }

  close(): void {
    this.#closed = true;
    this.#data = Buffer.alloc(0);
  }
}
