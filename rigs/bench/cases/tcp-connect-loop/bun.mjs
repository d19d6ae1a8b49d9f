import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { turns } from '../../kit/turns.mjs';
import { AT_ONCE, host } from './acceptors/addresses.mjs';

const acceptor = fileURLToPath(new URL('./acceptors/bun.mjs', import.meta.url));
const child = spawn(process.execPath, [acceptor], { stdio: ['pipe', 'pipe', 'inherit'] });
const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
const port = Number(said);
let turn = 0;

turns(
  (n) =>
    new Promise((resolve, reject) => {
      let begun = 0;
      let done = 0;
      const close = () => {
        done += 1;
        if (done === n) resolve();
        else next();
      };
      const socket = { data() {}, close, connectError: (_socket, error) => reject(error) };
      function next() {
        if (begun++ >= n) return;
        Bun.connect({ hostname: `127.0.0.${host(turn++)}`, port, socket }).catch(reject);
      }
      for (let i = 0; i < AT_ONCE; i++) next();
    }),
);
