/** What several of core's tests need. */
import { readdirSync } from 'node:fs';
import { constants as c, Socket } from '@sockeye/core';

/** How many descriptors this process has open. */
export function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** A connected pair of Unix stream sockets. */
export function streams(): [Socket, Socket] {
  return Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
}

/** A connected pair of Unix datagram sockets. */
export function datagrams(): [Socket, Socket] {
  return Socket.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
}

/** A sockaddr_in of 127.0.0.1 as linux/in.h lays it out: core itself knows no family. */
export function loopback(port = 0): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, c.AF_INET, true);
  view.setUint16(2, port, false);
  bytes.set([127, 0, 0, 1], 4);
  return bytes;
}

/** A listening TCP socket on 127.0.0.1 and a port of the kernel's choice. */
export function listener(backlog?: number): Socket {
  const socket = Socket.create(c.AF_INET, c.SOCK_STREAM);
  socket.bind(loopback());
  socket.listen(backlog);
  return socket;
}

/** Runs `work` and closes the sockets whatever happens. */
export async function closing<T>(sockets: Socket[], work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } finally {
    for (const socket of sockets) socket.close();
  }
}

/** What a call threw; fails when it threw nothing. */
export function thrown(call: () => unknown): Error & { code?: string; errno?: number; syscall?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** What a promise was rejected with; fails when it was not. */
export async function rejected(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; errno?: number; syscall?: string; bytesSent?: number }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was rejected');
}

/** Fills the send buffer of a non-blocking socket, and says with how many bytes. */
export function fill(socket: Socket): number {
  const block = Buffer.alloc(16 * 1024, 0x5a);
  let sent = 0;
  for (;;) {
    const count = socket.trySend(block);
    if (count < 0) return sent;
    sent += count;
  }
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
