/** Addresses that are claimed and lost, requests, and interfaces that come and go. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pgnToBytes } from '../src/j1939/pgn.ts';
import { J1939 } from '../src/j1939.ts';
import {
  BUS,
  keep,
  later,
  name,
  next,
  onBus,
  open,
  PROPRIETARY_A,
  PROPRIETARY_B,
  pattern,
  until,
} from './j1939-bus.ts';

onBus();

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

  it('is lost also while the event loop stands still', async () => {
    await claim({ name, prefer: 0x80 });
    const second = claim({ name: later, prefer: 0x80 });
    // Its claim is sent, and nobody here has read it yet.
    for (let turns = 0; turns < 50; turns++) await null;
    const until = performance.now() + 400;
    while (performance.now() < until);
    await expect(second).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
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
      const b = open(0x30, bus);
      const heard = b.messages({ pgn: PROPRIETARY_B });
      const ours = a.messages({ pgn: PROPRIETARY_A });
      await b.send({ pgn: PROPRIETARY_A, to: 0x80, data: pattern(1) });
      expect((await next(ours)).data).toHaveLength(1);
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
      // Nothing is left of what was, for who has sent before.
      await b.send({ pgn: PROPRIETARY_A, to: 0x80, data: pattern(2) });
      await expect(ours.next()).rejects.toMatchObject({ code: 'ENETDOWN' });
      expect((await next(ours)).data).toHaveLength(2);
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
