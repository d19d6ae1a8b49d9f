// A UDP exchange: two sockets, a question and an answer to wherever it came from.
// Usage: udp.ts [address]
import { decode, format, inet } from '@sockeye/addr';
import { AddressBuffer, constants, platform, Socket } from '@sockeye/core';

const { AF_INET, SOCK_DGRAM } = constants;

const server = Socket.create(AF_INET, SOCK_DGRAM);
const client = Socket.create(AF_INET, SOCK_DGRAM);
try {
  const host = process.argv[2] ?? '127.0.0.1';
  server.bind(inet(host, 0)); // port 0: the kernel chooses
  await client.sendTo(Buffer.from('what is your name?'), server.getsockname());

  const from = new AddressBuffer();
  const buffer = Buffer.alloc(1500);
  const count = await server.recvFromInto(buffer, from, { timeout: 5000 });
  console.log(show(from.view()), 'asks:', buffer.toString('utf8', 0, count));
  await server.sendTo(Buffer.from('sockeye'), from);

  const { data, address } = await client.recvFrom(1500, { timeout: 5000 });
  console.log(show(address), 'answers:', data.toString());
} finally {
  client.close();
  server.close();
}

function show(sockaddr: Uint8Array): string {
  return format(decode(sockaddr, 0, sockaddr.length, platform));
}
