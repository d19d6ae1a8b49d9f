// A little of every call, for each Node.js release; prints what a spec compares.

import { createRequire } from 'node:module';
import { AddressBuffer, constants as c, getaddrinfo, ifNameToIndex, Socket } from '@sockeye/core';

const loopback = async (type) =>
  (await getaddrinfo('127.0.0.1', 0, { type, flags: c.AI_NUMERICHOST }))[0].address;
const seen = {};

const server = Socket.create(c.AF_INET, c.SOCK_STREAM);
server.bind(await loopback(c.SOCK_STREAM));
server.listen();
const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
const [accepted] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
const big = Buffer.alloc(4 << 20, 'sockeye');
const sending = client.sendAll(big).then(() => client.shutdown(c.SHUT_WR));
const parts = [];
for (;;) {
  const part = await accepted.recv(65536);
  if (part.length === 0) break;
  parts.push(part);
}
await sending;
seen.stream = Buffer.concat(parts).equals(big);

const udp = [Socket.create(c.AF_INET, c.SOCK_DGRAM), Socket.create(c.AF_INET, c.SOCK_DGRAM)];
for (const socket of udp) socket.bind(await loopback(c.SOCK_DGRAM));
const from = new AddressBuffer();
const buffer = Buffer.alloc(64);
const arrival = udp[0].recvFromInto(buffer, from, { timeout: 1000 });
await udp[1].sendTo(Buffer.from('ping'), udp[0].getsockname());
await arrival;
await udp[0].sendTo(buffer.subarray(0, 4), from);
seen.udp = udp[1].recvSync(64).toString();

seen.timeout = await udp[1].recv(1, { timeout: 5 }).catch((error) => error.code);
seen.abort = await udp[1].recv(1, { signal: AbortSignal.timeout(5) }).catch((error) => error.name);
seen.lo = ifNameToIndex('lo') > 0;

// The other module system's copy waits on the same loop.
const twin = createRequire(import.meta.url)('@sockeye/core');
const [one, other] = twin.Socket.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
const waits = [other.recv(8), udp[0].recv(8)];
setTimeout(() => {
  one.trySend(Buffer.from('cjs'));
  udp[1].trySendTo(Buffer.from('esm'), udp[0].getsockname());
}, 5);
seen.copies = (await Promise.all(waits)).map(String);
seen.answer =
  one.trySendTo(Buffer.from('x'), from) < 0 && udp[0].tryRecvFromInto(buffer, new twin.AddressBuffer()) < 0;

for (const socket of [server, client, accepted, ...udp, one, other]) socket.close();
console.log(JSON.stringify(seen));
