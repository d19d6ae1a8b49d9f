// A Unix seqpacket exchange: connected as a stream is, and every message keeps its boundaries.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unix } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';

const { AF_UNIX, SOCK_SEQPACKET } = constants;

const folder = mkdtempSync(join(tmpdir(), 'sockeye-'));
const address = unix(join(folder, 'seqpacket.sock'));
const server = Socket.create(AF_UNIX, SOCK_SEQPACKET);
const client = Socket.create(AF_UNIX, SOCK_SEQPACKET);
try {
  server.bind(address);
  server.listen();
  const [connection] = await Promise.all([server.accept(), client.connect(address)]);

  await client.send(Buffer.from('first message'));
  await client.send(Buffer.from('second'));
  console.log('Received', (await connection.recv(1024)).toString());
  console.log('Received', (await connection.recv(1024)).toString());
  connection.close();
  console.log('Received', (await client.recv(1024)).length, 'bytes: the other end has closed');
} finally {
  client.close();
  server.close();
  rmSync(folder, { recursive: true });
}
