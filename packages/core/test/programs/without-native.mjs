/**
 * What is built of @sockeye/core, in a folder from where no binary is found: prints what a real socket says, and what comes over a
 * pair in memory.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'sockeye-'));
try {
  cpSync(fileURLToPath(new URL('../../dist', import.meta.url)), join(folder, 'dist'), { recursive: true });
  cpSync(fileURLToPath(new URL('../../package.json', import.meta.url)), join(folder, 'package.json'));
  const load = (path) => import(pathToFileURL(join(folder, 'dist', path)).href);
  const { constants: c, Socket } = await load('index.js');
  const { MemoryNetwork } = await load('testing/index.js');
  const code = async (call) => {
    try {
      await call();
    } catch (error) {
      return error.code;
    }
    return 'nothing was thrown';
  };
  console.log(await code(() => Socket.create(c.AF_UNIX, c.SOCK_STREAM)));
  const [a, b] = new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_STREAM);
  await a.sendAll(Buffer.from('hello'));
  console.log((await b.recv(16)).toString());
  await a.send(Buffer.from('unread'));
  b.close();
  console.log(await code(() => a.recv(1)));
  const [one, other] = new MemoryNetwork().socketpair(c.AF_INET, c.SOCK_DGRAM);
  console.log(await code(() => one.recv(1, { timeout: 1 })));
  await one.send(Buffer.from('long'));
  console.log((await other.recvMsg(1)).truncated);
} finally {
  rmSync(folder, { recursive: true });
}
