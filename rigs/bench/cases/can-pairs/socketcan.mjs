import { withPackage } from '../../kit/packages.mjs';
import { turns } from '../../kit/turns.mjs';
import { makeBus } from '../../kit/vcan.mjs';

/** Frames that are sent before what came is waited for. */
const MANY = 64;

await withPackage('socketcan', ({ createRawChannel }) => {
  const bus = makeBus();
  if (bus === undefined) return;
  const [sender, receiver] = [createRawChannel(bus), createRawChannel(bus)];
  sender.setRxFilters([{ id: 0x7ff, mask: 0x7ff }]);
  const frames = Array.from({ length: MANY }, (_, id) => ({
    id,
    ext: false,
    rtr: false,
    data: Buffer.alloc(8, id),
  }));
  let left = 0;
  let done = () => {};
  receiver.addListener('onMessage', ({ id, data }) => {
    if (data[0] !== id) throw new Error('another frame');
    left -= 1;
    if (left === 0) done();
  });
  sender.start();
  receiver.start();
  process.on('exit', () => {
    sender.stop();
    receiver.stop();
  });
  turns(async (n) => {
    for (let rest = n; rest > 0; rest -= MANY) {
      const count = Math.min(rest, MANY);
      await new Promise((resolve) => {
        done = resolve;
        left = count;
        for (let at = 0; at < count; at++) if (sender.send(frames[at]) <= 0) throw new Error('not sent');
      });
    }
  });
});
