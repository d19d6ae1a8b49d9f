// An echo server for IPv6 and IPv4: listens on the first address that getaddrinfo has for it.
// Usage: dual-stack-server.ts [port]
import { decode, format } from '@sockeye/addr';
import { constants, getaddrinfo, platform, Socket } from '@sockeye/core';

const { AF_UNSPEC, SOCK_STREAM } = constants;

const server = await listen(Number(process.argv[2] ?? 50008));
console.log('Listening on', show(server.getsockname()));
const connection = await server.accept();
console.log('Connected by', show(connection.getpeername()));
try {
  for (;;) {
    const data = await connection.recv(1024);
    if (data.length === 0) break;
    await connection.sendAll(data);
  }
} finally {
  connection.close();
  server.close();
}

async function listen(port: number): Promise<Socket> {
  const failures: Error[] = [];
  // No host means the loopback addresses; with flags: constants.AI_PASSIVE it means all addresses of this host.
  const answers = await getaddrinfo(null, port, { family: AF_UNSPEC, type: SOCK_STREAM });
  for (const { family, type, protocol, address } of answers) {
    let socket: Socket | undefined;
    try {
      socket = Socket.create(family, type, protocol);
      socket.bind(address);
      socket.listen(1);
      return socket;
    } catch (error) {
      failures.push(error as Error);
      socket?.close();
    }
  }
  throw new AggregateError(failures, 'could not open socket');
}

function show(sockaddr: Uint8Array): string {
  return format(decode(sockaddr, 0, sockaddr.length, platform));
}
