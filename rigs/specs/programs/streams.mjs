// Each adapter of core's streams, for each Node.js release; prints what a spec compares.
import { once } from 'node:events';
import { Agent, createServer, get, request } from 'node:http';
import { createRequire } from 'node:module';
import { buffer, text } from 'node:stream/consumers';
import { unixAbstract } from '@sockeye/addr';
import { constants as c, Socket } from '@sockeye/core';
import { asListener, toDuplex, toWeb } from '@sockeye/core/streams';

const seen = {};
const big = Buffer.alloc(3 << 20, 'sockeye');

/** All of a Duplex; the consumers of node:stream destroy it when they are through. */
const whole = (duplex) =>
  new Promise((resolve, reject) => {
    const parts = [];
    duplex.on('data', (data) => parts.push(data)).on('error', reject);
    duplex.on('end', () => resolve(Buffer.concat(parts)));
  });

for (const [kind, type] of [
  ['stream', c.SOCK_STREAM],
  ['seqpacket', c.SOCK_SEQPACKET],
]) {
  const [one, other] = Socket.socketpair(c.AF_UNIX, type).map((socket) => toDuplex(socket));
  one.end(big);
  other.end('back');
  const [there, back] = await Promise.all([whole(other), whole(one)]);
  seen[`duplex ${kind}`] = there.equals(big) && back.toString() === 'back';

  const [left, right] = Socket.socketpair(c.AF_UNIX, type).map((socket) => toWeb(socket));
  const writer = left.writable.getWriter();
  const writing = writer.write(big).then(() => writer.close());
  const reader = right.readable.getReader({ mode: 'byob' });
  let got = 0;
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(50_000));
    if (done) break;
    got += value.length;
  }
  await writing;
  await right.writable.close();
  seen[`web ${kind}`] = got === big.length && (await left.readable.getReader().read()).done;

  const address = unixAbstract(`sockeye-streams-${process.pid}-${type}`);
  const socket = Socket.create(c.AF_UNIX, type);
  socket.bind(address);
  socket.listen();
  const server = createServer((question, answer) => question.pipe(answer));
  const listener = asListener(socket).serve(server);
  const open = () => {
    const client = Socket.create(c.AF_UNIX, type);
    client.connectSync(address);
    return toDuplex(client);
  };
  // Deno's server ends a connection that is no net.Socket's after each response: an agent that kept it would use a dead one.
  const keepAlive = process.versions.deno === undefined;
  const agent = Object.assign(new Agent({ keepAlive, maxSockets: 1 }), { createConnection: open });
  for (let i = 0; i < 3; i++) await text((await once(get({ agent }), 'response'))[0]);
  const asking = request({ agent, method: 'POST' });
  asking.end(big);
  const [answer] = await once(asking, 'response');
  seen[`http ${kind}`] = (await buffer(answer)).equals(big);
  agent.destroy();
  server.close();
  await listener.close();
}

// Sockets of the other module system's copy are taken too.
const twin = createRequire(import.meta.url)('@sockeye/core');
const [mine, theirs] = twin.Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
toDuplex(mine).end('from CommonJS');
seen.copies = await text(toDuplex(theirs));
console.log(JSON.stringify(seen));
