// A worker that is in the midst of something when it is terminated.

import { parentPort, workerData } from 'node:worker_threads';
import { constants as c, getaddrinfo, Socket } from '@sockeye/core';

const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
const buffer = Buffer.alloc(64);

const states = {
  /** Waits on the event loop, with several calls on several sockets. */
  recv() {
    const more = Array.from({ length: 4 }, () => Socket.socketpair(c.AF_UNIX, c.SOCK_DGRAM)).flat();
    for (const socket of [one, other, ...more]) socket.recvInto(buffer).catch(() => {});
  },
  /** Waits in all directions and forms, with timeouts, in pauses, referenced and not. */
  async midWait() {
    const loopback = Buffer.alloc(16);
    loopback.writeUInt16LE(c.AF_INET, 0);
    loopback.set([127, 0, 0, 1], 4);
    const udp = () => {
      const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
      socket.bind(loopback);
      return socket;
    };
    const target = udp();
    const gone = target.getsockname();
    target.close();
    const sockets = Array.from({ length: 8 }, udp);
    // Those whose calls have all ended would be collected.
    globalThis.kept = sockets;
    for (const [i, socket] of sockets.entries()) {
      socket.setsockopt(c.IPPROTO_IP, c.IP_RECVERR, 1);
      socket.recvInto(buffer, { timeout: 10_000 + i }).catch(() => {});
      socket.recvInto(buffer, { timeout: 5 + i }).catch(() => {});
      socket.wait({ read: true, exceptional: i % 2 === 0 }).catch(() => {});
      if (i % 4 === 0) socket.recvInto(buffer, { flags: c.MSG_ERRQUEUE }).catch(() => {});
      if (i % 4 === 1) socket.unref();
      // Errors that nobody takes: pauses.
      for (let n = 0; n < 3; n++) socket.trySendTo(buffer, gone);
    }
    while (one.trySend(buffer) > 0);
    one.sendAll(buffer).catch(() => {});
    other.wait({ exceptional: true, timeout: 10_000 }).catch(() => {});
    setInterval(() => {}, 1000);
  },
  /** Has waited, and waits no more. */
  async idle() {
    const waiting = other.recvInto(buffer);
    one.trySend(buffer);
    await waiting;
    setInterval(() => {}, 1000);
  },
  /** Blocks its thread. */
  recvSync() {
    setImmediate(() => one.recvIntoSync(buffer));
  },
  acceptSync() {
    const listener = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
    listener.bind(new Uint8Array([1, 0]));
    listener.listen();
    setImmediate(() => listener.acceptSync());
  },
  /** Asks for names without end. */
  async resolve() {
    for (;;) await getaddrinfo('127.0.0.1', 1).catch(() => {});
  },
  /** Plays ping-pong with itself. */
  pingPong() {
    const play = async (socket) => {
      for (;;) {
        await socket.recvInto(buffer);
        await socket.send(buffer);
      }
    };
    play(one).catch(() => {});
    play(other).catch(() => {});
    one.trySend(buffer);
  },
  /** Closes while it waits, all the time. */
  async close() {
    for (;;) {
      const [left, right] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
      const waiting = [left.recvInto(buffer), right.recvInto(buffer)].map((wait) => wait.catch(() => {}));
      await new Promise((resolve) => setImmediate(resolve));
      left.close();
      right.close();
      await Promise.all(waiting);
    }
  },
};

states[workerData]();
parentPort.postMessage('ready');
