/** `socket.sendfile`: sendfile(2) for open files, reads and sends for whatever else can be read. */
import { constants } from '@sockeye/core';
import { type BytesLike, toBytes, toInteger, typeName } from '../arguments.ts';
import { OSError, pythonError, typeError, ValueError } from '../errors.ts';
import { shown } from '../repr.ts';
import { fs } from '../runtime.ts';
import type { Held } from './held.ts';

/** What can be sent: an open file by its number or with one (`fs.promises.FileHandle`), or an object that reads bytes. */
export type SentFile =
  | number
  | { readonly fd: number }
  | {
      read(size: number): BytesLike | null;
      /** Goes to an offset; where there is none, sending begins where the file is. */
      seek?(offset: number): unknown;
      /** The number, when it is an open file. */
      fileno?(): number;
      /** Without `'b'` it is a file of text, and refused. */
      readonly mode?: string;
    };

const BLOCK = 8192;
/** Of one sendfile(2), says CPython. */
const MOST = 2 ** 30;

interface Readable {
  read(size: number): BytesLike | null;
  seek?(offset: number): unknown;
}

/** The number of an open file; undefined where there is none to ask sendfile(2) for. */
export function numberOf(file: SentFile): number | undefined {
  if (typeof file === 'number') return file;
  if ('fd' in file) return file.fd;
  try {
    return file.fileno?.();
  } catch {
    return undefined;
  }
}

/** The size of a regular file that sendfile(2) takes; undefined of anything else. */
export function sizeOf(fd: number | undefined): number | undefined {
  if (fd === undefined || fd < 0) return undefined;
  try {
    const stat = fs().fstatSync(fd);
    return stat.isFile() ? stat.size : undefined;
  } catch {
    return undefined;
  }
}

/** Refuses what is no file, and a file of text. */
export function checkFile(file: unknown): asserts file is SentFile {
  const good =
    typeof file === 'number' ||
    (typeof file === 'object' && file !== null && ('fd' in file || 'read' in file || 'fileno' in file));
  if (!good) throw typeError(`'${typeName(file)}' object has no attribute 'read'`);
  const mode: unknown = typeof file === 'object' && 'mode' in file ? file.mode : 'b';
  if (typeof mode === 'string' && !mode.includes('b')) {
    throw new ValueError('file should be opened in binary mode');
  }
}

function checkCount(count: unknown): number | undefined {
  if (count === undefined || count === null) return undefined;
  if (typeof count !== 'number' && typeof count !== 'bigint' && typeof count !== 'boolean') {
    throw typeError(`count must be a positive integer (got ${shown(count)})`);
  }
  if (!Number.isInteger(Number(count)))
    throw typeError(`count must be a positive integer (got ${shown(count)})`);
  if (Number(count) <= 0) throw new ValueError(`count must be a positive integer (got ${shown(count)})`);
  return Number(count);
}

/**
 * Sends a file up to its end, or `count` bytes of it, and says how many; the timeout is for each wait.
 *
 * @throws ValueError on a socket that is no stream or does not wait
 */
export function sendfile(held: Held, file: unknown, offset: unknown, given: unknown): number {
  checkFile(file);
  if (held.type !== constants.SOCK_STREAM)
    throw new ValueError('only SOCK_STREAM type sockets are supported');
  const count = checkCount(given);
  const from = toInteger(offset ?? 0);
  if (held.timeout === 0) throw new ValueError('non-blocking sockets are not supported');
  const fd = numberOf(file);
  const size = sizeOf(fd);
  if (fd !== undefined && size !== undefined) {
    const length = Math.min(count ?? size, Math.max(0, size - from));
    const seek = (sent: number): void => {
      if (sent > 0 && typeof file === 'object' && 'seek' in file) file.seek?.(from + sent);
    };
    return sendRegular(held, fd, from, length, seek);
  }
  if (typeof file === 'object' && 'read' in file) return sendRead(held, file, from, count);
  throw new OSError('the file is no regular one, and has no read()');
}

/** What was sent is told, also where it did not all go. */
function sendRegular(
  held: Held,
  fd: number,
  offset: number,
  length: number,
  tell: (sent: number) => void,
): number {
  const { core, patience } = held;
  let sent = 0;
  try {
    while (sent < length) {
      const count = core.trySendFile(fd, offset + sent, Math.min(length - sent, MOST));
      if (count === 0) break;
      // Core waits, for a byte, and throws where there is no more to wait for.
      sent += count > 0 ? count : core.sendFileSync(fd, { ...patience, offset: offset + sent, length: 1 });
    }
  } catch (error) {
    throw held.failed(error);
  } finally {
    tell(sent);
  }
  return sent;
}

function sendRead(held: Held, file: Readable, offset: number, count: number | undefined): number {
  if (offset > 0) file.seek?.(offset);
  let total = 0;
  try {
    while (count === undefined || total < count) {
      const data = file.read(count === undefined ? BLOCK : Math.min(count - total, BLOCK));
      const bytes = data === null ? undefined : toBytes(data);
      if (bytes === undefined || bytes.length === 0) break;
      for (let at = 0; at < bytes.length; ) {
        const sent = held.core.sendSync(bytes.subarray(at), held.patience);
        at += sent;
        total += sent;
      }
    }
  } catch (error) {
    throw pythonError(error, true);
  } finally {
    if (total > 0) file.seek?.(offset + total);
  }
  return total;
}
