/** What receives by a ring and counts bytes. */
import { PacketRing } from '@sockeye/raw';
import { link } from './link.mjs';
import { values } from './turns.mjs';

const LENGTH = 60;

/** Answers turns with packets a second, or with nanoseconds of this process's time for each. */
export async function receive(cpu) {
  const { netns, go, stop } = await link();
  const ring = await PacketRing.open('rx', { netns, blocks: 64, blockSize: 1 << 20, retireMs: 10 });
  ring.socket.unref();
  values(async (ms) => {
    let packets = 0;
    let bytes = 0;
    go();
    const used = process.cpuUsage();
    const start = performance.now();
    for await (const block of ring) {
      for (const packet of block) {
        bytes += packet.wireLength;
        packets += 1;
      }
      if (performance.now() - start >= ms) break;
    }
    const time = performance.now() - start;
    const { user, system } = process.cpuUsage(used);
    stop();
    if (bytes !== packets * LENGTH || packets === 0) throw new Error('other bytes than were sent');
    return cpu ? ((user + system) * 1e3) / packets : (packets * 1e3) / time;
  });
}
