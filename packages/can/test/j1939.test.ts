import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { can, canJ1939 } from '@sockeye/addr';
import { constants, ifNameToIndex, platform, Socket } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame } from '../src/frame.ts';
import { ext } from '../src/id.ts';
import { decodePduId, pgnToBytes } from '../src/j1939/pgn.ts';
import {
  encodeName,
  J1939,
  type J1939Change,
  type J1939Message,
  type J1939Messages,
  type J1939Reception,
} from '../src/j1939.ts';

/** A virtual CAN bus for these tests alone. */
const BUS = process.env.SOCKEYE_VCAN ?? 'vcan0';
/** Proprietary A, PDU1, and one of Proprietary B, PDU2: SAE J1939-21. */
const PROPRIETARY_A = 0xef00;
const PROPRIETARY_B = 0xff42;
const name = encodeName({ manufacturer: 0x7ff, identity: 0x1000 });
const later = encodeName({ manufacturer: 0x7ff, identity: 0x2000 });

function whyNot(): string | undefined {
  if (platform !== 'linux') return 'J1939 sockets are Linux only';
  try {
    Socket.create(constants.AF_CAN, constants.SOCK_DGRAM, constants.CAN_J1939).close();
    J1939.open(BUS).close();
    return undefined;
  } catch (error) {
    return `no J1939 on a virtual CAN bus ${BUS}: ${(error as Error).message}`;
  }
}

const reason = whyNot();
const ecus: J1939[] = [];

function keep(ecu: J1939): J1939 {
  ecus.push(ecu);
  return ecu;
}
const open = (address?: number, bus = BUS): J1939 => keep(J1939.open(bus, { address }));

async function next(messages: J1939Messages): Promise<J1939Message> {
  const { value, done } = await messages.next();
  if (done || value === undefined) throw new Error('closed');
  return value;
}

/** Until a change of this type. */
async function until(ecu: J1939, type: J1939Change['type']): Promise<J1939Change> {
  for await (const change of ecu.changes({ signal: AbortSignal.timeout(10_000) })) {
    if (change.type === type) return change;
  }
  throw new Error(`closed before ${type}`);
}

/** Frames, as who breaks the rules of J1939 sends them. */
class RawBus implements Disposable {
  readonly #socket: Socket = Socket.create(constants.AF_CAN, constants.SOCK_RAW, constants.CAN_RAW);

  constructor() {
    this.#socket.bind(can(ifNameToIndex(BUS)));
  }

  send(id: number, ...data: readonly number[]): void {
    const bytes = new Uint8Array(16);
    encodeFrame({ id: ext(id), data: Uint8Array.from(data) }, bytes);
    this.#socket.sendSync(bytes);
  }

  /** Waits for a frame of this parameter group from this address to that one. */
  async until(pgn: number, source: number, destination: number): Promise<void> {
    for (;;) {
      const { id } = decodeFrame(await this.#socket.recv(16, { timeout: 5000 }));
      const found = decodePduId(id);
      if (found.pgn === pgn && found.source === source && found.destination === destination) return;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 0xff);

beforeEach((context) => {
  if (reason !== undefined) context.skip(reason);
});

afterEach(async () => {
  await Promise.all(ecus.splice(0).map((ecu) => ecu.close()));
});

describe('messages', () => {
  it.each([
    0, 1, 8, 9, 1785, 1786, 100_000,
  ])('of %i bytes go to one receiver, and are acknowledged', async (length) => {
    const [a, b] = [open(0x20), open(0x30)];
    const heard = b.messages({ pgn: PROPRIETARY_A });
    const data = pattern(length);
    await a.send({ pgn: PROPRIETARY_A, to: 0x30, data, priority: 5 }, { timeout: 20_000 });
    const message = await next(heard);
    expect(message).toMatchObject({
      pgn: PROPRIETARY_A,
      from: 0x20,
      fromName: undefined,
      to: 0x30,
      toName: undefined,
      truncated: false,
      local: length > 8 ? undefined : true,
      priority: 5,
    });
    expect(Buffer.compare(message.data, data)).toBe(0);
    expect(Math.abs(Number(message.timestampNs) / 1e6 - Date.now())).toBeLessThan(60_000);
  });

  it('that the send buffer has no room for go to the kernel as there is', async () => {
    const [a, b] = [open(0x20), open(0x30)];
    const data = pattern(400_000);
    const heard = b.messages({ pgn: PROPRIETARY_A, maxLength: data.length });
    // Who has CAP_NET_ADMIN may have a larger one.
    const own = process.geteuid?.() ?? 0;
    if (own === 0) process.seteuid?.(65534);
    try {
      await a.send({ pgn: PROPRIETARY_A, to: 0x30, data });
    } finally {
      if (own === 0) process.seteuid?.(own);
    }
    expect(Buffer.compare((await next(heard)).data, data)).toBe(0);
    // To nobody: what is left of it is not taken for a message.
    await expect(a.send({ pgn: PROPRIETARY_A, to: 0x99, data })).rejects.toMatchObject({
      code: 'EHOSTUNREACH',
    });
    await a.send({ pgn: PROPRIETARY_A, to: 0x30, data: pattern(9) });
    expect((await next(heard)).data).toHaveLength(9);
  });

  it('a callback that throws fails its own send', async () => {
    const [a, b] = [open(0x20), open(0x30)];
    const heard = b.messages({ pgn: PROPRIETARY_A });
    const onProgress = (): never => {
      throw new RangeError('mine');
    };
    const failing = a.send({ pgn: PROPRIETARY_A, to: 0x30, data: pattern(100) }, { onProgress });
    const after = a.send({ pgn: PROPRIETARY_A, to: 0x30, data: pattern(50) });
    await expect(failing).rejects.toThrow('mine');
    await after;
    expect([(await next(heard)).data.length, (await next(heard)).data.length]).toEqual([100, 50]);
  });

  it('go to everybody, in one frame or announced, and not back', async () => {
    const [a, b, c] = [open(0x20), open(0x30), open()];
    const [own, all] = [a.messages(), a.messages({ own: true })];
    const others = [b.messages({ pgn: PROPRIETARY_B }), c.messages({ pgn: PROPRIETARY_B })];
    for (const data of [pattern(5), pattern(20)]) {
      await a.send({ pgn: PROPRIETARY_B, data });
      for (const one of [...others, all]) {
        const message = await next(one);
        expect(message).toMatchObject({ pgn: PROPRIETARY_B, from: 0x20, to: 0xff, priority: 6 });
        expect([...message.data]).toEqual([...data]);
      }
    }
    await b.send({ pgn: PROPRIETARY_A, to: 0x20, data: pattern(3) });
    expect(await next(own)).toMatchObject({ pgn: PROPRIETARY_A, from: 0x30, to: 0x20 });
  });

  it('are filtered by the kernel: by group, sender, mask, destination; promiscuous hears all', async () => {
    const [a, b, c] = [open(0x20), open(0x30), open(0x40)];
    const toB = b.messages();
    const quiet = b.messages({ broadcast: false });
    const fromC = b.messages({ from: 0x40 });
    const groups = b.messages({ filters: [{ pgn: 0xff00, pgnMask: 0x3ff00 }] });
    const two = b.messages({ pgn: [PROPRIETARY_A, 0xfeca], from: [0x20, 0x99] });
    const spy = open().messages({ promiscuous: true });
    await a.send({ pgn: PROPRIETARY_A, to: 0x30, data: Uint8Array.of(1) });
    await a.send({ pgn: PROPRIETARY_A, to: 0x40, data: Uint8Array.of(2) });
    await a.send({ pgn: PROPRIETARY_B, data: Uint8Array.of(3) });
    await c.send({ pgn: PROPRIETARY_A, to: 0x30, data: Uint8Array.of(4) });
    await c.send({ pgn: 0xfeca, data: Uint8Array.of(5) });
    await a.send({ pgn: 0xfeca, data: Uint8Array.of(6) });
    const first = async (from: J1939Messages, count: number): Promise<number[]> => {
      const seen: number[] = [];
      while (seen.length < count) seen.push((await next(from)).data[0] as number);
      return seen;
    };
    expect(await first(toB, 5)).toEqual([1, 3, 4, 5, 6]);
    expect(await first(quiet, 2)).toEqual([1, 4]);
    expect(await first(fromC, 2)).toEqual([4, 5]);
    expect(await first(groups, 1)).toEqual([3]);
    expect(await first(two, 2)).toEqual([1, 6]);
    expect(await first(spy, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('longer than the room for them say so', async () => {
    const [a, b] = [open(0x20), open(0x30)];
    const heard = b.messages({ maxLength: 10 });
    await a.send({ pgn: PROPRIETARY_A, to: 0x30, data: pattern(100) });
    const message = await next(heard);
    expect([message.data.length, message.truncated]).toEqual([10, true]);
  });

  it('to nobody end with the reason in words, and hold up no others', async () => {
    const [a, b] = [open(0x20), open(0x30)];
    const heard = b.messages();
    const lost = a.send({ pgn: PROPRIETARY_A, to: 0x99, data: pattern(2000) });
    lost.catch(() => {});
    const began = performance.now();
    await a.send({ pgn: PROPRIETARY_A, to: 0x30, data: pattern(5) });
    await a.send({ pgn: PROPRIETARY_A, to: 0x30, data: pattern(50) });
    expect(performance.now() - began).toBeLessThan(1000);
    expect([(await next(heard)).data.length, (await next(heard)).data.length]).toEqual([5, 50]);
    await expect(lost).rejects.toMatchObject({
      name: 'J1939AbortError',
      code: 'EHOSTUNREACH',
      pgn: PROPRIETARY_A,
      peer: 0x99,
      length: 2000,
      acknowledged: 0,
      message: expect.stringMatching(
        /^send EHOSTUNREACH: 2000 bytes of 0xef00 to 0x99 ended after 0: an answer did not come/,
      ),
    });
    // The next one has a new transfer.
    await expect(a.send({ pgn: PROPRIETARY_A, to: 0x99, data: pattern(9) })).rejects.toMatchObject({
      length: 9,
    });
  });

  it('tell how far they are, to the sender and to the receiver', async () => {
    const [a, b] = [open(0x20), open(0x30)];
    const receptions: J1939Reception[] = [];
    const heard = b.messages({ maxLength: 20_000, onReception: (reception) => receptions.push(reception) });
    const progress: number[] = [];
    const data = pattern(20_000);
    await a.send(
      { pgn: PROPRIETARY_A, to: 0x30, data },
      { onProgress: (acknowledged, length) => progress.push(acknowledged, length) },
    );
    expect((await next(heard)).data).toEqual(data);
    const steps = progress.filter((_, at) => at % 2 === 0);
    expect(steps.length).toBeGreaterThan(5);
    expect(steps).toEqual(steps.toSorted((x, y) => x - y));
    expect(progress.slice(-2)).toEqual([20_000, 20_000]);
    await expect.poll(() => receptions.length).toBeGreaterThan(5);
    expect(receptions[0]).toEqual({
      type: 'begun',
      pgn: PROPRIETARY_A,
      from: 0x20,
      to: 0x30,
      length: 20_000,
    });
    expect(receptions.at(-1)).toMatchObject({
      type: 'progress',
      pgn: PROPRIETARY_A,
      from: 0x20,
      length: 20_000,
    });
  });

  it('that were begun and end are told to the receiver too', async () => {
    const b = open(0x30);
    const receptions: J1939Reception[] = [];
    using raw = new RawBus();
    b.messages({ onReception: (reception) => receptions.push(reception) });
    // Request to send 100 bytes in 15 packets, of which none comes.
    raw.send(0x18ec3055, 0x10, 100, 0, 15, 0xff, 0x00, 0xef, 0x00);
    await expect.poll(() => receptions.length, { timeout: 5000 }).toBe(2);
    expect(receptions[0]).toEqual({ type: 'begun', pgn: PROPRIETARY_A, from: 0x55, to: 0x30, length: 100 });
    expect(receptions[1]).toMatchObject({
      type: 'aborted',
      pgn: PROPRIETARY_A,
      from: 0x55,
      error: { code: 'EHOSTUNREACH', length: 100 },
    });
  });

  it('that the receiver aborts say why, where it is on this host; the kernel does not hear others', async () => {
    const a = open(0x20);
    open(0x55);
    using raw = new RawBus();
    const abort = async (peer: number): Promise<Error> => {
      const sending = a
        .send({ pgn: PROPRIETARY_A, to: peer, data: pattern(100) })
        .catch((error: Error) => error);
      await raw.until(0xec00, 0x20, peer);
      raw.send(0x1cec2000 + peer, 0xff, 1, 0xff, 0xff, 0xff, 0x00, 0xef, 0x00);
      return (await sending) as Error;
    };
    expect(await abort(0x55)).toMatchObject({ code: 'EALREADY', reason: expect.stringContaining('busy') });
    expect(await abort(0x56)).toMatchObject({ code: 'EHOSTUNREACH' });
  });

  it('of one sender that waits are done within their time, and a closed one ends its loops', async () => {
    const a = open(0x20);
    const began = performance.now();
    const late = a.send({ pgn: PROPRIETARY_A, to: 0x99, data: pattern(100) }, { timeout: 50 });
    await expect(late).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    expect(performance.now() - began).toBeLessThan(800);
    const abort = new AbortController();
    const aborted = a.send({ pgn: PROPRIETARY_A, to: 0x98, data: pattern(100) }, { signal: abort.signal });
    const listening = a.messages({ signal: abort.signal });
    const waiting = listening.next();
    const looping = (async () => {
      for await (const message of a.messages()) throw new Error(`${message.pgn}`);
    })();
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toMatchObject({ code: 'ABORT_ERR', name: 'AbortError' });
    await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR', name: 'AbortError' });
    expect(await listening.next()).toEqual({ done: true, value: undefined });
    // The kernel goes on with both, which is waited for; meanwhile the loop runs.
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 20);
    await a.close();
    clearInterval(ticking);
    await looping;
    expect(turns).toBeGreaterThan(10);
    expect(() => a.messages()).toThrow(expect.objectContaining({ code: 'EBADF' }));
    await expect(a.send({ pgn: PROPRIETARY_B })).rejects.toMatchObject({ code: 'EBADF' });
    await a.close();
  });

  it('of a bare socket say in their errors what is missing', async () => {
    const ifindex = ifNameToIndex(BUS);
    const make = (): Socket => Socket.create(constants.AF_CAN, constants.SOCK_DGRAM, constants.CAN_J1939);
    const socket = make();
    const claimed = make();
    const unbound = make();
    try {
      const to = (addr: number | undefined, pgn: number): Uint8Array =>
        canJ1939({ ifindex, addr, pgn }).toSockaddr('linux');
      socket.bind(canJ1939({ ifindex, addr: 0x20 }));
      claimed.bind(canJ1939({ ifindex, name }));
      expect(() => unbound.sendToSync(pattern(1), to(0x30, PROPRIETARY_A))).toThrow(
        /EBADFD: .*; the socket has no address/,
      );
      expect(() => socket.sendToSync(pattern(1), to(undefined, PROPRIETARY_B))).toThrow(
        /EACCES: .*; .* SO_BROADCAST$/,
      );
      expect(() => claimed.sendToSync(pattern(1), to(0x30, PROPRIETARY_A))).toThrow(
        /EADDRNOTAVAIL: .*; a NAME .* 250 ms/,
      );
      claimed.setsockopt(constants.SOL_SOCKET, constants.SO_BROADCAST, 1);
      expect(() => claimed.sendToSync(pattern(1), to(undefined, 0xee00))).toThrow(
        /EPROTO: .*; an address claim has the NAME/,
      );
    } finally {
      for (const one of [socket, claimed, unbound]) one.close();
    }
  });

  it('that are none are refused before anything is sent', async () => {
    const a = open(0x20);
    const bad = (message: object, options?: object): Promise<void> =>
      a.send(message as Parameters<J1939['send']>[0], options);
    await expect(bad({ pgn: 0xef01, to: 1 })).rejects.toThrow(/^pgn must be 0xef00, or one of PDU2 format/);
    await expect(bad({ pgn: 0x40000 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(bad({ pgn: PROPRIETARY_B, to: 0x30, data: pattern(8) })).rejects.toThrow(
      /^to must be undefined: 0xff42 is of PDU2/,
    );
    await expect(bad({ pgn: PROPRIETARY_A, to: 0xfe })).rejects.toThrow(
      /^to must be 0 to 253, or 255 for everybody/,
    );
    await expect(bad({ pgn: PROPRIETARY_A, to: '5' })).rejects.toThrow(/^to must be an address, or a NAME/);
    await expect(bad({ pgn: PROPRIETARY_A, priority: 8 })).rejects.toThrow(/^priority must be/);
    await expect(bad({ pgn: PROPRIETARY_A, data: 'text' })).rejects.toThrow(/^data must be a Uint8Array/);
    await expect(bad({ pgn: PROPRIETARY_A, data: pattern(1786) })).rejects.toThrow(
      /^data must be at most 1785 bytes to everybody/,
    );
    await expect(bad({ pgn: PROPRIETARY_A }, { timeout: -1 })).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    await expect(bad({ pgn: PROPRIETARY_A }, { onProgress: 5 })).rejects.toThrow(
      /^onProgress must be a function/,
    );
    await expect(open().send({ pgn: PROPRIETARY_A })).rejects.toThrow(
      /EADDRNOTAVAIL: it has no address to send from/,
    );
    expect(() => open(254)).toThrow(/^address must be/);
    expect(() => J1939.open('nonesuch0')).toThrow(expect.objectContaining({ code: 'ENODEV' }));
    expect(() => J1939.open('lo')).toThrow(expect.objectContaining({ code: 'ENODEV' }));
    expect(() => a.messages({ pgn: 1 })).toThrow(/^filters\[0\]\.pgn must be/);
    expect(() => a.messages({ pgn: 0xef00, filters: [] })).toThrow(/^filters must be undefined beside/);
    expect(() => a.messages({ maxLength: 0 })).toThrow(/^maxLength must be/);
    expect(() => a.messages({ filters: Array(513).fill({}) })).toThrow(/at most 512/);
  });
});

describe('a claim', () => {
  const claim = async (options: Parameters<typeof J1939.claim>[1], bus = BUS): Promise<J1939> =>
    keep(await J1939.claim(bus, options));

  it('takes a quarter of a second, and makes the NAME known', async () => {
    const began = performance.now();
    const [a, b] = await Promise.all([claim({ name, prefer: 0x80 }), claim({ name: later, prefer: 0x81 })]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(250);
    expect([a.address, a.state, a.name]).toEqual([0x80, 'claimed', name]);
    const heard = b.messages({ pgn: PROPRIETARY_A, from: name });
    await a.send({ pgn: PROPRIETARY_A, to: later, data: pattern(30) });
    expect(await next(heard)).toMatchObject({ from: 0x80, fromName: name, to: 0x81, toName: later });
    await expect(a.send({ pgn: PROPRIETARY_A, to: 77n, data: pattern(3) })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: expect.stringContaining('NAME'),
    });
  });

  it('is answered to who asks, and messages sent meanwhile are not lost', async () => {
    const a = await claim({ name, prefer: 0x80 });
    const b = open(0x30);
    const heard = b.messages({ pgn: PROPRIETARY_A });
    const claimed = await b.request(0xee00);
    expect(claimed).toMatchObject({ from: 0x80, fromName: name, to: 0xff });
    expect([...claimed.data]).toEqual([0x00, 0x10, 0xe0, 0xff, 0, 0, 0, 0]);
    expect((await b.request(0xee00, { to: 0x80 })).from).toBe(0x80);
    await a.send({ pgn: PROPRIETARY_A, to: 0x30, data: pattern(4) });
    expect((await next(heard)).from).toBe(0x80);
  });

  it('is lost to a lower NAME, who has the address then; the other one moves on, or is left without', async () => {
    const a = await claim({ name: later, prefer: 0x80, range: [0x90, 0x91] });
    const [lost, moved] = [until(a, 'lost'), until(a, 'claimed')];
    const b = await claim({ name, prefer: 0x80 });
    expect(await lost).toEqual({ type: 'lost', address: 0x80, to: name });
    expect(await moved).toEqual({ type: 'claimed', address: 0x90 });
    expect([a.address, b.address]).toEqual([0x90, 0x80]);
    const heard = b.messages({ pgn: PROPRIETARY_A });
    await a.send({ pgn: PROPRIETARY_A, to: 0x80, data: pattern(20) });
    expect(await next(heard)).toMatchObject({ from: 0x90, fromName: later });
    // A third, without a range.
    await expect(claim({ name: name + 1n, prefer: 0x80 })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: expect.stringMatching(/lower NAMEs have all addresses that NAME 0xffe01001 .*`range`/),
    });
    const failing = until(a, 'cannot-claim');
    const lower = await Promise.all([
      claim({ name: name + 2n, prefer: 0x90 }),
      claim({ name: name + 3n, prefer: 0x91 }),
    ]);
    await failing;
    expect([a.address, a.state]).toEqual([undefined, 'cannot-claim']);
    await expect(a.send({ pgn: PROPRIETARY_B })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    expect(lower.map(({ address }) => address)).toEqual([0x90, 0x91]);
  });

  it('of an arbitrary NAME goes to the dynamic addresses by itself', async () => {
    const a = await claim({ name, prefer: 0x80 });
    const b = await claim({ name: later | (1n << 63n), prefer: 0x80 });
    expect([a.address, b.address]).toEqual([0x80, 0x81]);
  });

  it('of a NAME that somebody has is refused; the other keeps its address', async () => {
    const a = await claim({ name, prefer: 0x80 });
    const told = until(a, 'duplicate-name');
    await expect(claim({ name, prefer: 0x81 })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining('no two may be the same'),
    });
    expect(await told).toEqual({ type: 'duplicate-name', address: 0x81 });
    const heard = open(0x30).messages({ pgn: PROPRIETARY_B });
    await a.send({ pgn: PROPRIETARY_B, data: pattern(2) });
    expect(await next(heard)).toMatchObject({ from: 0x80, fromName: name });
  });

  it('goes where it is commanded, if it may', async () => {
    const [a, b] = await Promise.all([
      claim({ name, prefer: 0x80, commanded: true }),
      claim({ name: later, prefer: 0x81 }),
    ]);
    const moved = until(a, 'claimed');
    const command = (to: bigint, address: number): Promise<void> => {
      const data = new Uint8Array(9);
      new DataView(data.buffer).setBigUint64(0, to, true);
      data[8] = address;
      return open(0x30).send({ pgn: 0xfed8, data });
    };
    await command(later, 0x71);
    await command(name, 0x70);
    expect(await moved).toEqual({ type: 'claimed', address: 0x70 });
    expect([a.address, b.address]).toEqual([0x70, 0x81]);
  });

  it('ends within its time, and leaves nothing behind', async () => {
    const late = J1939.claim(BUS, { name, prefer: 0x80, timeout: 20 });
    await expect(late).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    await expect(J1939.claim(BUS, { name, prefer: 0x80, signal: AbortSignal.abort() })).rejects.toMatchObject(
      {
        code: 'ABORT_ERR',
      },
    );
    for (const [options, words] of [
      [{ name: 0n, prefer: 1 }, /^name must be a NAME: 0 is none/],
      [{ name: 5, prefer: 1 }, /^name must be a bigint/],
      [{ name, prefer: 254 }, /^prefer must be/],
      [{ name, prefer: 1, range: [5, 4] }, /^range\[1\] must be/],
      [{ name, prefer: 1, range: 5 }, /^range must be an array/],
      [{ name, prefer: 1, commanded: 1 }, /^commanded must be/],
    ] as const) {
      await expect(J1939.claim(BUS, options as never)).rejects.toThrow(words);
    }
    // The NAME is free again: its sockets are closed.
    expect((await claim({ name, prefer: 0x80 })).address).toBe(0x80);
  });
});

describe('a request', () => {
  it('gets an answer of any length, from whom it was asked', async () => {
    const [a, b, c] = [open(0x20), open(0x30), open(0x40)];
    const answering = (async () => {
      for await (const { data, from } of b.messages({ pgn: 0xea00 })) {
        if (data[1] === 0xfe) return b.send({ pgn: 0xfee3, to: from, data: pattern(40) });
      }
    })();
    await c.send({ pgn: 0xfee3, data: pattern(30) });
    const answer = await a.request(0xfee3, { to: 0x30 });
    expect(answer).toMatchObject({ pgn: 0xfee3, from: 0x30, to: 0x20 });
    expect(answer.data).toHaveLength(40);
    await answering;
  });

  it('that is refused says so; without an answer it ends in time', async () => {
    const [a, b] = [open(0x20), open(0x30)];
    const asked = b.messages({ pgn: 0xea00 });
    for (const [control, code] of [
      [0, 'ENODATA'],
      [1, 'EOPNOTSUPP'],
      [2, 'EACCES'],
      [3, 'EBUSY'],
    ] as const) {
      const answer = a.request(0xfeca, { to: 0x30 });
      answer.catch(() => {});
      await next(asked);
      // One of another group is not ours.
      await b.send({ pgn: 0xe800, data: Uint8Array.of(1, 0xff, 0xff, 0xff, 0x20, ...pgnToBytes(0xfecb)) });
      await b.send({
        pgn: 0xe800,
        data: Uint8Array.of(control, 0xff, 0xff, 0xff, 0x20, ...pgnToBytes(0xfeca)),
      });
      await expect(answer).rejects.toMatchObject({
        code,
        message: expect.stringContaining('0xfeca to 0x30'),
      });
    }
    await expect(a.request(0xfeca, { to: 0x30, timeout: 50 })).rejects.toMatchObject({
      code: 'ERR_SOCKET_TIMEOUT',
    });
    await expect(a.request(0xef01)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('an interface', () => {
  it('that goes down takes the address away, which is claimed again when it is up; one that vanishes is gone', async (context) => {
    const bus = 'skyj1939';
    const added = spawnSync('ip', ['link', 'add', bus, 'type', 'vcan'], { encoding: 'utf8' });
    if (added.error !== undefined || added.status !== 0)
      context.skip(`no bus of its own: ${added.stderr ?? added.error}`);
    const link = (...change: string[]): Buffer => execFileSync('ip', ['link', ...change]);
    try {
      expect(() => J1939.open(bus)).toThrow(expect.objectContaining({ code: 'ENETDOWN' }));
      await expect(J1939.claim(bus, { name, prefer: 0x80 })).rejects.toMatchObject({ code: 'ENETDOWN' });
      link('set', bus, 'up');
      const a = keep(await J1939.claim(bus, { name, prefer: 0x80 }));
      const heard = open(0x30, bus).messages({ pgn: PROPRIETARY_B });
      const waiting = heard.next();
      waiting.catch(() => {});
      const sending = a.send({ pgn: PROPRIETARY_A, to: 0x99, data: pattern(100) });
      sending.catch(() => {});
      const [down, again] = [until(a, 'down'), until(a, 'claimed')];
      await sleep(20);
      link('set', bus, 'down');
      await expect(waiting).rejects.toMatchObject({ code: 'ENETDOWN' });
      await expect(sending).rejects.toMatchObject({ code: expect.stringMatching(/^(ESHUTDOWN|ENETDOWN)$/) });
      await down;
      await expect(a.send({ pgn: PROPRIETARY_B })).rejects.toMatchObject({ code: 'ENETDOWN' });
      link('set', bus, 'up');
      expect(await again).toEqual({ type: 'claimed', address: 0x80 });
      await a.send({ pgn: PROPRIETARY_B, data: pattern(3) });
      expect(await next(heard)).toMatchObject({ from: 0x80, pgn: PROPRIETARY_B });
      const [gone, over] = [until(a, 'gone'), heard.next()];
      over.catch(() => {});
      // Some kernels wait with the removal until the last socket is closed.
      const removing = once(spawn('ip', ['link', 'del', bus], { stdio: 'inherit' }), 'close');
      await gone;
      await expect(over).rejects.toMatchObject({ code: 'ENODEV' });
      await expect(a.send({ pgn: PROPRIETARY_B })).rejects.toMatchObject({ code: 'ENODEV' });
      expect((await removing)[0]).toBe(0);
    } finally {
      spawnSync('ip', ['link', 'del', bus]);
    }
  });
});
