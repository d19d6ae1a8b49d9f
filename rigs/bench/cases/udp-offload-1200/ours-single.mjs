import { sendSegments } from '@sockeye/core/udp';
import { turns } from '../../kit/turns.mjs';
import { check, data, receiver, SIZE, sender, to, WINDOW } from './scripts/ends.mjs';

const reader = receiver({ offload: false, messages: WINDOW });
let surplus = 0; // what an earlier batch received beyond its operations

turns(async (n) => {
  let left = n - surplus;
  while (left > 0) {
    await sendSegments(sender, data, SIZE, { address: to, offload: false });
    for (let due = WINDOW; due > 0; ) {
      due -= await reader.receive();
      check(reader);
    }
    left -= WINDOW;
  }
  surplus = -left;
});
