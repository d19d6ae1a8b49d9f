import { Dissection, dissect } from '@sockeye/raw';
import { frame } from '../../kit/frame.mjs';
import { turns } from '../../kit/turns.mjs';

const into = new Dissection();

turns((n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    frame[37] = 128 + (i & 0x7f); // another port each time, and none that is known
    const { tcp } = dissect(frame, 1, into);
    if (tcp?.destinationPort !== 128 + (i & 0x7f)) throw new Error('another port');
    sum += tcp.payloadEnd - tcp.payloadOffset;
  }
  if (sum !== 1000 * n) throw new Error('another length');
});
