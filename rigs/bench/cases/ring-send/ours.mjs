import { TransmitRing } from '@sockeye/raw';
import { link } from '../../kit/link.mjs';
import { turns } from '../../kit/turns.mjs';

const BATCH = 64;
const frame = new Uint8Array(60);
frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
const { netns } = await link();
const ring = await TransmitRing.open('tx', { netns, bypassQueue: true });

turns((n) => {
  for (let i = 1; i <= n; i++) {
    while (ring.put(frame) < 0) ring.flush();
    if (i % BATCH === 0 || i === n) ring.flush();
  }
});
