/** `io.BufferedReader`, `BufferedWriter` and `BufferedRWPair`: files of bytes with a buffer before the socket. */
import { errnos } from '@sockeye/core';
import { type BytesLike, toBytes, toWritable } from '../arguments.ts';
import { BlockingIOError, ValueError } from '../errors.ts';
import { BytesBase, DEFAULT_BUFFER_SIZE, type Raw, toCount, unsupported } from './base.ts';

const EMPTY: Buffer = Buffer.alloc(0);
const NEWLINE = 0x0a;

function checkSize(size: number): number {
  if (size <= 0) throw new ValueError('buffer size must be strictly positive');
  return size;
}

/** Reads ahead, up to the size of its buffer. */
export class BufferedReader extends BytesBase {
  readonly raw: Raw;
  readonly mode: string = 'rb';
  readonly #room: Buffer;
  /** What was received and not given yet. */
  #start = 0;
  #end = 0;

  constructor(raw: Raw, buffer_size: number = DEFAULT_BUFFER_SIZE) {
    super();
    this.raw = raw;
    this.#room = Buffer.alloc(checkSize(buffer_size));
  }

  get closed(): boolean {
    return this.raw.closed;
  }

  get name(): number {
    return this.raw.name;
  }

  override readable(): boolean {
    return this.raw.readable();
  }

  fileno(): number {
    return this.raw.fileno();
  }

  /** One receive, behind what the buffer has where that is not all given yet: the count, or null. */
  #fill(behind = 0): number | null {
    this.#start = behind;
    this.#end = behind;
    const came = this.raw.readinto(this.#room.subarray(behind));
    this.#end = behind + (came ?? 0);
    return came;
  }

  #take(most: number): Buffer {
    const count = Math.min(most, this.#end - this.#start);
    const out = Buffer.from(this.#room.subarray(this.#start, this.#start + count));
    this.#start += count;
    return out;
  }

  /** Puts back what a call got before it failed. There is room: it came out of this buffer, or is longer, and then kept. */
  #keep(parts: readonly Buffer[]): void {
    this.#kept = Buffer.concat([this.#kept, ...parts]);
  }

  #kept: Buffer = EMPTY;

  /** Bytes that a failed call had got, first of all. */
  #first(most: number): Buffer {
    const out = this.#kept.subarray(0, most);
    this.#kept = this.#kept.subarray(out.length);
    return out;
  }

  /**
   * `size` bytes, fewer at the end of the stream; all up to the end without a size. On a socket that does not wait, what is
   * there, and null when that is nothing.
   */
  read(size?: number | null): Buffer | null {
    this.check('read of closed file');
    const count = toCount(size);
    if (count < -1) throw new ValueError('read length must be non-negative or -1');
    const parts: Buffer[] = [this.#first(count < 0 ? Number.POSITIVE_INFINITY : count)];
    try {
      return count < 0 ? this.#all(parts) : this.#some(count, parts);
    } catch (error) {
      this.#keep(parts);
      throw error;
    }
  }

  #all(parts: Buffer[]): Buffer | null {
    parts.push(this.#take(this.#room.length));
    const rest = this.raw.readall();
    const here = Buffer.concat(parts);
    return rest === null ? (here.length === 0 ? null : here) : Buffer.concat([here, rest]);
  }

  /** Whole buffers come right into the result; what is left comes through the buffer. */
  #some(count: number, parts: Buffer[]): Buffer | null {
    let left = count - (parts[0] as Buffer).length;
    parts.push(this.#take(left));
    left -= (parts[1] as Buffer).length;
    let came: number | null = 1;
    const size = this.#room.length;
    while (left >= size && came) {
      const block = Buffer.alloc(left - (left % size));
      came = this.raw.readinto(block);
      parts.push(block.subarray(0, came ?? 0));
      left -= came ?? 0;
    }
    for (let behind = 0; left > 0 && came && behind < size; behind = this.#end) {
      came = this.#fill(behind);
      const part = this.#take(left);
      parts.push(part);
      left -= part.length;
    }
    return came === null && left === count ? null : Buffer.concat(parts);
  }

  /** What is there, up to `size` bytes, with one receive at most. */
  read1(size?: number | null): Buffer {
    this.check('read of closed file');
    const count = toCount(size);
    const most = count < 0 ? this.#room.length : count;
    if (most === 0) return EMPTY;
    if (this.#kept.length > 0) return this.#first(most);
    if (this.#start < this.#end) return this.#take(most);
    const room = Buffer.alloc(most);
    return room.subarray(0, this.raw.readinto(room) ?? 0);
  }

  /** As `read`, into a buffer. */
  readinto(buffer: BytesLike): number | null {
    const view = toWritable(buffer, 'readinto');
    const data = this.read(view.length);
    if (data !== null) view.set(data);
    return data === null ? null : data.length;
  }

  /** As `read1`, into a buffer. */
  readinto1(buffer: BytesLike): number {
    const view = toWritable(buffer, 'readinto1');
    const data = this.read1(view.length);
    view.set(data);
    return data.length;
  }

  /** What is in the buffer, after one receive where that is nothing; it stays there. */
  peek(_size?: number): Buffer {
    this.check('peek of closed file');
    if (this.#kept.length > 0) return Buffer.from(this.#kept);
    if (this.#start === this.#end) this.#fill();
    return Buffer.from(this.#room.subarray(this.#start, this.#end));
  }

  override readline(size?: number | null): Buffer {
    this.check('readline of closed file');
    const count = toCount(size);
    const most = count < 0 ? Number.POSITIVE_INFINITY : count;
    const parts: Buffer[] = [];
    let left = most;
    try {
      while (left > 0) {
        const kept = this.#kept.length > 0;
        if (!kept && this.#start === this.#end && !this.#fill()) break;
        const there = kept ? this.#kept : this.#room.subarray(this.#start, this.#end);
        const end = there.indexOf(NEWLINE);
        const length = Math.min(left, end < 0 ? there.length : end + 1);
        parts.push(kept ? this.#first(length) : this.#take(length));
        left -= length;
        if (end >= 0 && length === end + 1) break;
      }
    } catch (error) {
      this.#keep(parts);
      throw error;
    }
    return Buffer.concat(parts);
  }

  override close(): void {
    this.raw.close();
  }

  /** What Python's repr() shows. */
  override toString(): string {
    return `<_io.BufferedReader name=${this.name}>`;
  }
}

/** Collects what is written, and sends it when the buffer is full, or at `flush` and `close`. */
export class BufferedWriter extends BytesBase {
  readonly raw: Raw;
  readonly mode: string = 'wb';
  readonly #size: number;
  #pending: Buffer[] = [];
  #length = 0;

  constructor(raw: Raw, buffer_size: number = DEFAULT_BUFFER_SIZE) {
    super();
    this.raw = raw;
    this.#size = checkSize(buffer_size);
  }

  get closed(): boolean {
    return this.raw.closed;
  }

  get name(): number {
    return this.raw.name;
  }

  override writable(): boolean {
    return this.raw.writable();
  }

  fileno(): number {
    return this.raw.fileno();
  }

  override readline(): Buffer {
    throw unsupported('read');
  }

  read(): Buffer {
    throw unsupported('read');
  }

  /**
   * Takes all of it.
   *
   * @throws BlockingIOError on a socket that does not wait, when it takes no more and the buffer is full
   */
  override write(data: BytesLike): number {
    this.check('write to closed file');
    const bytes = toBytes(data);
    if (this.#length + bytes.length <= this.#size) {
      this.#hold(bytes);
      return bytes.length;
    }
    try {
      this.flush();
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error;
      // What went has made room.
      const room = this.#size - this.#length;
      this.#hold(bytes.subarray(0, room));
      if (bytes.length <= room) return bytes.length;
      throw this.#blocked(room);
    }
    let sent = 0;
    while (bytes.length - sent > this.#size) {
      const count = this.raw.write(bytes.subarray(sent));
      if (count === null) {
        // As much as there is room for is kept all the same.
        this.#hold(bytes.subarray(sent, sent + this.#size));
        throw this.#blocked(sent + this.#size);
      }
      sent += count;
    }
    this.#hold(bytes.subarray(sent));
    return bytes.length;
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pending.push(Buffer.from(bytes));
    this.#length += bytes.length;
  }

  #blocked(written: number): BlockingIOError {
    const error = new BlockingIOError(errnos.EAGAIN, 'write could not complete without blocking');
    return Object.assign(error, { characters_written: written });
  }

  /** Sends what was collected. */
  override flush(): void {
    this.check('flush of closed file');
    let rest = Buffer.concat(this.#pending);
    let taken = 0;
    try {
      while (rest.length > 0) {
        const count = this.raw.write(rest);
        if (count === null) throw this.#blocked(0);
        taken += count;
        rest = rest.subarray(count);
      }
    } finally {
      if (taken > 0 || this.#pending.length > 1) this.#pending = rest.length > 0 ? [rest] : [];
      this.#length = rest.length;
    }
  }

  /** Sends what was collected, and closes, whatever becomes of that. */
  override close(): void {
    if (this.closed) return;
    try {
      this.flush();
    } finally {
      this.raw.close();
    }
  }

  /** What Python's repr() shows. */
  override toString(): string {
    return `<_io.BufferedWriter name=${this.name}>`;
  }
}

/** A reader and a writer on one socket. */
export class BufferedRWPair extends BytesBase {
  readonly mode: string = 'rwb';
  readonly #reader: BufferedReader;
  readonly #writer: BufferedWriter;

  constructor(reader: Raw, writer: Raw, buffer_size: number = DEFAULT_BUFFER_SIZE) {
    super();
    this.#reader = new BufferedReader(reader, buffer_size);
    this.#writer = new BufferedWriter(writer, buffer_size);
  }

  get closed(): boolean {
    return this.#writer.closed;
  }

  override readable(): boolean {
    return this.#reader.readable();
  }

  override writable(): boolean {
    return this.#writer.writable();
  }

  read(size?: number | null): Buffer | null {
    return this.#reader.read(size);
  }

  read1(size?: number | null): Buffer {
    return this.#reader.read1(size);
  }

  readinto(buffer: BytesLike): number | null {
    return this.#reader.readinto(buffer);
  }

  readinto1(buffer: BytesLike): number {
    return this.#reader.readinto1(buffer);
  }

  peek(size?: number): Buffer {
    return this.#reader.peek(size);
  }

  override readline(size?: number | null): Buffer {
    return this.#reader.readline(size);
  }

  override write(data: BytesLike): number {
    return this.#writer.write(data);
  }

  override flush(): void {
    this.#writer.flush();
  }

  override close(): void {
    try {
      this.#writer.close();
    } finally {
      this.#reader.close();
    }
  }
}
