import { turns } from './turns.mjs';
import { withVcan } from './vcan.mjs';

/** Frames of a call. */
const MANY = 64;

/** Sends frames and receives them. */
export const pairs = (options) =>
  withVcan((open) => {
    const sender = open({ filters: [] });
    const batches = open(options).batches({ max: MANY });
    const frames = Array.from({ length: MANY }, (_, n) => ({ id: n, data: new Uint8Array(8).fill(n) }));
    turns(async (n) => {
      for (let left = n; left > 0; ) {
        const count = Math.min(left, MANY);
        await sender.sendAll(count === MANY ? frames : frames.slice(0, count));
        for (let got = 0; got < count; ) {
          const { value } = await batches.next();
          for (const frame of value) if (frame.data[0] !== frame.id.value) throw new Error('another frame');
          got += value.length;
        }
        left -= count;
      }
    });
  });
