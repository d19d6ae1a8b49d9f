/** What all of Python's file objects have in common: the io module's IOBase. */
import { type BytesLike, toBytes, toInteger } from '../arguments.ts';
import { UnsupportedOperation, ValueError } from '../errors.ts';

/** `io.DEFAULT_BUFFER_SIZE`. */
export const DEFAULT_BUFFER_SIZE = 8192;

const CLOSED = 'I/O operation on closed file.';

export function unsupported(what: string): UnsupportedOperation {
  return new UnsupportedOperation(what);
}

/** A size as `read` and its kin take it: null and what is missing are -1. */
export function toCount(value: unknown): number {
  return value === undefined || value === null ? -1 : toInteger(value);
}

/** A file object of any kind. `T` is what it gives: bytes or text. */
export abstract class IOBase<T extends Buffer | string> {
  /** Whether it was closed; calls on it then raise ValueError. */
  abstract get closed(): boolean;
  abstract close(): void;
  /** A line, or up to `size` bytes or characters of it; empty at the end. */
  abstract readline(size?: number | null): T;

  readable(): boolean {
    return false;
  }

  writable(): boolean {
    return false;
  }

  /** Sockets have no position. */
  seekable(): boolean {
    this.check();
    return false;
  }

  isatty(): boolean {
    this.check();
    return false;
  }

  /** Throws UnsupportedOperation. */
  seek(_offset: number, _whence?: number): number {
    throw unsupported('File or stream is not seekable.');
  }

  /** Throws UnsupportedOperation. */
  tell(): number {
    throw unsupported('File or stream is not seekable.');
  }

  /** Throws UnsupportedOperation. */
  truncate(_size?: number | null): number {
    throw unsupported('truncate');
  }

  flush(): void {
    this.check();
  }

  /** The lines up to the end; with `hint`, no more after so many bytes or characters. */
  readlines(hint?: number | null): T[] {
    const most = toCount(hint);
    const lines: T[] = [];
    let total = 0;
    for (const line of this) {
      lines.push(line);
      total += line.length;
      if (most > 0 && total >= most) break;
    }
    return lines;
  }

  /** The lines up to the end: `for line in file`. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (;;) {
      this.check();
      const line = this.readline();
      if (line.length === 0) return;
      yield line;
    }
  }

  /** Python's `with`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  protected check(words: string = CLOSED): void {
    if (this.closed) throw new ValueError(words);
  }
}

/** A file of bytes that is not buffered, as far as buffers need it. */
export interface Raw {
  readonly closed: boolean;
  readonly name: number;
  close(): void;
  fileno(): number;
  readable(): boolean;
  writable(): boolean;
  /** How many bytes came, 0 at the end; null when the call would have to wait and does not. */
  readinto(buffer: BytesLike): number | null;
  /** All up to the end; null when nothing is there and the call does not wait. */
  readall(): Buffer | null;
  /** How many bytes went; null when none could without waiting. */
  write(data: BytesLike): number | null;
}

/** A file of bytes, buffered or not. */
export abstract class BytesBase extends IOBase<Buffer> {
  /** All of the lines, one after the other; nothing is put between them. */
  writelines(lines: Iterable<BytesLike>): void {
    this.check();
    for (const line of lines) this.write(toBytes(line));
  }

  write(_data: BytesLike): number | null {
    throw unsupported('write');
  }
}
