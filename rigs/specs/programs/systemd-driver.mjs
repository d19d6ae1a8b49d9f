// Drives services through a real service manager and prints what it says of them; run by systemd-manager.sh.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { constants as c, Socket } from '@sockeye/core';

const service = (part, ...args) => [
  process.execPath,
  fileURLToPath(new URL('systemd-service.mjs', import.meta.url)),
  part,
  ...args,
];
const command = (program, ...args) =>
  execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
  }).trim();
const run = (...args) => command('systemd-run', '--user', '--quiet', ...args);
const systemctl = (...args) => command('systemctl', '--user', ...args);
const show = (unit, property) => systemctl('show', `--property=${property}`, '--value', unit);
/** Waits until a property has this value, and says what it had at last. */
const becomes = async (unit, property, value) => {
  let now;
  for (let turn = 0; turn < 100; turn++) {
    now = show(unit, property);
    if (now === value) break;
    await sleep(50);
  }
  return now;
};
const unix = (name) => Buffer.concat([Uint8Array.of(c.AF_UNIX, 0), Buffer.from(name)]);
const client = async (name) => {
  const socket = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
  await socket.connect(unix(name));
  return socket;
};
const answer = async (socket) => {
  const text = (await socket.recv(1024, { timeout: 10_000 })).toString();
  socket.close();
  return text;
};

const seen = {};
const properties = ['Type=notify', 'FileDescriptorStoreMax=8', 'WatchdogSec=2s', 'NotifyAccess=main'];
// Comes back when the service has said that it is ready.
run('--unit=whole', ...properties.map((line) => `--property=${line}`), ...service('whole'));
seen.started = [
  show('whole', 'SubState'),
  show('whole', 'StatusText'),
  show('whole', 'NFileDescriptorStore'),
];
await sleep(3000);
seen.watched = [show('whole', 'ActiveState'), show('whole', 'NRestarts')];

systemctl('kill', '--signal=SIGHUP', 'whole');
seen.reloading = await becomes('whole', 'ActiveState', 'reloading');
seen.reloaded = [await becomes('whole', 'ActiveState', 'active'), show('whole', 'StatusText')];

systemctl('restart', 'whole');
seen.restarted = show('whole', 'StatusText');

systemctl('stop', '--no-block', 'whole');
seen.stopping = [await becomes('whole', 'StatusText', 'stopping'), show('whole', 'ActiveState')];

run('--unit=silent', ...properties.map((line) => `--property=${line}`), ...service('whole'));
systemctl('kill', '--signal=SIGUSR2', 'silent');
seen.silent = await becomes('silent', 'Result', 'watchdog');

const pipe = ['--pipe', '--wait', '--property=NotifyAccess=main'];
seen.barrier = run('--unit=barrier', ...pipe, ...service('barrier', 'barrier'));

const listen = (kind) => `--socket-property=${kind}`;
run(
  '--unit=front',
  listen('ListenStream=/run/user/0/front'),
  listen('ListenDatagram=@front'),
  listen('ListenSequentialPacket=/run/user/0/front-seqpacket'),
  listen('ListenFIFO=/run/user/0/front-fifo'),
  listen('FileDescriptorName=front'),
  ...service('sockets'),
);
seen.sockets = await answer(await client('/run/user/0/front'));

const units = '/run/user/0/systemd/user';
mkdirSync(units, { recursive: true });
writeFileSync(`${units}/each.socket`, '[Socket]\nListenStream=/run/user/0/each\nAccept=yes\n');
writeFileSync(`${units}/each@.service`, `[Service]\nExecStart=${service('connection').join(' ')}\n`);
systemctl('daemon-reload');
systemctl('start', 'each.socket');
const talk = await client('/run/user/0/each');
await talk.sendAll(Buffer.from('hello'));
seen.connection = await answer(talk);

console.log(JSON.stringify(seen));
