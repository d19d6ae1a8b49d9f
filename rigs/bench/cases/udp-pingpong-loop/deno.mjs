import { turns } from '../../kit/turns.mjs';

const bound = () => Deno.listenDatagram({ transport: 'udp', hostname: '127.0.0.1', port: 0 });
const ping = bound();
const pong = bound();

(async () => {
  const buffer = new Uint8Array(64);
  for (;;) await pong.send(...(await pong.receive(buffer)));
})();

const message = new Uint8Array(64).fill(120);
const buffer = new Uint8Array(64);

turns(async (n) => {
  for (let i = 0; i < n; i++) {
    await ping.send(message, pong.addr);
    if ((await ping.receive(buffer))[0].length !== 64) throw new Error('a part only');
  }
});
