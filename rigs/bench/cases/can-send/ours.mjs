import { turns } from '../../kit/turns.mjs';
import { withVcan } from '../../kit/vcan.mjs';

await withVcan((open) => {
  const sender = open({ filters: [] });
  const frames = Array.from({ length: 64 }, (_, n) => ({ id: n, data: new Uint8Array(8).fill(n) }));
  turns(async (n) => {
    for (let left = n; left > 0; left -= 64) {
      const some = left >= 64 ? frames : frames.slice(0, left);
      if ((await sender.sendAll(some)) !== some.length) throw new Error('not all were sent');
    }
  });
});
