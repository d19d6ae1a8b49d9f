import { batch } from '../../kit/can-batch.mjs';
import { turns } from '../../kit/turns.mjs';

turns((n) => {
  let sum = 0;
  let left = n;
  while (left > 0) {
    for (const frame of batch) {
      sum += frame.id.value + frame.data[0] + frame.length;
      left -= 1;
      if (left === 0) break;
    }
  }
  if (sum < 8 * n) throw new Error('another length');
});
