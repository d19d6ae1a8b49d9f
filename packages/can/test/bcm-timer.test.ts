import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TimerBcm } from '../src/bcm.ts';
import { VirtualCan } from '../src/memory.ts';
import { describeBroadcastManager, frameOf, pause, refusal, word } from './bcm-contract.ts';
import { BusPeer, Wire } from './bcm-peers.ts';

describeBroadcastManager(
  'the broadcast manager by timers',
  async () => {
    const bus = new VirtualCan();
    const own = bus.open();
    const peer = new BusPeer(bus.open());
    const manager = new TimerBcm(own);
    return {
      manager,
      peer,
      close() {
        manager.close();
        void own.close();
        peer.close();
      },
    };
  },
  undefined,
);

const fault = (code: string): Error => Object.assign(new Error(code), { code });

describe('a bus that fails', () => {
  let own: Wire;
  let peer: Wire;
  let manager: TimerBcm;

  beforeEach(() => {
    const nodes = new Set<Wire>();
    own = new Wire(nodes);
    peer = new Wire(nodes);
    manager = new TimerBcm(own.bus);
  });

  afterEach(() => manager.close());

  it('for a while costs frames, which are counted, and not the job', async () => {
    using job = await manager.cyclic(frameOf('123#01'), { every: 5 });
    await peer.take(2);
    own.fault = fault('ENETDOWN');
    await pause(40);
    own.fault = undefined;
    peer.now();
    await peer.take(2);
    expect(job.status().missed).toBeGreaterThan(0);
    expect(job.stopped).toBe(false);
  });

  it('for good ends jobs, which say why', async () => {
    own.fault = fault('EBADF');
    const job = await manager.cyclic(frameOf('123#01'), { first: { count: 2, every: 5000 } });
    const counted = job.counted();
    expect(await job.ended).toBe(own.fault);
    await expect(counted).rejects.toBe(own.fault);
    expect(job.stopped).toBe(true);
  });

  it('goes down and comes up under a watch and an answer, or ends them', async () => {
    const watch = manager.watch(0x123);
    const answer = manager.answer(frameOf('124#01'));
    own.end(fault('ENETDOWN'));
    expect(word((await watch.next()).value)).toBe('down');
    await peer.send('123#02');
    expect(word((await watch.next()).value)).toBe('123#02');
    await peer.send('124#R');
    expect((await peer.take(1))[0]?.text).toBe('124#01');
    own.end(fault('ENODEV'));
    await expect(watch.next()).rejects.toEqual(refusal('ENODEV'));
    expect(await watch.next()).toEqual({ done: true, value: undefined });
    expect(await answer.ended).toEqual(refusal('ENODEV'));
    const last = manager.watch(0x123);
    own.end();
    expect(await last.next()).toEqual({ done: true, value: undefined });
  });

  it('is not watched back in time', async () => {
    const bus = new VirtualCan();
    const [near, far] = [bus.open(), bus.open()];
    await far.send({ id: 0x123, data: Uint8Array.of(1) });
    await pause(5);
    using watch = new TimerBcm(near).watch(0x123);
    await far.send({ id: 0x123, data: Uint8Array.of(2) });
    expect(word((await watch.next()).value)).toBe('123#02');
    await Promise.all([near.close(), far.close()]);
  });

  it('that is slow is not asked again before it is through', async () => {
    let sends = 0;
    let release: () => void = () => {};
    const slow = new TimerBcm({
      ...own.bus,
      send: () => {
        sends++;
        return new Promise((resolve) => {
          release = resolve;
        });
      },
    });
    using job = await slow.cyclic(frameOf('123#01'), { every: 2 });
    await pause(40);
    expect(sends).toBe(1);
    expect(job.status().missed).toBeGreaterThan(3);
    release();
    await expect.poll(() => sends, { timeout: 5000, interval: 2 }).toBe(2);
    release();
  });

  it('hears more than anybody takes, and says how much was lost', async () => {
    using watch = manager.watch(0x123);
    for (let index = 0; index < 4200; index++) await peer.send('123#01');
    for (let index = 0; index < 4096; index++) expect((await watch.next()).value?.type).toBe('changed');
    await peer.send('123#02');
    expect((await watch.next()).value).toEqual({ type: 'overrun', lost: 104 });
    expect(word((await watch.next()).value)).toBe('123#02');
  });

  it('gets no burst after JavaScript was busy', async () => {
    using job = await manager.cyclic(frameOf('123#01'), { every: 20 });
    await peer.take(1);
    const end = performance.now() + 200;
    while (performance.now() < end);
    // What was due meanwhile would come at once, ten in a row.
    await pause(30);
    const frames = peer.now();
    expect(frames.length).toBeLessThan(6);
    expect(job.status().missed).toBeGreaterThan(5);
    await peer.take(2);
  });
});
