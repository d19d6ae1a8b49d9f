import { measure } from '../../../kit/allocated.mjs';
import { batch } from '../../../kit/can-batch.mjs';

let frames = batch[Symbol.iterator]();
measure(() => {
  let { value: frame, done } = frames.next();
  if (done) {
    frames = batch[Symbol.iterator]();
    ({ value: frame, done } = frames.next());
  }
  if (frame.id.value + frame.data[0] + frame.length < 8 || frame.remote) throw new Error('another frame');
});
