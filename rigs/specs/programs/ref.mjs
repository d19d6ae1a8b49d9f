// Waits that hold the process, and waits that do not: it ends by itself, or is killed.
import { constants as c, Socket } from '@sockeye/core';

const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
const say = (word) => console.log(word);
process.on('exit', () => say('ended'));
// Held until the end: what is collected is closed.
globalThis.kept = [one, other];

if (process.argv[2] === 'unref') {
  one.unref();
  one.recv(8, { timeout: 60_000 }).then(say, say);
  other.recv(8).then(say, say);
  setTimeout(() => other.unref(), 20);
} else {
  one.unref();
  one.recv(8).then((data) => say(data.toString()));
  one.ref();
  // Holds nothing: it comes because the wait does.
  setTimeout(() => other.trySend(Buffer.from('kept')), 100).unref();
}
