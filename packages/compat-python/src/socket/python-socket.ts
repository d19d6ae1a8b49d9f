/** Python's socket object. It blocks the thread, as Python does; see README.md on when that is right. */

import { AddressBuffer, type Socket as Core, constants, errnos } from '@sockeye/core';
import type { RetAddress } from '../address/family.ts';
import { tellsPeers } from '../address/registry.ts';
import { toInt } from '../arguments.ts';
import { asPython, systemError, typeError, ValueError } from '../errors.ts';
import { DEFAULT_BUFFER_SIZE } from '../io/base.ts';
import { BufferedReader, BufferedRWPair, BufferedWriter } from '../io/buffered.ts';
import { SocketIO } from '../io/raw.ts';
import { TextIOWrapper, type TextKeywords } from '../io/text.ts';
import { shown } from '../repr.ts';
import { fs } from '../runtime.ts';
import { bind, type Signature, takesSelf } from '../signature.ts';
import { elsewhere } from './endpoint.ts';
import { unwatch } from './held.ts';
import { Messages } from './messages.ts';
import { type SentFile, sendfile } from './sendfile.ts';

const MAKEFILE: Signature = {
  name: 'socket.makefile',
  parameters: ['mode', 'buffering', 'encoding', 'errors', 'newline'],
  positional: 2,
  method: true,
};
const SENDFILE: Signature = {
  name: 'socket.sendfile',
  parameters: ['file', 'offset', 'count'],
  required: 1,
  method: true,
  object: true,
};
const SET_INHERITABLE: Signature = {
  name: 'socket.set_inheritable',
  parameters: ['inheritable'],
  required: 1,
  method: true,
};

/** FD_CLOEXEC as proc(5) shows it among the flags of a descriptor. */
const O_CLOEXEC = 0o2000000;

/** Keyword arguments of `makefile`. */
export interface FileKeywords extends TextKeywords {
  mode?: string;
  buffering?: number | null;
}

/** What `makefile` makes, by its mode and its buffering. */
export type SocketFile = SocketIO | BufferedReader | BufferedWriter | BufferedRWPair | TextIOWrapper;

/** A socket object: what `socket()` makes. */
export class PythonSocket extends Messages {
  /** The next connection: a socket, and the peer's address. The socket blocks unless there is a default timeout. */
  accept<A extends RetAddress = RetAddress>(...surplus: never[]): [conn: PythonSocket, address: A] {
    takesSelf('socket.accept', surplus);
    const { held } = this;
    const from = new AddressBuffer();
    const address = tellsPeers(held.core.family) ? from : undefined;
    let core: Core;
    try {
      core = held.core.acceptSync({ ...held.patience, address });
    } catch (error) {
      throw held.failed(error);
    }
    const conn = new PythonSocket(-1, -1, -1, core);
    conn.held.setFlag();
    return [conn, held.from(from.view()) as A];
  }

  /** Another socket object with a descriptor of its own for the same socket; it cannot be inherited. */
  dup(...surplus: never[]): this {
    takesSelf('socket.dup', surplus);
    const core = asPython(() => this.held.core.dup());
    const copy = new (this.constructor as new (...args: unknown[]) => this)(-1, -1, -1, core);
    copy.settimeout(this.held.timeout);
    return copy;
  }

  /**
   * A file object on the socket, which stays open until both it and its files are closed.
   *
   * Modes are `'r'` (unless given), `'w'` and both, text or with `'b'` bytes; `buffering` is the size of the buffer, null or
   * below 0 for 8192, 0 for none, which bytes alone can be without.
   */
  makefile(mode: 'rb' | 'br' | 'b', buffering?: null): BufferedReader;
  makefile(mode: 'wb' | 'bw', buffering?: null): BufferedWriter;
  makefile(mode: 'rwb' | 'wrb' | 'brw' | 'bwr' | 'rbw' | 'wbr', buffering?: null): BufferedRWPair;
  makefile(mode: 'rb' | 'wb' | 'rwb', buffering: 0): SocketIO;
  makefile(mode?: 'r' | 'w' | 'rw', buffering?: number | null, keywords?: TextKeywords): TextIOWrapper;
  makefile(mode: 'r' | 'w' | 'rw', keywords: TextKeywords): TextIOWrapper;
  makefile(keywords: TextKeywords): TextIOWrapper;
  makefile(mode: string, buffering?: number | null, keywords?: TextKeywords): SocketFile;
  makefile(keywords: FileKeywords): SocketFile;
  makefile(...args: readonly unknown[]): SocketFile {
    const [mode = 'r', buffering, encoding, errors, newline] = bind(MAKEFILE, args);
    if (typeof mode !== 'string') throw typeError('the mode of a file is a str');
    if (/[^rwb]/.test(mode)) throw new ValueError(`invalid mode ${shown(mode)} (only r, w, b allowed)`);
    const writing = mode.includes('w');
    const reading = mode.includes('r') || !writing;
    const asked = buffering === undefined || buffering === null ? -1 : toInt(buffering);
    const { held } = this;
    const raw = new SocketIO(this, `${reading ? 'r' : ''}${writing ? 'w' : ''}`, () => {
      held.files -= 1;
      if (!held.closing || held.files > 0) return;
      unwatch(held);
      held.close();
    });
    held.files += 1;
    const keywords = { encoding, errors, newline: newline ?? null } as TextKeywords;
    try {
      return over(raw, { reading, writing, size: asked < 0 ? DEFAULT_BUFFER_SIZE : asked, mode, keywords });
    } catch (error) {
      raw.close();
      throw error;
    }
  }

  /**
   * Sends a file up to its end, or `count` bytes of it, and says how many: sendfile(2) where the kernel can, reads and sends
   * otherwise. A file that is given by its number keeps its own position.
   *
   * @throws ValueError on a socket that is no stream or does not wait
   */
  sendfile(file: SentFile, offset?: number, count?: number | null): number;
  sendfile(file: SentFile, keywords: { offset?: number; count?: number | null }): number;
  sendfile(...args: readonly unknown[]): number {
    const [file, offset, count] = bind(SENDFILE, args);
    return sendfile(this.held, file, offset, count);
  }

  /** Whether programs that this process executes get the descriptor: not unless {@link set_inheritable} said so. */
  get_inheritable(...surplus: never[]): boolean {
    takesSelf('socket.get_inheritable', surplus);
    const { fd, core } = this.held;
    if (fd < 0 || core.closed) throw systemError(errnos.EBADF);
    const flags = /^flags:\s*(\d+)/m.exec(fs().readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
  }

  /** Has programs that this process executes get the descriptor, or not: ioctl(2) FIONCLEX, FIOCLEX. */
  set_inheritable(inheritable: boolean | number): void;
  set_inheritable(...args: readonly unknown[]): void {
    const [inheritable] = bind(SET_INHERITABLE, args);
    const wanted = toInt(inheritable, 'Python int too large to convert to C int') !== 0;
    asPython(() => this.held.core.ioctl(wanted ? constants.FIONCLEX : constants.FIOCLEX));
  }

  /** There on Windows only: throws TypeError. */
  ioctl(_control: number, _option: number | boolean | readonly number[]): never {
    throw elsewhere('socket.ioctl()');
  }

  /** There on Windows only: throws TypeError. */
  share(_process_id: number): never {
    throw elsewhere('socket.share()');
  }
}

interface FileShape {
  readonly reading: boolean;
  readonly writing: boolean;
  readonly size: number;
  readonly mode: string;
  readonly keywords: TextKeywords;
}

/** What stands over a file without a buffer, as its mode and its buffering say. */
function over(raw: SocketIO, { reading, writing, size, mode, keywords }: FileShape): SocketFile {
  const binary = mode.includes('b');
  if (size === 0) {
    if (!binary) throw new ValueError('unbuffered streams must be binary');
    return raw;
  }
  const one = reading ? new BufferedReader(raw, size) : new BufferedWriter(raw, size);
  const buffered = reading && writing ? new BufferedRWPair(raw, raw, size) : one;
  return binary ? buffered : Object.assign(new TextIOWrapper(buffered, keywords), { mode });
}
