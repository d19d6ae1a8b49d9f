/**
 * A server in a process of its own, and this process's ends of thousands of connections to it. Ours on this side for every server,
 * without a watcher: a connection costs this process one descriptor, whoever is measured.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { constants, Socket } from '@sockeye/core';

/** Descriptors that a process has besides its connections, with room to spare. */
const OTHERS = 100;

/**
 * So many connections, or as many as a process may have descriptors for: a socket that waits on libuv's loop has two of them.
 */
export const CONNECTIONS = Math.min(10_000, Math.floor((descriptors() - OTHERS) / 2));

/** The hard limit, up to which Node.js raises its own. */
function descriptors() {
  const [, limit] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}

/**
 * Starts a server of `servers/`.
 * @param {string} name of its file
 * @returns what asks it a question, one line, for one line
 */
export function server(name) {
  const script = fileURLToPath(new URL(`./servers/${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${question}\n`);
      return Number((await lines.next()).value);
    },
    async end() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await ended;
    },
  };
}

/**
 * Connects, each time when the server's queue has room again.
 * @param {number} port on 127.0.0.1
 * @param {number} count
 */
export function connect(port, count) {
  const to = new Uint8Array([0, 0, port >> 8, port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  new DataView(to.buffer).setUint16(0, constants.AF_INET, true);
  return Array.from({ length: count }, () => {
    const socket = Socket.create(constants.AF_INET, constants.SOCK_STREAM);
    socket.connectSync(to);
    return socket;
  });
}
