/**
 * A server or its client, for two namespaces: `netns-peer.mjs serve udp|tcp <address>` prints its port and answers one
 * message; `netns-peer.mjs ask udp|tcp <address> <port>` prints the answer.
 */
import { constants, getaddrinfo, Socket } from '@sockeye/core';

const [role, protocol, address, port = '0'] = process.argv.slice(2);
const type = protocol === 'udp' ? constants.SOCK_DGRAM : constants.SOCK_STREAM;
const hints = { type, flags: constants.AI_NUMERICHOST };
const [found] = await getaddrinfo(address, Number(port), hints);
const socket = Socket.create(found.family, type);
const wait = { timeout: 5000 };

if (role === 'serve') {
  socket.bind(found.address);
  if (protocol === 'tcp') socket.listen();
  const at = (name) => Buffer.from(name).readUInt16BE(2);
  console.log(at(socket.getsockname()));
  if (protocol === 'udp') {
    const { data, address: from } = await socket.recvFrom(100, wait);
    await socket.sendTo(Buffer.concat([data, Buffer.from(' pong')]), from, wait);
  } else {
    const connection = await socket.accept(wait);
    await connection.sendAll(Buffer.concat([await connection.recv(100, wait), Buffer.from(' pong')]), wait);
    connection.close();
  }
} else {
  await socket.connect(found.address, wait);
  await socket.send(Buffer.from('ping'), wait);
  console.log((await socket.recv(100, wait)).toString());
}
socket.close();
