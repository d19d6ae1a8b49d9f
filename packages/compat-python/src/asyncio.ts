/**
 * The `sock_…` calls of Python's asyncio event loops, as Promises: of the event loop that JavaScript has anyway. A socket may
 * be one that blocks, which asyncio refuses in debug mode alone.
 */
import { isIPv4, isIPv6 } from '@sockeye/addr/ip';
import { AddressBuffer, constants, getaddrinfo, type WaitOptions } from '@sockeye/core';
import { allFamilies } from './address/all.ts';
import type { Called, RetAddress } from './address/family.ts';
import { type Address, fromSockaddr, register, toSockaddr } from './address/registry.ts';
import { type BytesLike, toBytes, toInteger, toSize, toSsize, toWritable, typeName } from './arguments.ts';
import { OSError, pythonError, typeError, ValueError } from './errors.ts';
import { shown } from './repr.ts';
import { heldOf } from './socket/endpoint.ts';
import type { Held } from './socket/held.ts';
import { PythonSocket } from './socket/python-socket.ts';
import { checkFile, numberOf, type SentFile, sizeOf } from './socket/sendfile.ts';

register(...allFamilies);

/** What stands for a task's `cancel()`. */
export interface Cancel {
  /** Its abort ends the wait with an AbortError. */
  readonly signal?: AbortSignal;
}

function held(sock: unknown, method: string): Held {
  if (sock instanceof PythonSocket) return heldOf(sock);
  throw typeError(`'${typeName(sock)}' object has no attribute '${method}'`);
}

function called({ family, proto }: Held, caller: string): Called {
  return { caller, family, proto };
}

/** What core is told of a wait: a signal where there is one. */
function waiting(cancel: Cancel | undefined): WaitOptions | undefined {
  return cancel?.signal === undefined ? undefined : { signal: cancel.signal };
}

/** The result, with core's errors as Python's. */
async function asPython<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw pythonError(error);
  }
}

/**
 * Up to `nbytes` bytes: recv(2). Empty at the end of a stream.
 *
 * @throws (by the Promise) OSError, ValueError below 0
 */
export async function sock_recv(sock: PythonSocket, nbytes: number, cancel?: Cancel): Promise<Buffer> {
  const { core } = held(sock, 'recv');
  const size = toSize(toSsize(nbytes), 'negative buffersize in recv');
  return asPython(core.recv(size, waiting(cancel)));
}

/** Receives into a buffer and says how many bytes came: recv(2). */
export async function sock_recv_into(sock: PythonSocket, buf: BytesLike, cancel?: Cancel): Promise<number> {
  const { core } = held(sock, 'recv_into');
  return asPython(core.recvInto(toWritable(buf, 'recv_into'), waiting(cancel)));
}

/** A datagram of up to `bufsize` bytes and its sender: recvfrom(2). */
export async function sock_recvfrom<A extends RetAddress = RetAddress>(
  sock: PythonSocket,
  bufsize: number,
  cancel?: Cancel,
): Promise<[data: Buffer, address: A]> {
  const its = held(sock, 'recvfrom');
  const size = toSize(toSsize(bufsize), 'negative buffersize in recvfrom');
  const { data, address } = await asPython(its.core.recvFrom(size, waiting(cancel)));
  return [data, its.from(address) as A];
}

/** Receives a datagram into a buffer, up to `nbytes` of it where that is not 0: recvfrom(2). */
export async function sock_recvfrom_into<A extends RetAddress = RetAddress>(
  sock: PythonSocket,
  buf: BytesLike,
  nbytes = 0,
  cancel?: Cancel,
): Promise<[nbytes: number, address: A]> {
  const its = held(sock, 'recvfrom_into');
  const view = toWritable(buf, 'recvfrom_into');
  const length = toSize(toSsize(nbytes), 'negative buffersize in recvfrom_into') || view.length;
  if (length > view.length) throw new ValueError('nbytes is greater than the length of the buffer');
  const from = new AddressBuffer();
  const count = await asPython(its.core.recvFromInto(view, from, { ...waiting(cancel), length }));
  return [count, its.from(from.view()) as A];
}

/** Sends everything, in as many calls as it takes: send(2). */
export async function sock_sendall(sock: PythonSocket, data: BytesLike, cancel?: Cancel): Promise<void> {
  const { core } = held(sock, 'send');
  await asPython(core.sendAll(toBytes(data), waiting(cancel)));
}

/** Sends a datagram to an address, and says how many bytes went: sendto(2). */
export async function sock_sendto(
  sock: PythonSocket,
  data: BytesLike,
  address: Address,
  cancel?: Cancel,
): Promise<number> {
  const its = held(sock, 'sendto');
  const bytes = toBytes(data);
  const to = toSockaddr(address, called(its, 'sendto'));
  return asPython(its.core.sendTo(bytes, to, waiting(cancel)));
}

/** An internet address whose host is a number: a name is looked up meanwhile. Others stay as they are. */
async function resolved(
  { family, type, proto }: Held,
  address: unknown,
  cancel: Cancel | undefined,
): Promise<Address> {
  const { AF_INET, AF_INET6 } = constants;
  if (family !== AF_INET && family !== AF_INET6) return address as Address;
  if (!Array.isArray(address)) throw typeError(`${shown(address)} is no tuple (host, port)`);
  if (address.length < 2) {
    throw new ValueError(`not enough values to unpack (expected 2, got ${address.length})`);
  }
  const [host, port, ...rest] = address as [unknown, unknown, ...unknown[]];
  if (typeof host !== 'string' || host === '' || host === '<broadcast>' || isIPv4(host) || isIPv6(host)) {
    return address as Address;
  }
  const hints = { family, type, protocol: proto, ...waiting(cancel) };
  const [first] = await asPython(getaddrinfo(host, null, hints));
  if (first === undefined) throw new OSError('getaddrinfo() returned empty list');
  const numeric = heldAddress(first.address);
  return [numeric, port, ...rest] as Address;
}

function heldAddress(sockaddr: Uint8Array): string {
  const address = fromSockaddr(sockaddr);
  if (!Array.isArray(address) || typeof address[0] !== 'string') throw new OSError('unknown address family');
  return address[0];
}

/**
 * Connects; the name of a host is looked up without blocking: connect(2).
 *
 * @throws (by the Promise) OSError, ConnectionRefusedError …, whose words name the address; gaierror
 */
export async function sock_connect(sock: PythonSocket, address: Address, cancel?: Cancel): Promise<void> {
  const its = held(sock, 'connect');
  const where = await resolved(its, address, cancel);
  const to = toSockaddr(where, called(its, 'connect'));
  try {
    await asPython(its.core.connect(to, waiting(cancel)));
  } catch (error) {
    if (!(error instanceof OSError) || error.errno === null || its.family === constants.AF_UNIX) throw error;
    const words = `Connect call failed ${shown(where)}`;
    throw Object.defineProperty(new OSError(error.errno, words), 'cause', { value: error });
  }
}

/** The next connection, which does not block, and the peer's address: accept(2). */
export async function sock_accept<A extends RetAddress = RetAddress>(
  sock: PythonSocket,
  cancel?: Cancel,
): Promise<[conn: PythonSocket, address: A]> {
  const its = held(sock, 'accept');
  const address = new AddressBuffer();
  const core = await asPython(its.core.accept({ ...waiting(cancel), address }));
  const conn = new PythonSocket(-1, -1, -1, core);
  conn.setblocking(false);
  return [conn, its.from(address.view()) as A];
}

function checkNumbers(offset: unknown, count: unknown): void {
  if (count !== undefined && count !== null) {
    const words = `count must be a positive integer (got ${shown(count)})`;
    if (!Number.isInteger(count)) throw typeError(words);
    if ((count as number) <= 0) throw new ValueError(words);
  }
  const words = `offset must be a non-negative integer (got ${shown(offset)})`;
  if (!Number.isInteger(offset)) throw typeError(words);
  if ((offset as number) < 0) throw new ValueError(words);
}

/**
 * Sends a file up to its end, or `count` bytes of it, and says how many: sendfile(2) of a regular file, reads and sends of
 * whatever else has `read(size)`.
 *
 * @param keywords `fallback: false` refuses what sendfile(2) does not take
 */
export async function sock_sendfile(
  sock: PythonSocket,
  file: SentFile,
  offset = 0,
  count: number | null = null,
  keywords: { readonly fallback?: boolean } & Cancel = {},
): Promise<number> {
  const { core, type } = held(sock, 'sendfile');
  checkFile(file);
  if (type !== constants.SOCK_STREAM) throw new ValueError('only SOCK_STREAM type sockets are supported');
  checkNumbers(offset, count);
  const fd = numberOf(file);
  const size = sizeOf(fd);
  const wait = waiting(keywords);
  if (fd !== undefined && size !== undefined) {
    const length = Math.min(count ?? size, Math.max(0, size - offset));
    const sent = length === 0 ? 0 : await asPython(core.sendFile(fd, { ...wait, offset, length }));
    if (typeof file === 'object' && 'seek' in file) file.seek?.(offset + sent);
    return sent;
  }
  if (keywords.fallback === false) throw new OSError('not a regular file');
  if (typeof file !== 'object' || !('read' in file)) {
    throw new OSError('the file is no regular one, and has no read()');
  }
  file.seek?.(offset);
  let total = 0;
  while (count === null || total < count) {
    const block = file.read(count === null ? BLOCK : Math.min(BLOCK, toInteger(count) - total));
    const bytes = block === null ? undefined : toBytes(block);
    if (bytes === undefined || bytes.length === 0) break;
    await asPython(core.sendAll(bytes, wait));
    total += bytes.length;
  }
  return total;
}

const BLOCK = 16384;

/** What {@link get_running_loop} gives: the calls under the names that a loop has. */
export interface SocketLoop {
  readonly sock_accept: typeof sock_accept;
  readonly sock_connect: typeof sock_connect;
  readonly sock_recv: typeof sock_recv;
  readonly sock_recv_into: typeof sock_recv_into;
  readonly sock_recvfrom: typeof sock_recvfrom;
  readonly sock_recvfrom_into: typeof sock_recvfrom_into;
  readonly sock_sendall: typeof sock_sendall;
  readonly sock_sendfile: typeof sock_sendfile;
  readonly sock_sendto: typeof sock_sendto;
}

const loop: SocketLoop = {
  sock_accept,
  sock_connect,
  sock_recv,
  sock_recv_into,
  sock_recvfrom,
  sock_recvfrom_into,
  sock_sendall,
  sock_sendfile,
  sock_sendto,
};

/** The event loop, for lines like `loop = asyncio.get_running_loop()`; there is one a thread. */
export function get_running_loop(): SocketLoop {
  return loop;
}
