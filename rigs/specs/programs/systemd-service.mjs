// Services in several parts, which systemd's own manager starts: see systemd-driver.mjs.

import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants as c, Socket } from '@sockeye/core';
import {
  fdStore,
  listenFds,
  notifyBarrier,
  ready,
  reloading,
  status,
  stopping,
  watchdog,
  watchdogInterval,
} from '@sockeye/core/systemd';

const parts = {
  /** Starts, lives, is reloaded, is started anew with what it stored, stops. */
  async whole() {
    const stored = listenFds();
    if (stored.length === 0) {
      const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
      other.trySend(Buffer.from('remembered'));
      await fdStore('kept', [one]);
      await fdStore('peer', [other]);
      one.close();
      other.close();
      await status('first start');
    } else {
      const kept = stored.find(({ name }) => name === 'kept');
      const names = stored.map(({ name }) => name).sort();
      await status(`${names} ${await kept.socket.recv(64)}`);
      for (const { socket } of stored) socket.close();
    }
    const alive = setInterval(() => watchdog(), watchdogInterval() / 3);
    process.on('SIGUSR2', () => {
      clearInterval(alive);
      // It lives on, and says nothing.
      setInterval(() => {}, 1000);
    });
    process.on('SIGHUP', async () => {
      await reloading();
      await sleep(500);
      await status('reloaded');
      await ready();
    });
    process.on('SIGTERM', async () => {
      await stopping();
      await status('stopping');
      await sleep(500);
      process.exit(0);
    });
    await ready();
  },
  /** What was said before the barrier is known behind it. */
  async barrier() {
    const known = [];
    for (let index = 0; index < 20; index++) {
      await status(`number ${index}`);
      await notifyBarrier({ timeout: 5000 });
      const show = ['--user', 'show', '--property=StatusText', '--value', process.argv[3]];
      known.push(execFileSync('systemctl', show, { encoding: 'utf8' }).trim() === `number ${index}`);
    }
    console.log(known.every(Boolean));
  },
  /** Says to the first client what it was given. */
  async sockets() {
    const passed = listenFds();
    const kinds = { [c.SOCK_STREAM]: 'stream', [c.SOCK_DGRAM]: 'datagram', [c.SOCK_SEQPACKET]: 'seqpacket' };
    const text = passed
      .map(({ name, socket }) => `${name} ${socket ? kinds[socket.type] : 'no socket'}`)
      .join(', ');
    const connection = await passed[0].socket.accept();
    await connection.sendAll(Buffer.from(text));
    for (const { socket } of passed) socket?.close();
    connection.close();
    process.exit(0);
  },
  /** Has a connection, not a listener: Accept=yes. */
  async connection() {
    const [{ name, socket }] = listenFds();
    await socket.sendAll(Buffer.from(`${name}: ${await socket.recv(64)}`));
    socket.close();
  },
};

await parts[process.argv[2]]();
