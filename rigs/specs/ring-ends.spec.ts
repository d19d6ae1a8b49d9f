/** Rings whose interface goes down or away. */
import { constants } from '@sockeye/core';
import { PacketRing, TransmitRing } from '@sockeye/raw';
import { describe, expect, it } from 'vitest';
import type { Host, Interface } from '../netns/index.ts';
import { ip } from '../netns/ip.ts';
import { frame, MODES, numberOf, OURS, pair, receive, Sender, SMALL } from './ring-link.ts';

/** Waits until the link is there. */
async function carrier(host: Host, end: Interface): Promise<void> {
  for (let n = 0; n < 100; n++) {
    if (ip('-n', host.namespace, '-o', 'link', 'show', end.name).includes('LOWER_UP')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a ring whose interface goes', () => {
  it.for(Object.entries(MODES))('that receives ends after what came and a word (%s)', async ([
    ,
    options,
  ], context) => {
    const { net, a, b, from, to } = await pair(context);
    await using _net = net;
    await using ring = await PacketRing.open(to.name, {
      netns: b.namespace,
      ...options,
      protocol: OURS,
      retireMs: 200,
    });
    const told: unknown[] = [];
    ring.on('down', (event) => told.push(event));
    using socket = new Sender(a, from);
    const read = async (): Promise<number[]> => {
      const numbers: number[] = [];
      for await (using block of ring) for (const one of block) numbers.push(numberOf(one.data));
      return numbers;
    };
    const first = read();
    socket.send(frame(1), frame(2));
    // What is still between the two interfaces then is lost. Statistics are of the time since they were last read.
    let arrived = 0;
    await expect.poll(() => (arrived += ring.statistics().packets), { timeout: 5000 }).toBe(2);
    to.down();
    expect(await first).toEqual([1, 2]);
    expect(told).toEqual([{ reason: 'down', name: to.name, ifindex: ring.ifindex }]);
    to.up();
    from.up();
    const second = read();
    await carrier(a, from);
    socket.send(frame(3));
    await expect
      .poll(() => ring.socket.tryWait(constants.POLLIN), { timeout: 5000 })
      .not.toBe(constants.POLLERR);
    ip('-n', a.namespace, 'link', 'delete', from.name);
    expect(await second).toEqual([3]);
    expect(told.slice(1)).toEqual([{ reason: 'gone', name: to.name, ifindex: ring.ifindex }]);
    expect(await ring.take()).toBeUndefined();
    expect(ring.takeSync()).toBeUndefined();
    await expect(PacketRing.open(to.name, { netns: b.namespace })).rejects.toMatchObject({ code: 'ENODEV' });
  });

  it('that sends keeps its frames meanwhile', async (context) => {
    const { net, a, b, from, to } = await pair(context);
    try {
      await using receiver = await PacketRing.open(to.name, { netns: b.namespace, protocol: OURS, ...SMALL });
      await using ring = await TransmitRing.open(from.name, { netns: a.namespace, frames: 32 });
      from.down();
      ring.put(frame(1));
      expect(() => ring.flush()).toThrow(expect.objectContaining({ code: 'ENETDOWN' }));
      await expect(ring.send(frame(2))).rejects.toMatchObject({ code: 'ENETDOWN', messagesSent: 0 });
      expect(ring.pending).toBe(1);
      from.up();
      await carrier(a, from);
      ring.flush();
      expect((await receive(receiver, 1)).map(({ data }) => numberOf(data))).toEqual([1]);
      ip('-n', a.namespace, 'link', 'delete', from.name);
      await expect(ring.send(frame(3))).rejects.toMatchObject({ code: 'ENXIO' });
    } finally {
      net.end();
    }
  });
});
