/** Sets the default timeout here, has a thread read it and set another. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as socket from '@sockeye/compat-python';

if (isMainThread) {
  socket.setdefaulttimeout(2.5);
  const program = `import('tsx/esm/api').then(({ register }) => {
    register();
    return import(${JSON.stringify(import.meta.url)});
  })`;
  const worker = new Worker(program, { eval: true });
  const [said] = await once(worker, 'message');
  console.log(`worker: ${said}`);
  await once(worker, 'exit');
  console.log(`here: ${socket.getdefaulttimeout()}`);
} else {
  const s = socket.socket();
  parentPort?.postMessage(`${socket.getdefaulttimeout()} ${s.gettimeout()}`);
  s.close();
  socket.setdefaulttimeout(7.25);
}
