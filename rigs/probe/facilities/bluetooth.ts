/** Bluetooth: the management channel, and L2CAP between two emulated controllers where btvirt makes them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from '@sockeye/core';
import { MESSAGE, PATIENCE, same, withSockets } from '../exchange.ts';
import { installed, modprobe } from '../explain.ts';
import { type Facility, Missing } from '../finding.ts';
import { AF, hci, l2cap } from '../sockaddr.ts';

const RAW = 3;
const SEQPACKET = 5;
const BTPROTO_L2CAP = 0;
const BTPROTO_HCI = 1;
const HCI_DEV_NONE = 0xffff;
const HCI_CHANNEL_CONTROL = 3;
const wait = { timeout: PATIENCE };

/** The management interface, BlueZ's doc/mgmt-api: a header of code, controller index and length, then parameters. */
const MGMT_READ_VERSION = 0x0001;
const MGMT_READ_INDEX_LIST = 0x0003;
const MGMT_READ_INFO = 0x0004;
const MGMT_SET_POWERED = 0x0005;
const MGMT_SET_CONNECTABLE = 0x0007;
const MGMT_EV_CMD_COMPLETE = 0x0001;
const MGMT_EV_CMD_STATUS = 0x0002;

function control(make: typeof Socket.create): Socket {
  const socket = make(AF.BLUETOOTH, RAW, BTPROTO_HCI);
  socket.bind(hci(HCI_DEV_NONE, HCI_CHANNEL_CONTROL));
  return socket;
}

/** Asks the kernel and gives the answer's parameters. */
async function ask(socket: Socket, code: number, index: number, ...parameters: number[]): Promise<Buffer> {
  const request = Buffer.alloc(6 + parameters.length);
  request.writeUInt16LE(code, 0);
  request.writeUInt16LE(index, 2);
  request.writeUInt16LE(parameters.length, 4);
  request.set(parameters, 6);
  await socket.send(request, wait);
  for (;;) {
    const event = await socket.recv(512, wait);
    const kind = event.readUInt16LE(0);
    const answers = kind === MGMT_EV_CMD_COMPLETE || kind === MGMT_EV_CMD_STATUS;
    // Other events are told to every listener: of the adapters that come and go.
    if (!answers || event.readUInt16LE(6) !== code || event.readUInt16LE(2) !== index) continue;
    const status = event[8] ?? 0;
    if (status !== 0) throw new Missing(`the management command ${code} failed with status ${status}`);
    return event.subarray(9);
  }
}

const management: Facility = {
  name: 'bluetooth',
  place: 'machine',
  modules: ['bluetooth'],
  attempt: () =>
    withSockets(async (make) => {
      const version = await ask(control(make), MGMT_READ_VERSION, HCI_DEV_NONE);
      return `the kernel answered over HCI: management interface ${version[0]}.${version.readUInt16LE(1)}`;
    }),
};

/** Controller indexes that the kernel knows. */
async function controllers(socket: Socket): Promise<number[]> {
  const list = await ask(socket, MGMT_READ_INDEX_LIST, HCI_DEV_NONE);
  return Array.from({ length: list.readUInt16LE(0) }, (_, n) => list.readUInt16LE(2 + 2 * n));
}

/** The two controllers of a btvirt of our own, which dies with this process. */
async function emulated(socket: Socket): Promise<[ChildProcess, number, number]> {
  if (!existsSync('/dev/vhci'))
    throw new Missing('no /dev/vhci, by which a controller is emulated', modprobe(['hci_vhci']));
  if (!installed('btvirt'))
    throw new Missing('no btvirt, which emulates controllers', 'sudo apt-get install bluez-test-tools');
  const before = await controllers(socket);
  const air = spawn('setpriv', ['--pdeathsig', 'KILL', 'btvirt', '-l2'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const out of [air.stdout, air.stderr]) out.on('data', (text) => (said += text));
  air.on('error', (error) => (said += error.message));
  for (let waited = 0; waited < PATIENCE && air.exitCode === null; waited += 50) {
    await sleep(50);
    const [one, other] = (await controllers(socket)).filter((index) => !before.includes(index));
    if (one !== undefined && other !== undefined) return [air, one, other];
  }
  air.kill('SIGKILL');
  throw new Missing(
    `btvirt made no two controllers: ${said.trim().slice(0, 200)}`,
    modprobe(['hci_vhci', 'ecb', 'cmac', 'algif_skcipher']),
  );
}

/** A dynamic PSM, which no service has; Bluetooth Core, volume 3, part A, section 4.2. */
const PSM = 0x1001;

const peers: Facility = {
  name: 'bluetooth-l2cap',
  place: 'machine',
  modules: ['bluetooth', 'hci_vhci', 'ecb', 'cmac', 'algif_skcipher'],
  packages: ['bluez-test-tools'],
  attempt: () =>
    withSockets(async (make) => {
      const server = make(AF.BLUETOOTH, SEQPACKET, BTPROTO_L2CAP);
      const client = make(AF.BLUETOOTH, SEQPACKET, BTPROTO_L2CAP);
      const kernel = control(make);
      const [air, one, other] = await emulated(kernel);
      try {
        for (const index of [one, other]) await ask(kernel, MGMT_SET_POWERED, index, 1);
        await ask(kernel, MGMT_SET_CONNECTABLE, other, 1);
        const from = (await ask(kernel, MGMT_READ_INFO, one)).subarray(0, 6);
        const to = (await ask(kernel, MGMT_READ_INFO, other)).subarray(0, 6);
        server.bind(l2cap(to, PSM));
        server.listen();
        client.bind(l2cap(from, 0));
        const [connection] = await Promise.all([server.accept(wait), client.connect(l2cap(to, PSM), wait)]);
        try {
          await client.send(MESSAGE, wait);
          const got = await connection.recv(64, wait);
          same(got, MESSAGE);
          await connection.send(got, wait);
          same(await client.recv(64, wait), MESSAGE);
          return `a message of ${got.length} bytes went over the air of btvirt from hci${one} to hci${other} and back`;
        } finally {
          connection.close();
        }
      } finally {
        const gone = new Promise((resolve) => air.once('exit', resolve));
        if (air.kill('SIGKILL')) await gone;
      }
    }),
};

export const bluetooth: readonly Facility[] = [management, peers];
