import { performance } from 'node:perf_hooks';
import { canJ1939 } from '@sockeye/addr';
import { constants, ifNameToIndex, Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { J1939, type J1939Messages, type J1939Reception } from '../src/j1939.ts';
import { BUS, name, next, onBus, open, PROPRIETARY_A, PROPRIETARY_B, pattern, RawBus } from './j1939-bus.ts';

onBus();

describe('messages', () => {
  it.each([
    0, 1, 8, 9, 1785, 1786,
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
