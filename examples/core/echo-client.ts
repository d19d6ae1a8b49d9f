// An echo client over IPv4.
// Usage: echo-client.ts [port]
import { inet } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';

const { AF_INET, SOCK_STREAM } = constants;

const socket = Socket.create(AF_INET, SOCK_STREAM);
try {
  await socket.connect(inet('127.0.0.1', Number(process.argv[2] ?? 50007)), { timeout: 5000 });
  await socket.sendAll(Buffer.from('Hello, world'));
  const data = await socket.recv(1024, { timeout: 5000 });
  console.log('Received', data.toString());
} finally {
  socket.close();
}
