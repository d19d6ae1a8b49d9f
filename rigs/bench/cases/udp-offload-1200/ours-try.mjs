import { trySendSegments } from '@sockeye/core/udp';
import { turns } from '../../kit/turns.mjs';
import { check, data, receiver, SIZE, sender, to, WINDOW } from './scripts/ends.mjs';

const reader = receiver({ messages: 1 });
const options = { address: to };
let surplus = 0; // what an earlier batch received beyond its operations

turns((n) => {
  let left = n - surplus;
  while (left > 0) {
    if (trySendSegments(sender, data, SIZE, options) !== data.length) throw new Error('a part only');
    for (let due = WINDOW; due > 0; ) {
      const count = reader.tryReceive();
      if (count < 0) throw new Error(`tryReceive: ${count}`);
      due -= count;
      check(reader);
    }
    left -= WINDOW;
  }
  surplus = -left;
});
