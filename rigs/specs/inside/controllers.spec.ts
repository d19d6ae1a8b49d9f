/** Two SJA1000 on one bus, by their stock driver: bit rates, down and up, gone and back, full queues, statistics. */
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CanFrame, CanSocket, formatFrame, parseFrame, std } from '@sockeye/can';
import { constants, errnos } from '@sockeye/core';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engine } from '../../contracts/contract.ts';
import { ip, tc } from '../../netns/ip.ts';
import { configure, later, link, moved } from './link.ts';
import { onlyInside } from './only-inside.ts';

onlyInside();

const WAIT = { timeout: 10_000 };
const BITRATE = 500_000;
const refusal = (code: string): object => expect.objectContaining({ code });

const sockets: CanSocket[] = [];
const open = (...args: Parameters<typeof CanSocket.openSync>): CanSocket => {
  const socket = CanSocket.openSync(...args);
  sockets.push(socket);
  return socket;
};
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** Sends frames from one interface to another, and gives what arrived there as text. */
async function carry(from: string, to: string, texts: readonly string[]): Promise<string[]> {
  const receiver = open(to, { errors: true });
  const sender = open(from, { filters: [], errors: true });
  const got: string[] = [];
  for (const text of texts) {
    await sender.send(parseFrame(text), WAIT);
    got.push(formatFrame(await receiver.recv(WAIT)));
  }
  return got;
}

/**
 * No remote request with a length: of one, QEMU's controller frees fewer bytes of its receive buffer than it took, and all that
 * it receives from then on is garbage, as long as the machine lives.
 */
const TEXTS = ['123#DEADBEEF', '00000123#', '1FFFFFFF#0102030405060708', '7FF#R'];

describe(`controllers, ${engine()} engine`, () => {
  describe('bit rates', () => {
    afterAll(() => {
      if (process.env.SOCKEYE_RIG === undefined) return;
      for (const name of ['can0', 'can1']) configure(name, 'bitrate', BITRATE);
    });

    it.each([
      10_000, 125_000, 250_000, 1_000_000,
    ])('both at %i bit/s: frames go both ways', async (bitrate) => {
      for (const name of ['can0', 'can1']) {
        configure(name, 'bitrate', bitrate);
        expect(link(name).linkinfo.info_data).toMatchObject({
          state: 'ERROR-ACTIVE',
          bittiming: { bitrate },
        });
      }
      expect(await carry('can0', 'can1', TEXTS)).toEqual(TEXTS);
      expect(await carry('can1', 'can0', TEXTS)).toEqual(TEXTS);
    });

    it('that do not match: QEMU’s bus knows no bit times, so frames arrive and no controller counts an error', async () => {
      configure('can0', 'bitrate', 500_000);
      configure('can1', 'bitrate', 250_000);
      expect(link('can1').linkinfo.info_data.bittiming?.bitrate).toBe(250_000);
      // On copper the first frame would raise stuff errors, and the sender would be bus-off after 32 of them.
      expect(await carry('can0', 'can1', TEXTS)).toEqual(TEXTS);
      expect(await carry('can1', 'can0', TEXTS)).toEqual(TEXTS);
      for (const name of ['can0', 'can1']) {
        const { info_data, info_xstats } = link(name).linkinfo;
        expect(info_data).toMatchObject({ state: 'ERROR-ACTIVE', berr_counter: { tx: 0, rx: 0 } });
        expect(info_xstats).toMatchObject({ bus_error: 0, error_warning: 0, error_passive: 0, bus_off: 0 });
      }
    });

    it('one that the chip cannot make is refused, and so is a change of one that is up', () => {
      ip('link', 'set', 'can0', 'down');
      expect(() => ip('link', 'set', 'can0', 'type', 'can', 'bitrate', '1000')).toThrow(
        /bitrate|out of domain/,
      );
      configure('can0', 'bitrate', BITRATE);
      expect(() => ip('link', 'set', 'can0', 'type', 'can', 'bitrate', '250000')).toThrow(/busy/);
      expect(link('can0').linkinfo.info_data.bittiming?.bitrate).toBe(BITRATE);
    });
  });

  describe('who hears what', () => {
    it('a sender hears itself when it asks to, as said by the flags, and others on its controller unless it forbids it', async () => {
      const { MSG_DONTROUTE, MSG_CONFIRM } = constants;
      const own = open('can0', { receiveOwn: true });
      const beside = open('can0');
      const across = open('can1');
      const heard = async ({ socket }: CanSocket): Promise<[string, number]> => {
        const { data, flags } = await socket.recvMsg(16, WAIT);
        return [data.toString('hex'), flags & (MSG_DONTROUTE | MSG_CONFIRM)];
      };
      await own.send(parseFrame('123#01'), WAIT);
      const bytes = '23010000010000000100000000000000';
      // linux/can/raw.c: what comes from this machine is marked DONTROUTE, what comes from this socket CONFIRM too.
      expect(await heard(own)).toEqual([bytes, MSG_DONTROUTE | MSG_CONFIRM]);
      expect(await heard(beside)).toEqual([bytes, MSG_DONTROUTE]);
      expect(await heard(across)).toEqual([bytes, 0]);

      const silent = open('can0', { loopback: false });
      await silent.send(parseFrame('124#02'), WAIT);
      expect((await across.recv(WAIT)).id).toBe(std(0x124));
      expect(beside.socket.tryRecvInto(new Uint8Array(16))).toBe(-errnos.EAGAIN);
    });

    it('a socket on all interfaces is told which controller heard the frame', async () => {
      const all = open(0);
      const near = open('can0', { loopback: false });
      await near.send(parseFrame('321#'), WAIT);
      const { ifindex, id } = await all.recv(WAIT);
      expect([id.value, ifindex]).toEqual([0x321, open('can1').ifindex]);
    });

    it('error frames are for those who ask: a restart that nobody needs makes none', async () => {
      const errors = open('can0', { filters: [], errors: true });
      expect(() => ip('link', 'set', 'can0', 'type', 'can', 'restart')).toThrow(/busy/);
      expect(errors.socket.tryRecvInto(new Uint8Array(16))).toBe(-errnos.EAGAIN);
      expect(link('can0').linkinfo.info_xstats?.restarts).toBe(0);
    });

    it('restart-ms is kept, cannot be changed while up, and bars a restart by hand', () => {
      configure('can0', 'restart-ms', 100);
      try {
        expect(link('can0').linkinfo.info_data.restart_ms).toBe(100);
        expect(() => ip('link', 'set', 'can0', 'type', 'can', 'restart-ms', '200')).toThrow(/busy/);
        expect(() => ip('link', 'set', 'can0', 'type', 'can', 'restart')).toThrow(/Invalid argument/);
      } finally {
        configure('can0', 'restart-ms', 0);
      }
    });
  });

  describe('down and up', () => {
    const down = (): string => ip('link', 'set', 'can1', 'down');
    const up = (): string => ip('link', 'set', 'can1', 'up');
    /** A frame from the other end. */
    const tell = (text: string): Promise<void> => open('can0').send(parseFrame(text), WAIT);
    afterEach(() => {
      if (process.env.SOCKEYE_RIG !== undefined) up();
    });

    it('all who wait are told ENETDOWN once, and read on by the same socket when it is up again', async () => {
      const socket = open('can1');
      const waiting = Promise.allSettled([socket.recv(WAIT), socket.recv({ timeout: 300 })]);
      down();
      const [first, second] = await waiting;
      // The kernel tells a socket once.
      expect(first).toMatchObject({ status: 'rejected', reason: { code: 'ENETDOWN', syscall: 'recvmmsg' } });
      expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ENETDOWN' } });
      const again = socket.recv(WAIT);
      up();
      await tell('00A#11');
      expect(formatFrame(await again)).toBe('00A#11');
      await socket.send(parseFrame('00B#'), WAIT);
    });

    it('who blocks the thread is told too', async () => {
      const socket = open('can1');
      const done = later(300, 'ip link set can1 down');
      expect(() => socket.recvSync(WAIT)).toThrow(refusal('ENETDOWN'));
      await done;
    });

    it('who looked away finds it with the next call, after the frames that came before', async () => {
      const socket = open('can1');
      await tell('00C#');
      await tell('00D#');
      down();
      const bytes = new Uint8Array(16);
      // An error stands before what is queued: socket(7), SO_ERROR.
      expect(socket.socket.tryRecvInto(bytes)).toBe(-errnos.ENETDOWN);
      expect(formatFrame(await socket.recv(WAIT))).toBe('00C#');
      expect(formatFrame(await socket.recv(WAIT))).toBe('00D#');
      expect(socket.socket.tryRecvInto(bytes)).toBe(-errnos.EAGAIN);
    });

    it('whoever sends meanwhile is told ENETDOWN, in every form', async () => {
      const socket = open('can1');
      down();
      expect(socket.socket.tryRecvInto(new Uint8Array(16))).toBe(-errnos.ENETDOWN);
      await expect(socket.send({ id: 1 }, WAIT)).rejects.toThrow(refusal('ENETDOWN'));
      expect(() => socket.sendSync({ id: 1 }, WAIT)).toThrow(refusal('ENETDOWN'));
      expect(socket.socket.trySend(new Uint8Array(16))).toBe(-errnos.ENETDOWN);
      up();
      const far = open('can0');
      await socket.send({ id: 1 }, WAIT);
      expect((await far.recv(WAIT)).id).toBe(std(1));
    });

    it('for await ends with it, and begins again', async () => {
      const socket = open('can1');
      const ids: number[] = [];
      const listen = async (): Promise<void> => {
        for await (const { id } of socket) if (ids.push(id.value) % 2 === 0) return;
      };
      const listening = listen();
      const refused = expect(listening).rejects.toThrow(refusal('ENETDOWN'));
      await tell('001#');
      while (ids.length < 1) await sleep(1);
      down();
      await refused;
      up();
      const again = listen();
      await tell('002#');
      await again;
      expect(ids).toEqual([1, 2]);
    });

    it('a socket on all interfaces is not told, and hears the others', async () => {
      const all = open(0);
      const waiting = all.recv(WAIT);
      down();
      await open('can0', { loopback: false }).send({ id: 5 }, WAIT);
      const beside = open('can0');
      await beside.send({ id: 6 }, WAIT);
      const { id, ifindex } = await waiting;
      expect([id.value, ifindex]).toEqual([6, beside.ifindex]);
    });

    it('a socket that is opened while it is down is told at once, and reads when it is up', async () => {
      down();
      const socket = open('can1');
      await expect(socket.recv(WAIT)).rejects.toThrow(refusal('ENETDOWN'));
      up();
      await tell('00E#');
      expect(formatFrame(await socket.recv(WAIT))).toBe('00E#');
    });
  });

  describe('unplugged', () => {
    const DRIVER = '/sys/bus/pci/drivers/kvaser_pci';
    /** The PCI function behind can1. */
    const slot = (): string => readlinkSync('/sys/class/net/can1/device').split('/').at(-1) ?? '';

    it('its sockets are told ENODEV; plugged in again it is another interface, for sockets of its own', async () => {
      const socket = open('can1');
      const { ifindex } = socket;
      const where = slot();
      const waiting = expect(socket.recv(WAIT)).rejects.toThrow(refusal('ENODEV'));
      writeFileSync(join(DRIVER, 'unbind'), where);
      try {
        await waiting;
        // Unbound by the kernel: there is no interface to send to.
        await expect(socket.send({ id: 1 }, WAIT)).rejects.toThrow(refusal('ENXIO'));
        expect(() => open('can1')).toThrow(refusal('ENODEV'));
      } finally {
        writeFileSync(join(DRIVER, 'bind'), where);
        const [name = ''] = readdirSync(join(DRIVER, where, 'net'));
        if (name !== 'can1') ip('link', 'set', name, 'name', 'can1');
        configure('can1', 'bitrate', BITRATE);
      }
      const again = open('can1');
      expect(again.ifindex).toBeGreaterThan(ifindex);
      await open('can0').send(parseFrame('123#01'), WAIT);
      expect((await again.recv(WAIT)).id).toBe(std(0x123));
      expect(socket.socket.tryRecvInto(new Uint8Array(16))).toBe(-errnos.EAGAIN);
    });
  });

  describe('statistics', () => {
    it('agree with what was sent, on both controllers', async () => {
      const before = { can0: link('can0'), can1: link('can1') };
      const sender = open('can0', { filters: [] });
      const receiver = open('can1');
      const frames: Pick<CanFrame, 'id' | 'data'>[] = Array.from({ length: 200 }, (_, n) => ({
        id: std(n),
        data: new Uint8Array(n % 9).fill(n),
      }));
      const bytes = frames.reduce((sum, { data }) => sum + data.length, 0);
      const reading = (async () => {
        const got: Pick<CanFrame, 'id' | 'data'>[] = [];
        for (const _ of frames) {
          const { id, data } = await receiver.recv(WAIT);
          got.push({ id, data });
        }
        return got;
      })();
      for (const frame of frames) await sender.send(frame, WAIT);
      expect(await reading).toEqual(frames);
      const due = { bytes, packets: frames.length };
      expect(moved('can0', before.can0)).toEqual({ tx: due, rx: { bytes: 0, packets: 0 } });
      expect(moved('can1', before.can1)).toEqual({ rx: due, tx: { bytes: 0, packets: 0 } });
    });
  });

  describe('a full queue (ENOBUFS)', () => {
    // QEMU's controller has sent a frame before the driver returns; a filter holds its queue to the pace of a slow bus.
    const slow = ['root', 'tbf', 'rate', '40kbit', 'burst', '32', 'limit', '160'];
    beforeEach(() => {
      if (process.env.SOCKEYE_RIG !== undefined) tc('qdisc', 'replace', 'dev', 'can0', ...slow);
    });
    afterEach(() => {
      if (process.env.SOCKEYE_RIG !== undefined) tc('qdisc', 'del', 'dev', 'can0', 'root');
    });

    const frame = (n: number): Uint8Array => {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setUint32(0, n, true);
      return bytes;
    };

    /** Sends until there is no more room; how many, and what it said then. */
    function fill(sender: CanSocket): [number, number] {
      for (let sent = 0; sent < 1000; sent++) {
        const result = sender.socket.trySend(frame(sent));
        if (result < 0) return [sent, result];
      }
      return [1000, 0];
    }

    it('is an errno for who tries, while poll(2) says there is room', () => {
      const sender = open('can0', { filters: [] });
      const [sent, result] = fill(sender);
      expect(result).toBe(-errnos.ENOBUFS);
      // Ten in the queue, and those that passed meanwhile.
      expect(sent).toBeGreaterThanOrEqual(10);
      expect(sender.socket.tryWait(constants.POLLOUT)).toBe(constants.POLLOUT);
    });

    it('is waited out by the others: all arrive, in order', async () => {
      const receiver = open('can1');
      const sender = open('can0', { filters: [] });
      const reading = (async () => {
        const ids: number[] = [];
        while (ids.length < 120) ids.push((await receiver.recv(WAIT)).id.value);
        return ids;
      })();
      // At once, so that they wait for each other; then by a thread that is blocked.
      await Promise.all(Array.from({ length: 60 }, (_, id) => sender.send({ id }, WAIT)));
      for (let id = 60; id < 120; id++) sender.sendSync({ id }, WAIT);
      expect(await reading).toEqual([...Array(120).keys()]);
    });

    it('ends with a timeout whose cause it is, and the frame is not sent later', async () => {
      const sender = open('can0', { filters: [] });
      const receiver = open('can1');
      tc('qdisc', 'replace', 'dev', 'can0', 'root', 'tbf', 'rate', '8bit', 'burst', '32', 'limit', '48');
      fill(sender);
      const full = { code: 'ERR_SOCKET_TIMEOUT', cause: expect.objectContaining({ code: 'ENOBUFS' }) };
      await expect(sender.send({ id: 0x7f0 }, { timeout: 100 })).rejects.toMatchObject(full);
      expect(() => sender.sendSync({ id: 0x7f1 }, { timeout: 100 })).toThrow(expect.objectContaining(full));
      tc('qdisc', 'replace', 'dev', 'can0', ...slow);
      await sender.send({ id: 0x7f2 }, WAIT);
      const ids: number[] = [];
      while (ids.at(-1) !== 0x7f2) ids.push((await receiver.recv(WAIT)).id.value);
      expect(ids).not.toContain(0x7f0);
      expect(ids).not.toContain(0x7f1);
    });

    it('with a small SO_SNDBUF it is EAGAIN, and poll(2) tells when there is room', async () => {
      const sender = open('can0', { filters: [] });
      sender.socket.setsockopt(constants.SOL_SOCKET, constants.SO_SNDBUF, 1);
      const [, result] = fill(sender);
      expect(result).toBe(-errnos.EAGAIN);
      expect(sender.socket.tryWait(constants.POLLOUT)).toBe(0);
      await sender.send({ id: 0x7f3 }, WAIT);
    });
  });
});
