/** Forgets a socket, and has it collected; then one that was closed, and one that was given away. */
import { closeSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as socket from '@sockeye/compat-python';

const count = (): number => readdirSync('/proc/self/fd').length;

function forget(): void {
  const s = socket.socket();
  s.bind(['127.0.0.1', 0]);
  socket.socket().close();
  const [a, b] = socket.socketpair();
  closeSync(a.detach());
  // The object goes, the file on it stays.
  const file = b.makefile('rb');
  b.close();
  file.close();
  // Nor does a file that nobody closes keep its socket open for ever.
  const [c, d] = socket.socketpair();
  d.close();
  c.makefile();
  c.close();
}

// What the runtime opens lazily is open before it is counted.
await delay(50);
const before = count();
forget();
for (let tries = 0; tries < 100 && count() > before; tries++) {
  globalThis.gc?.();
  await delay(10);
}
console.log(`left over: ${count() - before}`);
await delay(50);
