/** Pairs of every kind that the streams take. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { constants as c, Socket, type SocketError } from '@sockeye/core';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { descriptors, loopback, pause } from './support.ts';

/** After each test of this file the descriptors are back to where they were. */
export function leavesNothing(): void {
  let before: number;
  // With the first wait the engine may open some of its own.
  beforeAll(async () => {
    const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const waiting = one.recv(1);
    other.trySend(Buffer.from('x'));
    await waiting;
    one.close();
    other.close();
    await pause(5);
  });
  beforeEach(() => {
    before = descriptors();
  });
  afterEach(async () => {
    // What was watched is let go in the loop's next turn.
    for (let i = 0; i < 100 && descriptors() !== before; i++) await pause(1);
    expect(descriptors()).toBe(before);
  });
}

/** A sockaddr_un as unix(7) lays it out: a path, or after a NUL an abstract name. */
function unixName(name: string): Uint8Array {
  const path = Buffer.from(name);
  const bytes = Buffer.alloc(2 + path.length + (name.startsWith('\0') ? 0 : 1));
  bytes.writeUInt16LE(c.AF_UNIX, 0);
  path.copy(bytes, 2);
  return bytes;
}

/** A name of its own each time. */
const abstractName = (): Uint8Array => unixName(`\0sockeye-${randomBytes(8).toString('hex')}`);

/** A socket that listens. */
function listening(family: number, type: number, address: Uint8Array, backlog?: number): Socket {
  const socket = Socket.create(family, type);
  socket.bind(address);
  socket.listen(backlog);
  return socket;
}

/** A connection to what listens at an address. */
export function connected(family: number, type: number, address: Uint8Array): Socket {
  const socket = Socket.create(family, type);
  socket.connectSync(address, { timeout: 5000 });
  return socket;
}

function through(family: number, type: number, address: Uint8Array): [Socket, Socket] {
  const server = listening(family, type, address);
  try {
    const client = connected(family, type, server.getsockname());
    return [client, server.acceptSync({ timeout: 5000 })];
  } finally {
    server.close();
  }
}

export interface Medium {
  name: string;
  family: number;
  type: number;
  /** Where a server may listen. */
  address?: () => Uint8Array;
  /** Whether messages keep their boundaries. */
  messages: boolean;
  pair: () => [Socket, Socket];
}

export const media: Medium[] = [
  {
    name: 'TCP',
    family: c.AF_INET,
    type: c.SOCK_STREAM,
    address: () => loopback(),
    messages: false,
    pair: () => through(c.AF_INET, c.SOCK_STREAM, loopback()),
  },
  {
    name: 'a Unix stream pair',
    family: c.AF_UNIX,
    type: c.SOCK_STREAM,
    messages: false,
    pair: () => Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM),
  },
  {
    name: 'a Unix stream at a path',
    family: c.AF_UNIX,
    type: c.SOCK_STREAM,
    messages: false,
    pair: () => {
      const path = join(tmpdir(), `sockeye-${randomBytes(8).toString('hex')}.sock`);
      try {
        return through(c.AF_UNIX, c.SOCK_STREAM, unixName(path));
      } finally {
        rmSync(path, { force: true });
      }
    },
  },
  {
    name: 'a Unix stream at an abstract name',
    family: c.AF_UNIX,
    type: c.SOCK_STREAM,
    address: abstractName,
    messages: false,
    pair: () => through(c.AF_UNIX, c.SOCK_STREAM, abstractName()),
  },
  {
    name: 'a Unix seqpacket pair',
    family: c.AF_UNIX,
    type: c.SOCK_SEQPACKET,
    messages: true,
    pair: () => Socket.socketpair(c.AF_UNIX, c.SOCK_SEQPACKET),
  },
  {
    name: 'Unix seqpacket at an abstract name',
    family: c.AF_UNIX,
    type: c.SOCK_SEQPACKET,
    address: abstractName,
    messages: true,
    pair: () => through(c.AF_UNIX, c.SOCK_SEQPACKET, abstractName()),
  },
];

/** Media on which a server may listen. */
export interface Place {
  name: string;
  listen: (backlog?: number) => Socket;
  /** A connection to it. */
  connect: (server: Socket) => Socket;
}

export const places: Place[] = media
  .filter(({ address }) => address !== undefined)
  .map(({ name, family, type, address }) => ({
    name,
    listen: (backlog) => listening(family, type, (address as () => Uint8Array)(), backlog),
    connect: (server) => connected(family, type, server.getsockname()),
  }));

/** Resolves when all of them are closed, however that came. */
export async function allClosed(streams: readonly Duplex[]): Promise<void> {
  const closed = (stream: Duplex): Promise<void> =>
    new Promise((resolve) => (stream.closed ? resolve() : void stream.once('close', resolve)));
  await Promise.all(streams.map(closed));
}

/** All that a stream gives until its end; `for await` would destroy it then. */
export function everything(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => resolve(Buffer.concat(chunks)));
    stream.once('error', reject);
  });
}

/** Bytes that differ everywhere. */
export function pattern(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed >>> 0 || 1;
  for (let i = 0; i + 4 <= size; i += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, i);
  }
  for (let i = size & ~3; i < size; i++) bytes[i] = i & 0xff;
  return bytes;
}

/** The first error of a stream. */
export const failure = async (stream: Duplex): Promise<SocketError> =>
  (await once(stream, 'error'))[0] as SocketError;
