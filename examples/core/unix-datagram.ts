// A Unix datagram exchange by way of an abstract name, which needs no file and goes away by itself (Linux).
import { decode, format, unixAbstract } from '@sockeye/addr';
import { constants, platform, Socket } from '@sockeye/core';

const { AF_UNIX, SOCK_DGRAM } = constants;

const server = Socket.create(AF_UNIX, SOCK_DGRAM);
const client = Socket.create(AF_UNIX, SOCK_DGRAM);
try {
  server.bind(unixAbstract(`sockeye-server-${process.pid}`));
  client.bind(unixAbstract(`sockeye-client-${process.pid}`));
  await client.sendTo(Buffer.from('one datagram'), server.getsockname());

  const { data, address } = await server.recvFrom(1024, { timeout: 5000 });
  console.log(show(address), 'says:', data.toString());
  await server.sendTo(Buffer.from(`${data.length} bytes, thank you`), address);
  console.log(show(server.getsockname()), 'says:', (await client.recv(1024, { timeout: 5000 })).toString());
} finally {
  client.close();
  server.close();
}

function show(sockaddr: Uint8Array): string {
  return format(decode(sockaddr, 0, sockaddr.length, platform));
}
