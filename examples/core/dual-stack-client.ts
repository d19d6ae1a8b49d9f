// An echo client for IPv6 and IPv4: tries the addresses of a host in the order in which getaddrinfo gives them.
// Usage: dual-stack-client.ts [port] [host]; without a host, this one
import { decode, format } from '@sockeye/addr';
import { constants, getaddrinfo, platform, Socket } from '@sockeye/core';

const { AF_UNSPEC, SOCK_STREAM } = constants;

const socket = await connect(process.argv[3] ?? null, Number(process.argv[2] ?? 50008));
try {
  await socket.sendAll(Buffer.from('Hello, world'));
  const data = await socket.recv(1024, { timeout: 5000 });
  console.log('Received', data.toString());
} finally {
  socket.close();
}

async function connect(host: string | null, port: number): Promise<Socket> {
  const failures: Error[] = [];
  for (const answer of await getaddrinfo(host, port, { family: AF_UNSPEC, type: SOCK_STREAM })) {
    const { family, type, protocol, address } = answer;
    let socket: Socket | undefined;
    try {
      socket = Socket.create(family, type, protocol);
      await socket.connect(address, { timeout: 5000 });
      console.log('Connected to', format(decode(address, 0, address.length, platform)));
      return socket;
    } catch (error) {
      failures.push(error as Error);
      socket?.close();
    }
  }
  throw new AggregateError(failures, 'could not open socket');
}
