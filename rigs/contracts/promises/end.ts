import assert from 'node:assert/strict';
import type { Contract } from '../contract.ts';
import { rejected } from '../expect.ts';
import { FORMS, type Form, recv, soon } from '../forms.ts';
import { give, take } from './deliver.ts';

const [promise] = FORMS as [Form];

/** The end of a connection: nothing more comes, or the kernel says that it is gone. */
const GONE = ['ECONNRESET', 'ENOTCONN', 'EPIPE', 'ESHUTDOWN'];

async function ended(received: Promise<Buffer>): Promise<void> {
  const result = await received.catch((error: NodeJS.ErrnoException) => error);
  if (result instanceof Error)
    assert.ok(GONE.includes(result.code ?? ''), `${result.code}: ${result.message}`);
  else assert.equal(result.length, 0);
}

export const end: readonly Contract[] = [
  {
    promise: 'end',
    name: 'what was sent before the close comes first, then the end',
    needs: ['end', 'keptOverClose'],
    async run(stage) {
      const { one, other } = await stage.pair();
      await give(stage, promise, one, 0, 3);
      one.socket.close();
      await take(stage, promise, other, 0, 3);
      await ended(recv(other.socket, 64));
    },
  },
  {
    promise: 'end',
    name: 'all who wait hear of it',
    needs: ['end', 'endAgain'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const waiting = Array.from({ length: 5 }, () => recv(other.socket, 64));
      one.socket.close();
      await Promise.all(waiting.map(ended));
    },
  },
  {
    promise: 'end',
    name: 'a look for what can be read ends, and says so',
    needs: ['end'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const looking = other.socket.wait({ read: true, ...soon() });
      one.socket.close();
      const { readable, hungUp } = await looking;
      assert.ok(readable || hungUp);
      await ended(recv(other.socket, 64));
    },
  },
];

const resets: Contract[] = FORMS.map((form) => ({
  promise: 'reset',
  name: `the peer of a reset is told ECONNRESET, by the ${form.name} form`,
  needs: ['reset'],
  async run(stage) {
    const { one, other } = await stage.pair();
    await give(stage, promise, one, 0, 1);
    await take(stage, promise, other, 0, 1);
    one.socket.reset();
    if (form.name === 'try') {
      // It says errno by number.
      await assert.rejects(form.recv(other.socket, 64), /errno 104/);
    } else await rejected(form.recv(other.socket, 64), 'ECONNRESET');
  },
}));

export const reset: readonly Contract[] = [
  ...resets,
  {
    promise: 'reset',
    name: 'ECONNRESET is told once, and then the end',
    needs: ['reset', 'endAfterReset'],
    async run(stage) {
      const { one, other } = await stage.pair();
      one.socket.reset();
      await rejected(recv(other.socket, 64), 'ECONNRESET');
      for (const form of FORMS) await ended(form.recv(other.socket, 64));
    },
  },
  {
    promise: 'reset',
    name: 'a receive that waits is told ECONNRESET',
    needs: ['reset'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const waiting = rejected(recv(other.socket, 8), 'ECONNRESET');
      one.socket.reset();
      await waiting;
    },
  },
];
