import { fileURLToPath } from 'node:url';
import { turns } from '../../kit/turns.mjs';
import { AT_ONCE, host } from './acceptors/addresses.mjs';

const acceptor = fileURLToPath(new URL('./acceptors/deno.mjs', import.meta.url));
const child = new Deno.Command(Deno.execPath(), {
  args: ['run', '--allow-all', '--quiet', acceptor],
  stdin: 'piped',
  stdout: 'piped',
}).spawn();
const { value } = await child.stdout.getReader().read();
const port = Number(new TextDecoder().decode(value));
const buffer = new Uint8Array(1);
let turn = 0;

async function operation() {
  const connection = await Deno.connect({ hostname: `127.0.0.${host(turn++)}`, port });
  if ((await connection.read(buffer)) !== null) throw new Error('not closed');
  connection.close();
}

turns(async (n) => {
  let left = n;
  const worker = async () => {
    while (left-- > 0) await operation();
  };
  await Promise.all(Array.from({ length: Math.min(n, AT_ONCE) }, worker));
});
