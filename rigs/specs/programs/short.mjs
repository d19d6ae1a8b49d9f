// Uses sockets without ever waiting, or waits once, and ends: nothing of the end may go wrong.
import { constants as c, Socket } from '@sockeye/core';

const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
one.sendSync(Buffer.from('x'));
if (process.argv[2] === 'wait') {
  other.recvSync(1);
  setTimeout(() => one.trySend(Buffer.from('y')), 5);
  await other.recv(1);
}
if (process.argv[2] !== 'leave') {
  one.close();
  other.close();
}
console.log('through');
