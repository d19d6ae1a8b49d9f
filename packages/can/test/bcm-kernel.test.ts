import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { ifNameToIndex } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bcm, broadcastManager } from '../src/bcm.ts';
import { CanSocket } from '../src/can-socket.ts';
import { std } from '../src/id.ts';
import { CanLink } from '../src/link.ts';
import { frameOf, pause, refusal, word } from './bcm-contract.ts';
import { RawPeer, Wire } from './bcm-peers.ts';

/** Interfaces of these tests alone. */
const NAME = 'skybcm0';
const OTHER = 'skybcm1';

/** Why no bus can be made that has a broadcast manager; undefined when one can. */
async function whyNot(): Promise<string | undefined> {
  try {
    const link = await CanLink.create({ name: NAME, up: true });
    try {
      Bcm.open(NAME).close();
    } finally {
      await link.delete();
    }
    return undefined;
  } catch (error) {
    return `no virtual CAN bus with a broadcast manager: ${(error as Error).message}`;
  }
}

const reason = await whyNot();
const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;

let link: CanLink;
let peers: { close(): void }[];
const keep = <T extends { close(): void }>(one: T): T => {
  peers.push(one);
  return one;
};

describe('without the kernel’s broadcast manager', () => {
  it('timers do it, and say so', async () => {
    const wire = new Wire(new Set());
    using manager = broadcastManager(wire.bus);
    expect(manager.by).toBe('timer');
  });

  it('what is no interface is refused before any system call', () => {
    expect(() => Bcm.open(-1)).toThrow(refusal('ERR_OUT_OF_RANGE'));
    expect(() => Bcm.open(null as never)).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
    expect(() => Bcm.open('can0', { netns: '/proc/self/ns/net' })).toThrow(
      /^interfaceNameOrIndex must be an index/,
    );
  });
});

describe('on an interface', () => {
  beforeEach(async (context) => {
    if (reason !== undefined) context.skip(reason);
    peers = [];
    link = await CanLink.create({ name: NAME, mtu: 72, up: true });
  });

  afterEach(async () => {
    if (reason !== undefined) return;
    for (const peer of peers) peer.close();
    await link.delete().catch(() => {});
  });

  it('that is none, or no CAN, nothing is opened', () => {
    expect(() => Bcm.open('lo')).toThrow(refusal('ENODEV'));
    expect(() => Bcm.open('nonesuch0')).toThrow(refusal('ENODEV'));
    expect(() => Bcm.open(0x7ffffffe)).toThrow(refusal('ENODEV'));
    const wire = new Wire(new Set());
    expect(() => broadcastManager(wire.bus, 0x7ffffffe)).toThrow(refusal('ENODEV'));
    using manager = broadcastManager(wire.bus, ifNameToIndex(NAME));
    expect(manager.by).toBe('kernel');
  });

  it('is its socket’s own: jobs and watches by the kernel, which end with it', async () => {
    const bus = keep(await CanSocket.open(NAME, { filters: [] }));
    const peer = keep(await CanSocket.open(NAME));
    expect(bus.broadcasts.by).toBe('kernel');
    const job = await bus.cyclic(
      { id: std(0x100), data: Uint8Array.of(1) },
      { every: 10, first: { count: 2, every: 5 } },
    );
    expect((await peer.recv({ timeout: 10_000 })).data).toEqual(Uint8Array.of(1));
    job.update(Uint8Array.of(2));
    const changed = await peer.recv({ filters: [std(0x100)], timeout: 10_000 });
    expect([1, 2]).toContain(changed.data[0]);
    const events = bus.watch(std(0x200), { mask: Uint8Array.of(0xff) });
    await peer.send({ id: std(0x200), data: Uint8Array.of(7) });
    const { value } = await events.next();
    expect(value).toMatchObject({ type: 'changed', frame: { data: Uint8Array.of(7) } });
    await bus.close();
    expect((await events.next()).done).toBe(true);
    expect(await job.ended).toBeUndefined();
    expect(() => bus.broadcasts).toThrow(refusal('EBADF'));
    await expect(bus.cyclic({ id: 1 }, { every: 10 })).rejects.toThrow(refusal('EBADF'));
  });

  it('of a socket on all interfaces is made of timers, which name none', async () => {
    const bus = keep(await CanSocket.open(0));
    expect(bus.broadcasts.by).toBe('timer');
  });

  it('jobs with one identifier have names of their own in the kernel', async () => {
    const manager = keep(Bcm.open(NAME));
    const first = await manager.cyclic(frameOf('123#01'), { every: 1000 });
    await manager.cyclic(frameOf('123#02'), { every: 1000 });
    await manager.cyclic(frameOf('123##0'), { every: 1000 });
    const folder = '/proc/net/can-bcm';
    const listed = (): string[] => {
      const texts = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
      const ours = texts.find((text) => text.includes('tx_op: 123') && text.includes(NAME)) ?? '';
      return [...ours.matchAll(/tx_op: (\w+) \w+ ([[(]1[\])])/g)]
        .map(([, id, kind]) => `${id} ${kind}`)
        .sort();
    };
    expect(listed()).toEqual(['123 (1)', '123 [1]', '20000001 [1]']);
    first.stop();
    await manager.cyclic(frameOf('123#03'), { every: 1000 });
    expect(listed()).toEqual(['123 (1)', '123 [1]', '20000001 [1]']);
  });

  it('all interfaces at once are watched, and not sent on', async () => {
    const other = await CanLink.create({ name: OTHER, up: true });
    try {
      const manager = keep(Bcm.open(0));
      using watch = manager.watch(0x123);
      for (const name of [NAME, OTHER]) await keep(new RawPeer(name)).send('123#01');
      const events = [(await watch.next()).value, (await watch.next()).value];
      expect(events).toMatchObject([{ ifindex: link.index }, { ifindex: other.index }]);
      await expect(manager.cyclic(frameOf('123#'), { every: 10 })).rejects.toEqual(refusal('ENODEV'));
      expect(() => manager.answer(frameOf('123#'))).toThrow(refusal('ENODEV'));
    } finally {
      await other.delete();
    }
  });

  it('of another namespace is opened there', async () => {
    const manager = keep(Bcm.open(link.index, { netns: '/proc/self/ns/net' }));
    using watch = manager.watch(0x123);
    using answer = manager.answer(frameOf('124#01'));
    using job = await manager.cyclic(frameOf('123##0'), { every: 10 });
    const peer = keep(new RawPeer(NAME));
    await peer.take(1);
    job.stop();
    await peer.send('123#01');
    expect(word((await watch.next()).value)).toBe('123#01');
    expect(answer.stopped).toBe(false);
  });

  it('that carries no FD frames takes no job of them', async () => {
    await link.configure({ mtu: 16, up: true });
    const manager = keep(Bcm.open(NAME));
    const fd = frameOf('123##0');
    await expect(manager.cyclic(fd, { every: 10 })).rejects.toThrow(/EINVAL.*MTU of 72/);
    await link.configure({ mtu: 72, up: true });
    using job = await manager.cyclic(fd, { every: 10 });
    expect((await keep(new RawPeer(NAME)).take(1))[0]?.text).toBe('123##0');
    expect(job.stopped).toBe(false);
  });

  it('frames have the kernel’s time', async () => {
    using watch = keep(Bcm.open(NAME)).watch(0x123);
    const before = BigInt(Date.now()) * 1_000_000n;
    await keep(new RawPeer(NAME)).send('123#01');
    const { value } = await watch.next();
    if (value?.type !== 'changed') throw new Error(`${value?.type}`);
    expect(value.timestampNs).toBeGreaterThan(before - 1_000_000_000n);
    expect(value.timestampNs).toBeLessThan(BigInt(Date.now() + 1000) * 1_000_000n);
  });

  it('events that found no room are counted', async () => {
    using watch = keep(Bcm.open(NAME)).watch(0x123);
    const peer = keep(new RawPeer(NAME));
    const sent = 2000;
    for (let index = 0; index < sent; index++) await peer.send('123#01');
    // Asking makes room of itself.
    expect(watch.status().by).toBe('kernel');
    await peer.send('123#02');
    let told = 0;
    let lost = 0;
    for (;;) {
      const { value } = await watch.next();
      if (value?.type === 'overrun') lost += value.lost;
      else told++;
      if (word(value) === '123#02') break;
    }
    expect(lost).toBeGreaterThan(0);
    // The kernel's answer to our question may be among what was lost.
    expect(told + lost).toBeGreaterThanOrEqual(sent + 1);
    expect(told + lost).toBeLessThanOrEqual(sent + 4);
  });

  it('that goes down the kernel goes on, and sends again when it is up', async () => {
    const manager = keep(Bcm.open(NAME));
    using job = await manager.cyclic(frameOf('123#01'), { every: 10 });
    using watch = manager.watch(0x200);
    using answer = manager.answer(frameOf('300#01'));
    await keep(new RawPeer(NAME)).take(2);
    await link.configure({ up: false });
    expect(word((await watch.next()).value)).toBe('down');
    // Changed while it is down, it is sent so afterwards.
    job.update(Uint8Array.of(2));
    await link.configure({ up: true });
    const peer = keep(new RawPeer(NAME));
    expect((await peer.take(2))[1]?.text).toBe('123#02');
    expect([job.stopped, answer.stopped, watch.closed]).toEqual([false, false, false]);
    await peer.send('200#05');
    expect(word((await watch.next()).value)).toBe('200#05');
    job.stop();
    await peer.send('300#R');
    await expect.poll(() => peer.now(), { timeout: 5000, interval: 5 }).toContain('300#01');
  });

  it('that vanishes all ends with ENODEV; on the next of its name it takes a new manager', async () => {
    const manager = keep(Bcm.open(NAME));
    const job = await manager.cyclic(frameOf('123#01'), { first: { count: 1000, every: 10 } });
    const counted = job.counted();
    const watch = manager.watch(0x200);
    const answer = manager.answer(frameOf('300#01'));
    await link.delete();
    await expect(counted).rejects.toEqual(refusal('ENODEV'));
    expect(await job.ended).toEqual(refusal('ENODEV'));
    expect(await answer.ended).toEqual(refusal('ENODEV'));
    let last: unknown;
    for (let tries = 0; tries < 2 && last === undefined; tries++) {
      await watch.next().catch((error: unknown) => {
        last = error;
      });
    }
    expect(last).toEqual(refusal('ENODEV'));
    expect(await watch.next()).toEqual({ done: true, value: undefined });
    expect(() => job.update(Uint8Array.of(2))).toThrow(refusal('ENODEV'));
    await expect(manager.cyclic(frameOf('123#01'), { every: 10 })).rejects.toEqual(refusal('ENODEV'));
    expect(() => manager.watch(0x200)).toThrow(refusal('ENODEV'));
    link = await CanLink.create({ name: NAME, up: true });
    using again = await keep(Bcm.open(NAME)).cyclic(frameOf('123#02'), { every: 10 });
    expect((await keep(new RawPeer(NAME)).take(1))[0]?.text).toBe('123#02');
    expect(again.stopped).toBe(false);
  });

  it('that vanished a moment ago is told by the call that finds out', async () => {
    const manager = keep(Bcm.open(NAME));
    const job = await manager.cyclic(frameOf('123#01'), { every: 10 });
    // The event loop, which would hear of it, is not asked in between.
    execFileSync('ip', ['link', 'delete', NAME]);
    expect(() => job.update(Uint8Array.of(2))).toThrow(refusal('ENODEV'));
    job.stop();
    expect(await job.ended).toEqual(refusal('ENODEV'));
  });

  it('a period is kept while JavaScript is busy', async () => {
    const peer = keep(new RawPeer(NAME));
    using job = await keep(Bcm.open(NAME)).cyclic(frameOf('123#01'), { every: 10 });
    await peer.take(1);
    const measured = (): { count: number; gap: number; longest: number } => {
      const frames = peer.all();
      const gaps = frames.slice(1).map(({ ms }, index) => ms - frames[index]!.ms);
      return { count: frames.length, gap: median(gaps), longest: Math.max(...gaps) };
    };
    await pause(1000);
    const idle = measured();
    const end = performance.now() + 2000;
    while (performance.now() < end);
    const busy = measured();
    const words = ({ count, gap, longest }: typeof busy): string =>
      `${count} frames, median ${gap.toFixed(2)} ms, longest ${longest.toFixed(1)} ms`;
    console.log(`10 ms by the kernel: idle for 1 s: ${words(idle)}; JavaScript busy for 2 s: ${words(busy)}`);
    // Timers of this process would have sent none; how late the kernel is depends on the machine's own host.
    expect(busy.count).toBeGreaterThan(10);
    expect(busy.gap).toBeGreaterThan(9);
    expect(job.stopped).toBe(false);
  });

  it('nothing is left open', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    {
      using first = Bcm.open(NAME);
      first.watch(0x1);
    }
    await pause(10);
    const before = open();
    for (let round = 0; round < 10; round++) {
      const manager = Bcm.open(NAME);
      const job = await manager.cyclic(frameOf('123#01'), { every: 10 });
      const watch = manager.watch(0x123);
      const next = watch.next();
      manager.watch(0x124).close();
      manager.answer(frameOf('125#01')).unref().ref();
      job.unref().ref();
      await next;
      manager.close();
    }
    await expect.poll(open, { timeout: 5000, interval: 10 }).toBeLessThanOrEqual(before);
  });
});
