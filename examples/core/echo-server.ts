// An echo server over IPv4: sends back all that it receives, and serves one client.
// Usage: echo-server.ts [port]
import { decode, format, inet } from '@sockeye/addr';
import { AddressBuffer, constants, platform, Socket } from '@sockeye/core';

const { AF_INET, SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR } = constants;

const server = Socket.create(AF_INET, SOCK_STREAM);
try {
  server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
  server.bind(inet('127.0.0.1', Number(process.argv[2] ?? 50007)));
  server.listen();
  console.log('Listening on', show(server.getsockname()));

  const peer = new AddressBuffer();
  const connection = await server.accept({ address: peer });
  console.log('Connected by', show(peer.view()));
  try {
    for (;;) {
      const data = await connection.recv(1024);
      if (data.length === 0) break;
      await connection.sendAll(data);
    }
  } finally {
    connection.close();
  }
} finally {
  server.close();
}

function show(sockaddr: Uint8Array): string {
  return format(decode(sockaddr, 0, sockaddr.length, platform));
}
