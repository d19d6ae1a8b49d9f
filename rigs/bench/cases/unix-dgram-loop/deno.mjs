import { turns } from '../../kit/turns.mjs';

const folder = Deno.makeTempDirSync();
const open = (name) => Deno.listenDatagram({ transport: 'unixpacket', path: `${folder}/${name}` });
const sender = open('sender');
const receiver = open('receiver');
Deno.removeSync(`${folder}/sender`);
const message = new Uint8Array(64).fill(120);
const buffer = new Uint8Array(64);
globalThis.addEventListener('unload', () => Deno.removeSync(folder, { recursive: true }));

turns(async (n) => {
  const sending = (async () => {
    for (let i = 0; i < n; i++) await sender.send(message, receiver.addr);
  })();
  for (let i = 0; i < n; i++) {
    if ((await receiver.receive(buffer))[0].length !== 64) throw new Error('a part only');
  }
  await sending;
});
