import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { turns } from '../../kit/turns.mjs';
import { AT_ONCE, host } from './acceptors/addresses.mjs';

const acceptor = fileURLToPath(new URL('./acceptors/node.mjs', import.meta.url));
const child = spawn(process.execPath, [acceptor], { stdio: ['pipe', 'pipe', 'inherit'] });
const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
const port = Number(said);
let turn = 0;

turns(
  (n) =>
    new Promise((resolve, reject) => {
      let begun = 0;
      let done = 0;
      const closed = () => {
        done += 1;
        if (done === n) resolve();
        else next();
      };
      function next() {
        if (begun++ >= n) return;
        connect({ port, host: `127.0.0.${host(turn++)}` })
          .on('error', reject)
          .on('close', closed)
          .resume(); // without it the end is not seen
      }
      for (let i = 0; i < AT_ONCE; i++) next();
    }),
);
