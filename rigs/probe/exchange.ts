import { Socket } from '@sockeye/core';
import { Missing } from './finding.ts';

/** Milliseconds for one step of an exchange; a machine without KVM is slow. */
export const PATIENCE = 8000;
const wait = { timeout: PATIENCE };

export const MESSAGE: Uint8Array = Buffer.from('sockeye');

/** Throws unless `got` is what was sent. */
export function same(got: Uint8Array, sent: Uint8Array): void {
  if (Buffer.compare(got, sent) === 0) return;
  throw new Missing(
    `sent ${Buffer.from(sent).toString('hex')}, received ${Buffer.from(got).toString('hex')}`,
  );
}

/** Sockets that are closed when `body` is done. */
export async function withSockets<T>(body: (make: typeof Socket.create) => Promise<T>): Promise<T> {
  const made: Socket[] = [];
  try {
    return await body((family, type, protocol) => {
      const socket = Socket.create(family, type, protocol);
      made.push(socket);
      return socket;
    });
  } finally {
    for (const socket of made) socket.close();
  }
}

/** A server and a client that connects to it: the message goes there and back. `look` sees the client at the end. */
export function stream(
  family: number,
  type: number,
  protocol: number,
  address: Uint8Array,
  look: (client: Socket) => string = () => '',
): Promise<string> {
  return withSockets(async (make) => {
    const server = make(family, type, protocol);
    const client = make(family, type, protocol);
    server.bind(address);
    server.listen();
    const [connection] = await Promise.all([server.accept(wait), client.connect(server.getsockname(), wait)]);
    try {
      await client.send(MESSAGE, wait);
      const got = await connection.recv(64, wait);
      same(got, MESSAGE);
      await connection.send(got, wait);
      same(await client.recv(64, wait), MESSAGE);
      return `a message of ${got.length} bytes went over a connection and back${look(client)}`;
    } finally {
      connection.close();
    }
  });
}

/** Two bound sockets: the message goes there and back. `prepare` sees both before. */
export function datagram(
  family: number,
  type: number,
  protocol: number,
  addresses: readonly [Uint8Array, Uint8Array],
  prepare: (one: Socket, other: Socket) => void = () => {},
): Promise<string> {
  return withSockets(async (make) => {
    const one = make(family, type, protocol);
    const other = make(family, type, protocol);
    prepare(one, other);
    one.bind(addresses[0]);
    other.bind(addresses[1]);
    await one.sendTo(MESSAGE, other.getsockname(), wait);
    const { data, address } = await other.recvFrom(64, wait);
    same(data, MESSAGE);
    await other.sendTo(data, address, wait);
    same((await one.recvFrom(64, wait)).data, MESSAGE);
    return `a datagram of ${data.length} bytes went there and back`;
  });
}
