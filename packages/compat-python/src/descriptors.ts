/** Descriptors from process to process: unix(7) SCM_RIGHTS. */
import { constants } from '@sockeye/core';
import type { RetAddress } from './address/family.ts';
import type { Address } from './address/registry.ts';
import { type BytesLike, toInt, typeName } from './arguments.ts';
import { typeError } from './errors.ts';
import { bind, type Signature } from './signature.ts';
import { CMSG_LEN } from './socket/messages.ts';
import { PythonSocket } from './socket/python-socket.ts';

const SEND_FDS: Signature = {
  name: 'send_fds',
  parameters: ['sock', 'buffers', 'fds', 'flags', 'address'],
  required: 3,
};
const RECV_FDS: Signature = {
  name: 'recv_fds',
  parameters: ['sock', 'bufsize', 'maxfds', 'flags'],
  required: 3,
};

const INT = 4;

function checkSocket(sock: unknown, method: string): PythonSocket {
  if (sock instanceof PythonSocket) return sock;
  throw typeError(`'${typeName(sock)}' object has no attribute '${method}'`);
}

/**
 * Sends descriptors over a Unix socket, which the receiver gets duplicates of, along with at least one byte.
 *
 * @returns how many bytes of the buffers were sent
 */
export function send_fds(
  sock: PythonSocket,
  buffers: Iterable<BytesLike>,
  fds: Iterable<number>,
  flags?: number,
  address?: Address | null,
): number;
export function send_fds(...args: unknown[]): number {
  const [sock, buffers, fds, flags = 0, address] = bind(SEND_FDS, args);
  const sender = checkSocket(sock, 'sendmsg');
  const numbers = Int32Array.from(fds as Iterable<unknown>, (fd) => toInt(fd));
  const { SOL_SOCKET, SCM_RIGHTS } = constants;
  const rights = [SOL_SOCKET, SCM_RIGHTS, numbers] as const;
  return sender.sendmsg(
    buffers as Iterable<BytesLike>,
    [rights],
    flags as number,
    address as Address | null | undefined,
  );
}

/**
 * Receives up to `bufsize` bytes and up to `maxfds` descriptors, which are the caller's to close.
 *
 * @returns data, descriptors, `msg_flags`, the sender's address
 */
export function recv_fds<A extends RetAddress = RetAddress>(
  sock: PythonSocket,
  bufsize: number,
  maxfds: number,
  flags?: number,
): [data: Buffer, fds: number[], msg_flags: number, address: A];
export function recv_fds(
  ...args: unknown[]
): [data: Buffer, fds: number[], msg_flags: number, address: RetAddress] {
  const [sock, bufsize, maxfds, flags = 0] = bind(RECV_FDS, args);
  const receiver = checkSocket(sock, 'recvmsg');
  const room = CMSG_LEN(toInt(maxfds) * INT);
  const [data, ancdata, came, address] = receiver.recvmsg(bufsize as number, room, flags as number);
  const fds: number[] = [];
  for (const [level, type, bytes] of ancdata) {
    if (level !== constants.SOL_SOCKET || type !== constants.SCM_RIGHTS) continue;
    for (let at = 0; at + INT <= bytes.length; at += INT) {
      fds.push(new DataView(bytes.buffer, bytes.byteOffset).getInt32(at, true));
    }
  }
  return [data, fds, came, address];
}
