/** Our side of the cases about captures: packets a second, or processor time a packet. */
import { setTimeout as sleep } from 'node:timers/promises';
import { receiveBufferForce } from '@sockeye/core/options';
import { capture } from '@sockeye/raw';
import { flood } from './flood.mjs';
import { missing, values } from './turns.mjs';

/** @param {boolean} perPacket nanoseconds of processor time a packet, in place of packets a second */
export async function captured(perPacket) {
  const link = await flood();
  if (link === undefined) {
    missing('network namespaces take CAP_SYS_ADMIN, CAP_NET_ADMIN and iproute2');
    return;
  }
  const cap = await capture(link.name, { netns: link.netns, snapLength: 256 });
  receiveBufferForce.set(cap.socket.socket, 16 << 20);
  values(async (ms) => {
    link.start();
    await cap.recvBatch();
    let count = 0;
    let bytes = 0;
    const start = performance.now();
    const before = process.cpuUsage();
    let now = start;
    for (; now - start < ms; now = performance.now()) {
      const batch = await cap.recvBatch();
      for (let i = 0; i < batch.length; i++) bytes += batch.wireLength(i);
      count += batch.length;
    }
    const { user, system } = process.cpuUsage(before);
    link.stop();
    if (bytes < count * 60) throw new Error(`${count} packets of ${bytes} bytes`);
    await sleep(20);
    cap.setFilter(undefined);
    return perPacket ? ((user + system) * 1000) / count : (count * 1000) / (now - start);
  });
}
