import { setTimeout as sleep } from 'node:timers/promises';
import { PacketRing } from '@sockeye/raw';
import { BURST, link } from '../../kit/link.mjs';
import { median, values } from '../../kit/turns.mjs';

const LENGTH = 60;
/** Milliseconds after which the kernel hands over what lies in a block, and until it has. */
const RETIRE = 10;
const RETIRED = 25;

const { netns, burst } = await link();
const ring = await PacketRing.open('rx', { netns, blocks: 64, blockSize: 1 << 20, retireMs: RETIRE });

values(async (ms) => {
  const until = performance.now() + ms;
  const times = [];
  let packets = 0;
  let bytes = 0;
  while (performance.now() < until) {
    burst();
    for (let came = 0; came < BURST; came += ring.statistics().packets) await sleep(1);
    await sleep(RETIRED);
    const all = packets + BURST;
    const start = performance.now();
    for await (const block of ring) {
      for (const packet of block) {
        bytes += packet.wireLength;
        packets += 1;
      }
      if (packets >= all) break;
    }
    times.push(performance.now() - start);
    if (packets !== all || bytes !== packets * LENGTH) throw new Error('other packets than were sent');
  }
  return (BURST * 1e3) / median(times);
});
