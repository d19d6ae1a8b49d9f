// Ends in the way that it is asked for, while calls wait.
import { constants as c, Socket } from '@sockeye/core';

const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
const waiting = [one.recv(8), other.recv(8), one.accept().catch(() => {})];

const ends = {
  exit: () => process.exit(7),
  inCallback: () => {
    waiting[1].then(() => process.exit(8));
    one.trySend(Buffer.from('x'));
  },
  exitCode: () => {
    process.exitCode = 9;
    one.close();
    other.close();
    for (const wait of waiting) wait.catch(() => {});
  },
  thrown: () => {
    throw new Error('on purpose');
  },
  /** Nothing is left to wait for: the loop must not be kept. */
  drained: () => {
    one.trySend(Buffer.from('x'));
    other.trySend(Buffer.from('x'));
    process.exitCode = 10;
  },
};

setTimeout(ends[process.argv[2]], 20);
