/** Bluetooth: two emulated controllers, HCI sockets over one, BlueZ's own programs at the other end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { btHci, btL2cap, btRfcomm, btSco, decode } from '@sockeye/addr';
import { constants as c, errnos, Socket } from '@sockeye/core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { type Air, type Controller, startAir } from '../../air/index.ts';
import { engine } from '../../contracts/contract.ts';
import { onlyInside } from './only-inside.ts';

onlyInside();

const WAIT = { timeout: 20_000 };
/** net/bluetooth/bluetooth.h. */
const BTPROTO = { L2CAP: 0, HCI: 1, SCO: 2, RFCOMM: 3 } as const;
/** net/bluetooth/hci.h and hci_sock.h. */
const HCI_CHANNEL_USER = 1;
const HCI_CHANNEL_MONITOR = 2;
const HCI_DEV_NONE = 0xffff;
const HCI_FILTER = 2;
const HCI_COMMAND_PKT = 1;
const HCI_EVENT_PKT = 4;
const EVT_CMD_COMPLETE = 0x0e;
const EVT_INQUIRY_COMPLETE = 0x01;
const EVT_CMD_STATUS = 0x0f;
/** Commands: group and number; Bluetooth Core, volume 4, part E, section 7. */
const opcode = (ogf: number, ocf: number): number => (ogf << 10) | ocf;
const RESET = opcode(0x03, 0x0003);
const READ_LOCAL_VERSION = opcode(0x04, 0x0001);
const READ_BD_ADDR = opcode(0x04, 0x0009);
const INQUIRY = opcode(0x01, 0x0001);

const BLUETOOTH = '/sys/class/bluetooth';
/** How many there are: a connection has a folder too, with a colon. */
const controllers = (): number => readdirSync(BLUETOOTH).filter((name) => /^hci\d+$/.test(name)).length;

let air: Air;
/** Addresses as text has them. */
let here: string;
let there: string;
const text = ({ address }: Controller): string =>
  [...address.toReversed()]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(':')
    .toUpperCase();

beforeAll(async () => {
  if (process.env.SOCKEYE_RIG === undefined) return;
  air = await startAir(WAIT);
  [here, there] = [text(air.controllers[0]), text(air.controllers[1])];
}, 60_000);
afterAll(() => air?.close(), 60_000);

const sockets: Socket[] = [];
const keep = (socket: Socket): Socket => {
  sockets.push(socket);
  return socket;
};
const open = (type: number, protocol: number): Socket => keep(Socket.create(c.AF_BLUETOOTH, type, protocol));
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const child of children.splice(0)) {
    const gone = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill()) await gone;
  }
});

/** An HCI command packet with its indicator. */
function command(code: number, ...parameters: number[]): Buffer {
  return Buffer.from([HCI_COMMAND_PKT, code & 0xff, code >> 8, parameters.length, ...parameters]);
}

/** Receives events until one is the answer to a command; its parameters after the opcode. */
async function answer(socket: Socket, code: number): Promise<Buffer> {
  for (;;) {
    const packet = await socket.recv(300, WAIT);
    expect(packet[0]).toBe(HCI_EVENT_PKT);
    expect(packet[2]).toBe(packet.length - 3);
    if (packet[1] === EVT_CMD_COMPLETE && packet.readUInt16LE(4) === code) return packet.subarray(6);
  }
}

/** A raw socket on the first controller, by the filter for all events; struct hci_ufilter. */
function raw(): Socket {
  const socket = open(c.SOCK_RAW, BTPROTO.HCI);
  const filter = Buffer.alloc(16, 0xff);
  filter.writeUInt32LE(1 << HCI_EVENT_PKT, 0);
  filter.writeUInt16LE(0, 12);
  socket.setsockopt(0, HCI_FILTER, filter);
  socket.bind(btHci(air.controllers[0].index));
  return socket;
}

describe(`HCI, ${engine()} engine`, () => {
  it('a raw socket sends commands and reads their events', async () => {
    const socket = raw();
    await socket.send(command(READ_LOCAL_VERSION), WAIT);
    const version = await answer(socket, READ_LOCAL_VERSION);
    // Status, HCI version, revision, LMP version, manufacturer, subversion.
    expect(version).toHaveLength(9);
    expect(version[0]).toBe(0);
    await socket.send(command(READ_BD_ADDR), WAIT);
    const address = await answer(socket, READ_BD_ADDR);
    expect([...address.subarray(1)]).toEqual([...air.controllers[0].address]);
  });

  it('events that a filter leaves out do not come', async () => {
    const all = raw();
    const picky = raw();
    // Only "inquiry complete".
    const filter = Buffer.alloc(16);
    filter.writeUInt32LE(1 << HCI_EVENT_PKT, 0);
    filter.writeUInt32LE(1 << EVT_INQUIRY_COMPLETE, 4);
    picky.setsockopt(0, HCI_FILTER, filter);
    expect(picky.getsockopt(0, HCI_FILTER, 16)).toEqual(filter);
    await all.send(command(READ_LOCAL_VERSION), WAIT);
    await answer(all, READ_LOCAL_VERSION);
    expect(picky.tryRecvInto(Buffer.alloc(300))).toBe(-errnos.EAGAIN);
    // The general inquiry access code, 1.28 s, as many as there are.
    await all.send(command(INQUIRY, 0x33, 0x8b, 0x9e, 1, 0), WAIT);
    expect([...(await picky.recv(300, WAIT))]).toEqual([HCI_EVENT_PKT, EVT_INQUIRY_COMPLETE, 1, 0]);
    const seen = new Set<number>();
    while (!seen.has(EVT_INQUIRY_COMPLETE)) seen.add((await all.recv(300, WAIT))[1] ?? 0);
    expect(seen).toContain(EVT_CMD_STATUS);
  });

  it('its address comes back as it was bound', () => {
    const { index } = air.controllers[0];
    const bytes = raw().getsockname();
    expect(decode(bytes, 0, bytes.length, 'linux')).toMatchObject({
      family: 'bt-hci',
      dev: index,
      channel: 0,
    });
  });

  it('a controller that is none is ENODEV', () => {
    expect(() => open(c.SOCK_RAW, BTPROTO.HCI).bind(btHci(77))).toThrow(
      expect.objectContaining({ code: 'ENODEV' }),
    );
  });

  it('the monitor channel hears what passes: indexes of controllers first, then commands and events', async () => {
    const monitor = open(c.SOCK_RAW, BTPROTO.HCI);
    monitor.bind(btHci(HCI_DEV_NONE, HCI_CHANNEL_MONITOR));
    const socket = raw();
    await socket.send(command(READ_BD_ADDR), WAIT);
    await answer(socket, READ_BD_ADDR);
    // struct hci_mon_hdr of net/bluetooth/hci_mon.h: opcode, index, length.
    const [NEW_INDEX, COMMAND, EVENT] = [0, 2, 3];
    const heard: [number, number, string][] = [];
    const last = (): [number, number, string] | undefined => heard.at(-1);
    while (!(last()?.[0] === EVENT && last()?.[2].includes('0910'))) {
      const packet = await monitor.recv(600, WAIT);
      expect(packet.length - 6).toBe(packet.readUInt16LE(4));
      heard.push([packet.readUInt16LE(0), packet.readUInt16LE(2), packet.toString('hex', 6)]);
    }
    const indexes = heard.filter(([code]) => code === NEW_INDEX).map(([, index]) => index);
    expect(indexes).toEqual(expect.arrayContaining(air.controllers.map(({ index }) => index)));
    expect(heard).toContainEqual([COMMAND, air.controllers[0].index, '091000']);
  });
});

/** Runs a program to its end. */
function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) =>
      status === 0 ? resolve() : reject(new Error(`${program}: status ${status}`)),
    );
  });
}

/** One of BlueZ's test programs, and what it has said. */
class Judge {
  said = '';

  constructor(program: string, args: readonly (string | number)[]) {
    const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more: string) => {
        this.said += more;
      });
    }
    onTestFailed(() => console.error(`${program} ${args.join(' ')}: ${this.said}`));
  }

  /** Waits until it has said this. */
  async hear(words: RegExp): Promise<void> {
    const until = performance.now() + WAIT.timeout;
    while (!words.test(this.said)) {
      if (performance.now() > until) throw new Error(`not ${words} but: ${this.said}`);
      await sleep(20);
    }
  }
}

const SIZE = 200;
const COUNT = 5;

/** A message as l2test and rctest send and check it: its number, its length, then 0x7f. */
function numbered(number: number): Buffer {
  const bytes = Buffer.alloc(SIZE, 0x7f);
  bytes.writeUInt32LE(number, 0);
  bytes.writeUInt16LE(SIZE, 4);
  return bytes;
}

describe.each([
  {
    name: 'L2CAP by SOCK_SEQPACKET',
    program: 'l2test',
    type: c.SOCK_SEQPACKET,
    protocol: BTPROTO.L2CAP,
    // It gives us time before it disconnects, which would overtake its data.
    options: ['-g', 2000],
    port: 0x1081,
  },
  {
    name: 'L2CAP by SOCK_STREAM',
    program: 'l2test',
    type: c.SOCK_STREAM,
    protocol: BTPROTO.L2CAP,
    options: ['-U', '-g', 2000],
    port: 0x1083,
  },
  { name: 'RFCOMM', program: 'rctest', type: c.SOCK_STREAM, protocol: BTPROTO.RFCOMM, options: [], port: 7 },
])(`$name, ${engine()} engine`, ({ program, type, protocol, options, port }) => {
  const rfcomm = protocol === BTPROTO.RFCOMM;
  const address = (device: string, at: number) =>
    rfcomm ? btRfcomm({ address: device, channel: at }) : btL2cap({ address: device, psm: at });

  /** What the judge listens with; it is ready when the kernel lets us in. */
  async function connect(judge: Judge): Promise<Socket> {
    await judge.hear(/Waiting for connection/);
    const client = open(type, protocol);
    client.bind(address(here, 0));
    await client.connect(address(there, port), WAIT);
    return client;
  }
  const device = (n: 0 | 1): string => `hci${air.controllers[n].index}`;
  const listening = (mode: string): Judge =>
    new Judge(program, [mode, '-i', device(1), '-P', port, '-b', SIZE, '-N', COUNT, ...options]);

  async function listen(): Promise<Socket> {
    const server = open(type, protocol);
    server.bind(address(there, port));
    server.listen();
    return server;
  }
  const connecting = (mode: string): Judge =>
    new Judge(program, [mode, '-i', device(0), '-P', port, '-b', SIZE, '-N', COUNT, ...options, there]);

  /** So many messages of a judge's, as bytes: a stream may join them. */
  async function receive(socket: Socket): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let got = 0; got < SIZE * COUNT; got += parts.at(-1)?.length ?? 0) {
      const part = await socket.recv(type === c.SOCK_STREAM ? SIZE * COUNT - got : 2 * SIZE, WAIT);
      expect(part.length).toBeGreaterThan(0);
      if (type === c.SOCK_SEQPACKET) expect(part).toHaveLength(SIZE);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }
  const due = Buffer.concat(Array.from({ length: COUNT }, (_, n) => numbered(n)));

  it('we connect, and it receives what we send', async () => {
    const judge = listening('-r');
    const client = await connect(judge);
    for (let n = 0; n < COUNT; n++) await client.send(numbered(n), WAIT);
    await judge.hear(new RegExp(`(${SIZE} bytes in .*[^]*){${COUNT}}`));
    expect(judge.said).not.toMatch(/missmatch|mismatch|fail/i);
  });

  it('we connect, and receive what it sends', async () => {
    const client = await connect(listening('-w'));
    expect(await receive(client)).toEqual(due);
  });

  it('it connects, and we receive what it sends', async () => {
    const server = await listen();
    connecting('-s');
    const socket = keep(await server.accept(WAIT));
    const from = socket.getpeername();
    expect(decode(from, 0, from.length, 'linux')).toMatchObject({
      family: rfcomm ? 'bt-rfcomm' : 'bt-l2cap',
      address: here,
    });
    expect(await receive(socket)).toEqual(due);
  });

  it('it connects, and receives what we send', async () => {
    const server = await listen();
    const judge = connecting('-u');
    const socket = keep(await server.accept(WAIT));
    for (let n = 0; n < COUNT; n++) await socket.send(numbered(n), WAIT);
    await judge.hear(new RegExp(`(${SIZE} bytes in .*[^]*){${COUNT}}`));
    expect(judge.said).not.toMatch(/missmatch|mismatch|fail/i);
  });

  // Not to be tried: an address that nobody has. RFCOMM's thread in Linux 6.1 frees its channel twice when paging it runs out
  // of time ("list_del corruption" in hci_chan_del), and the kernel is gone.
  it('nobody there is ECONNREFUSED', async () => {
    const client = open(type, protocol);
    await expect(client.connect(address(there, rfcomm ? 29 : 0x10f1), WAIT)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
  });
});

describe(`SCO, ${engine()} engine`, () => {
  it('a connection is asked for over the air; btvirt, which has no voice, refuses it', async () => {
    const [server, client] = [open(c.SOCK_SEQPACKET, BTPROTO.SCO), open(c.SOCK_SEQPACKET, BTPROTO.SCO)];
    server.bind(btSco(there));
    server.listen();
    client.bind(btSco(here));
    const bytes = client.getsockname();
    expect(decode(bytes, 0, bytes.length, 'linux')).toMatchObject({ family: 'bt-sco', address: here });
    await expect(client.connect(btSco(there), WAIT)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('emulated controllers', () => {
  it('that the kernel gave up on, since btvirt was late, are made again', { timeout: 90_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sockeye-btvirt-'));
    const { PATH } = process.env;
    const known = controllers();
    // Stands still once, from when the kernel begins to ask the first controller until it has given up.
    writeFileSync(
      join(folder, 'btvirt'),
      `#!/bin/bash
if mkdir ${folder}/once 2>/dev/null; then
  (
    until [ -e ${BLUETOOTH}/hci${known} ]; do :; done
    kill -STOP $$; sleep 2.5; kill -CONT $$
  ) >/dev/null 2>&1 &
fi
exec /usr/bin/btvirt "$@"
`,
      { mode: 0o755 },
    );
    process.env.PATH = `${folder}:${PATH}`;
    try {
      const late = await startAir(WAIT);
      expect(existsSync(join(folder, 'once'))).toBe(true);
      expect(late.controllers.map(text)).not.toContain(here);
      await late.close();
      expect(controllers()).toBe(known);
    } finally {
      process.env.PATH = PATH;
      rmSync(folder, { recursive: true });
    }
  });
});

// The last, since it takes a controller down and all that is connected over it.
describe(`HCI’s user channel, ${engine()} engine`, () => {
  it('the user channel has a controller to itself, which takes that it is down', async () => {
    const [one] = air.controllers;
    const user = open(c.SOCK_RAW, BTPROTO.HCI);
    expect(() => user.bind(btHci(one.index, HCI_CHANNEL_USER))).toThrow(
      expect.objectContaining({ code: 'EBUSY' }),
    );
    const power = (state: 'up' | 'down'): Promise<void> => run('hciconfig', [`hci${one.index}`, state]);
    await power('down');
    try {
      user.bind(btHci(one.index, HCI_CHANNEL_USER));
      await user.send(command(RESET), WAIT);
      expect([...(await answer(user, RESET))]).toEqual([0]);
      await user.send(command(READ_BD_ADDR), WAIT);
      expect([...(await answer(user, READ_BD_ADDR)).subarray(1)]).toEqual([...one.address]);
      // Nobody else gets it meanwhile.
      const second = open(c.SOCK_RAW, BTPROTO.HCI);
      expect(() => second.bind(btHci(one.index, HCI_CHANNEL_USER))).toThrow(
        expect.objectContaining({ code: 'EBUSY' }),
      );
    } finally {
      user.close();
      await power('up');
    }
  });
});
