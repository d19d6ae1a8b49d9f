/** A CAN bus that the container made for itself, and frames on it: `can.mjs <path of ip>`. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { CanSocket, formatFrame, parseFrame } from '@sockeye/can';
import { ifNameToIndex } from '@sockeye/core';
import { engine } from '../../contracts/contract.ts';
import { report } from './report.ts';

const [ip = 'ip'] = process.argv.slice(2);
const BUS = 'vcan0';
const FRAMES = ['123#DEADBEEF', '00000123#', '1FFFFFFF#0102030405060708', '7FF#R', '123##0AABBCC'];
const soon = { timeout: 5000 };
const titled = (name: string): string[] => [`in a container, ${engine()} engine`, BUS, name];

await report(titled('is made by the container that needs it, and is nobody else’s'), async () => {
  assert.throws(() => ifNameToIndex(BUS), { code: 'ENODEV' });
  execFileSync(ip, ['link', 'add', BUS, 'type', 'vcan']);
  execFileSync(ip, ['link', 'set', BUS, 'mtu', '72', 'up']);
  assert.ok(ifNameToIndex(BUS) > 0);
  assert.equal(networkInterfaces()[BUS], undefined, 'a bus has no addresses');
});

await report(titled('frames arrive in order, as they were sent'), async () => {
  using sender = CanSocket.openSync(BUS, { fd: true, filters: [] });
  using receiver = CanSocket.openSync(BUS, { fd: true });
  for (const text of FRAMES) await sender.send(parseFrame(text), soon);
  for (const text of FRAMES) assert.equal(formatFrame(await receiver.recv(soon)), text);
});

await report(titled('a filter keeps out what it does not name'), async () => {
  using sender = CanSocket.openSync(BUS, { filters: [] });
  using receiver = CanSocket.openSync(BUS, { filters: [{ id: 0x100, mask: 0x700 }] });
  for (const text of ['223#01', '1AB#02', '323#03', '100#04']) await sender.send(parseFrame(text), soon);
  assert.equal(formatFrame(await receiver.recv(soon)), '1AB#02');
  assert.equal(formatFrame(await receiver.recv(soon)), '100#04');
  await assert.rejects(receiver.recv({ timeout: 20 }), { code: 'ERR_SOCKET_TIMEOUT' });
});

await report(titled('who waits is woken by a frame'), async () => {
  using sender = CanSocket.openSync(BUS, { filters: [] });
  using receiver = CanSocket.openSync(BUS);
  const waiting = receiver.recv(soon);
  await new Promise((resolve) => setImmediate(resolve));
  await sender.send(parseFrame('123#11'), soon);
  assert.equal(formatFrame(await waiting), '123#11');
});

execFileSync(ip, ['link', 'delete', BUS]);
