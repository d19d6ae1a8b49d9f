/**
 * What is left to do when no descriptor is left: run with a low limit (`ulimit -n`). Prints a line of JSON for each call: how it
 * failed, and how it went when there was room again.
 */
import { constants as c, Descriptor, MessageBuffer, Socket } from '@sockeye/core';

const held = [];
const take = () => {
  for (;;) {
    try {
      held.push(...Descriptor.pipe());
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
      break;
    }
  }
  // A pipe takes two: an odd one is left.
  try {
    held.push(Socket.create(c.AF_UNIX, c.SOCK_STREAM));
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
};
const give = () => {
  for (const one of held.splice(0)) one.close();
};

const code = async (call) => {
  try {
    const result = await call();
    result?.close?.();
    return 'done';
  } catch (error) {
    return error.code;
  }
};

/** Tries a call without a descriptor to have, then with some. */
async function both(name, call) {
  take();
  const without = await code(call);
  give();
  console.log(JSON.stringify({ name, without, afterwards: await code(call) }));
}

const server = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
server.bind(Buffer.from(`\x01\x00\x00sockeye-exhausted-${process.pid}`, 'latin1'));
server.listen();
const [a, b] = Socket.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
const [d, e] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);

await both('socket', () => Socket.create(c.AF_INET, c.SOCK_DGRAM));
await both('dup', () => a.dup());
await both('socketpair', () => Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM).map((one) => one.close())[2]);

const client = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
client.connectSync(server.getsockname());
await both('accept', () => server.accept({ timeout: 2000 }));

// The first wait on a socket takes a descriptor to poll.
await both('recv that waits', async () => {
  const waiting = b.recv(10, { timeout: 2000 });
  a.sendSync(Buffer.from('x'));
  // Where it could not wait, the message is there for the next one.
  await waiting.catch((error) => {
    b.recvSync(10, { timeout: 0 });
    throw error;
  });
});

const rights = {
  level: c.SOL_SOCKET,
  type: c.SCM_RIGHTS,
  data: new Uint8Array(Int32Array.of(1, 2, 1).buffer),
};
take();
await d.sendMsg(Buffer.from('with three'), { control: [rights] });
const buffer = new MessageBuffer({ control: 64 });
const count = e.tryRecvMsgInto(Buffer.alloc(100), buffer);
const came = buffer.descriptors();
console.log(
  JSON.stringify({ name: 'recvmsg', count, cut: buffer.controlTruncated, descriptors: came.length }),
);
for (const descriptor of came) descriptor.close();
give();
await d.sendMsg(Buffer.from('with three'), { control: [rights] });
e.tryRecvMsgInto(Buffer.alloc(100), buffer);
console.log(
  JSON.stringify({
    name: 'recvmsg afterwards',
    cut: buffer.controlTruncated,
    descriptors: buffer.descriptors().length,
  }),
);
