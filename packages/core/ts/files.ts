/** Files and pipes beside sockets: bytes that JavaScript never sees. */

import { MOST, type Patience, partly, patience, type Range, type SyncOptions } from './arguments.ts';
import { native, REST } from './binding.ts';
import { checkInt, checkInteger, checkOptions, wrongType } from './check.ts';
import { atOnce } from './handle.ts';
import { Messages } from './messages.ts';
import { READABLE, STAYS, type WaitOptions, WRITABLE } from './wait.ts';

/** An open file or an end of a pipe: a descriptor's number, or what has one (`FileHandle`, `Descriptor`). */
export type OpenFile = number | { readonly fd: number };

/** How a splice is done. */
export interface SpliceFlags {
  /** `SPLICE_F_MORE` and others, joined by `|`; SPLICE_F_NONBLOCK is always set. */
  flags?: number | undefined;
}

/** The number of an open file. Asked anew for each try: what was closed meanwhile has none. */
function numberOf(file: OpenFile, name: string): number {
  const fd: unknown = typeof file === 'object' && file !== null ? file.fd : file;
  if (typeof fd !== 'number') throw wrongType(name, 'a descriptor, or an object with an fd', file);
  return checkInt(name, fd);
}

function rangeOf(options: Range | undefined): { offset: number; length: number } {
  const { offset = 0, length = Number.POSITIVE_INFINITY } = checkOptions(options);
  checkInteger('offset', offset, 0, Number.MAX_SAFE_INTEGER);
  if (length !== Number.POSITIVE_INFINITY) checkInteger('length', length, 0, Number.MAX_SAFE_INTEGER);
  return { offset, length };
}

export class Files extends Messages {
  /**
   * Sends a file, or a part of one, without a copy in this process: sendfile(2). Ends at the end of the file, and says how many
   * bytes were sent; when it fails, the error's `bytesSent` does. Other sends on this socket wait behind it. Reading a file
   * that is not in memory blocks this thread, as the kernel reads it.
   *
   * @param file open for reading, and one that mmap(2) takes: no pipe, no socket
   * @param options `offset` in the file, whose own position stays; `length`: up to the end unless given
   */
  async sendFile(file: OpenFile, options?: WaitOptions & Range): Promise<number> {
    const { offset, length } = rangeOf(options);
    numberOf(file, 'file');
    let sent = 0;
    const most = atOnce(options);
    const attempt = (): number => {
      for (const until = sent + most; sent < length; ) {
        if (sent >= until) return STAYS;
        const result = this.trySendFile(file, offset + sent, Math.min(length - sent, MOST));
        if (result < 0) return result;
        if (result === 0) break;
        sent += result;
      }
      return 0;
    };
    try {
      await this.handle.run(WRITABLE, attempt, 'sendfile', options);
    } catch (error) {
      throw partly(error, sent);
    }
    return sent;
  }

  /** As {@link sendFile}, blocking this thread; the timeout is for the whole. */
  sendFileSync(file: OpenFile, options?: SyncOptions & Range): number {
    const { offset, length } = rangeOf(options);
    const { timeout, interruptible } = patience(options);
    const end = performance.now() + timeout;
    let sent = 0;
    while (sent < length) {
      const left = timeout < 0 ? timeout : Math.max(0, end - performance.now());
      const { slot, generation } = this.handle;
      const count = Math.min(length - sent, MOST);
      const fd = numberOf(file, 'file');
      const result = native.sendfileSync(slot, generation, fd, offset + sent, count, left, interruptible);
      if (result < 0) throw partly(this.handle.error(result, 'sendfile'), sent);
      if (result === 0) break;
      sent += result;
    }
    return sent;
  }

  /** One sendfile(2), if there is room: the count, 0 at the end of the file, or `-errno`. */
  trySendFile(file: OpenFile, offset = 0, length: number = MOST): number {
    checkInteger('offset', offset, 0, Number.MAX_SAFE_INTEGER);
    checkInteger('length', length, 0, REST);
    const { slot, generation } = this.handle;
    return native.sendfile(slot, generation, numberOf(file, 'file'), offset, Math.min(length, MOST));
  }

  /**
   * Moves up to `length` bytes out of a pipe into this socket, without a copy: splice(2). Says how many; 0 at the pipe's end.
   * A pipe that is empty is waited for with growing pauses, since this socket's readiness does not tell of it.
   */
  async spliceFrom(pipe: OpenFile, length: number, options?: WaitOptions & SpliceFlags): Promise<number> {
    const flags = spliceFlags(options);
    const attempt = (): number => this.trySpliceFrom(pipe, length, flags);
    return this.handle.run(WRITABLE, attempt, 'splice', waitOnly(options));
  }

  /** As {@link spliceFrom}, blocking this thread. */
  spliceFromSync(pipe: OpenFile, length: number, options?: SyncOptions & SpliceFlags): number {
    return this.#spliceSync(native.spliceFromSync, pipe, length, spliceFlags(options), patience(options));
  }

  /** As {@link spliceFrom}, if there are bytes and room: the count, or `-errno`. */
  trySpliceFrom(pipe: OpenFile, length: number, flags = 0): number {
    checkInteger('length', length, 0, REST);
    const { slot, generation } = this.handle;
    return native.spliceFrom(
      slot,
      generation,
      numberOf(pipe, 'pipe'),
      length,
      checkInteger('flags', flags, 0, 15),
    );
  }

  /**
   * Moves up to `length` bytes out of this socket into a pipe, without a copy: splice(2). Says how many; 0 at the end of the
   * stream. A pipe that is full is waited for with growing pauses.
   */
  async spliceInto(pipe: OpenFile, length: number, options?: WaitOptions & SpliceFlags): Promise<number> {
    const flags = spliceFlags(options);
    const attempt = (): number => this.trySpliceInto(pipe, length, flags);
    return this.handle.run(READABLE, attempt, 'splice', waitOnly(options));
  }

  /** As {@link spliceInto}, blocking this thread. */
  spliceIntoSync(pipe: OpenFile, length: number, options?: SyncOptions & SpliceFlags): number {
    return this.#spliceSync(native.spliceIntoSync, pipe, length, spliceFlags(options), patience(options));
  }

  /** As {@link spliceInto}, if there are bytes and room: the count, or `-errno`. */
  trySpliceInto(pipe: OpenFile, length: number, flags = 0): number {
    checkInteger('length', length, 0, REST);
    const { slot, generation } = this.handle;
    return native.spliceInto(
      slot,
      generation,
      numberOf(pipe, 'pipe'),
      length,
      checkInteger('flags', flags, 0, 15),
    );
  }

  #spliceSync(
    call: typeof native.spliceIntoSync,
    pipe: OpenFile,
    length: number,
    flags: number,
    { timeout, interruptible }: Patience,
  ): number {
    checkInteger('length', length, 0, REST);
    const { slot, generation } = this.handle;
    const fd = numberOf(pipe, 'pipe');
    return this.handle.done(call(slot, generation, fd, length, flags, timeout, interruptible), 'splice');
  }
}

function spliceFlags(options: SpliceFlags | undefined): number {
  return checkInteger('flags', checkOptions(options).flags ?? 0, 0, 15);
}

/** Without the flags of splice(2), whose numbers are not those of recv(2). */
function waitOnly(options: WaitOptions | undefined): WaitOptions {
  return { timeout: options?.timeout, signal: options?.signal };
}
