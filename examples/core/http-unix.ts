// HTTP without a port: Node's own http server and client over an abstract Unix name.
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { unixAbstract } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { asListener, toDuplex } from '@sockeye/core/streams';

const { AF_UNIX, SOCK_STREAM } = constants;

const address = unixAbstract(`sockeye-http-${process.pid}`);
const socket = Socket.create(AF_UNIX, SOCK_STREAM);
socket.bind(address);
socket.listen();
const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
const listener = asListener(socket).serve(server);

const client = Socket.create(AF_UNIX, SOCK_STREAM);
try {
  await client.connect(address);
  const request = get({ path: '/salmon', createConnection: () => toDuplex(client) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  console.log('Received', response.statusCode, await text(response));
} finally {
  client.close();
  server.close();
  await listener.close();
}
