/** The receiving end of a bulk transfer, for streams of any kind: `'data'` events, paused between the turns. */
import { turns } from './turns.mjs';

/** Bytes of an operation. */
const SIZE = 65536;

/** @param {import('node:stream').Readable} stream whose other end writes without end */
export function flow(stream) {
  let left = 0; // below 0: received beyond the operations so far
  let done = () => {};
  stream.on('data', (data) => {
    left -= data.length;
    if (left > 0) return;
    stream.pause();
    done();
  });
  stream.pause();
  turns(
    (n) =>
      new Promise((resolve) => {
        left += n * SIZE;
        done = resolve;
        if (left <= 0) resolve();
        else stream.resume();
      }),
  );
}

/** Writes without end, as fast as the stream takes it. */
export function flood(stream) {
  const buffer = Buffer.alloc(SIZE, 'x');
  const write = () => {
    while (stream.write(buffer));
  };
  stream.on('drain', write).on('error', () => {}); // the receiver has ended
  write();
}
