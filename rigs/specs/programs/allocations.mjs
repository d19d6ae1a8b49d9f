// Bytes of JavaScript heap per call of the try form, would it block or not. Needs --expose-gc and a large semi-space, so
// that no collection falls into a measurement.
import { AddressBuffer, constants as c, Socket } from '@sockeye/core';

const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
const listener = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
listener.bind(new Uint8Array([1, 0]));
listener.listen();
const named = Socket.create(c.AF_UNIX, c.SOCK_DGRAM);
named.bind(new Uint8Array([1, 0]));
const to = named.getsockname();
const from = new AddressBuffer();
from.bytes.set(to);
from.length = to.length;
const sender = new AddressBuffer();
const buffer = Buffer.alloc(64);

const [closed, left] = Socket.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
closed.close();
left.close();

const calls = {
  'tryRecvInto, would block': () => one.tryRecvInto(buffer),
  'tryRecvInto with flags, would block': () => one.tryRecvInto(buffer, c.MSG_PEEK, 8, 16),
  'tryRecvFromInto, would block': () => one.tryRecvFromInto(buffer, from),
  'tryAccept, would block': () => listener.tryAccept(),
  'tryRecvInto, closed': () => closed.tryRecvInto(buffer),
  'trySend and tryRecvInto': () => one.trySend(buffer) + other.tryRecvInto(buffer),
  'trySendTo an AddressBuffer and tryRecvFromInto': () =>
    one.trySendTo(buffer, from) + named.tryRecvFromInto(buffer, sender),
};

const COUNT = 200_000;
const measure = (call) => {
  for (let i = 0; i < COUNT; i++) call();
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < COUNT; i++) call();
  return (process.memoryUsage().heapUsed - before) / COUNT;
};

console.log(
  JSON.stringify(Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, measure(call)]))),
);
