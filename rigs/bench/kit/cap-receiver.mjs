/** What receives by libpcap through npm's cap and counts bytes, in the namespace that it is started in: the sender's commands go to descriptor 3. */
import { readFileSync, writeSync } from 'node:fs';
import { BURST } from './link.mjs';
import { withPackage } from './packages.mjs';
import { median, values } from './turns.mjs';

const LENGTH = 60;
const measure = process.argv[2];

/** Blocks this thread, and with it the addon, which reads when the event loop has its turn. */
const block = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Packets that have come to the interface. */
function came() {
  const line = readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith('rx:'));
  return Number(line?.trim().split(/[\s:]+/)[2]);
}

withPackage('cap', ({ Cap }) => {
  const cap = new Cap();
  // The addon does not keep it alive: it is looked at below.
  const buffer = Buffer.alloc(65_535);
  cap.open('rx', '', 64 << 20, buffer);
  cap.setMinBytes?.(0);
  let packets = 0;
  let bytes = 0;
  let all = Number.POSITIVE_INFINITY;
  let drained = () => {};
  cap.on('packet', (length) => {
    packets += 1;
    bytes += length;
    if (packets === all) drained();
  });

  const check = () => {
    if (bytes !== packets * LENGTH || packets === 0 || buffer[0] !== 2)
      throw new Error('other bytes than were sent');
  };

  /** As they come. */
  async function flood(ms) {
    writeSync(3, 'g');
    const used = process.cpuUsage();
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, ms));
    const time = performance.now() - start;
    const { user, system } = process.cpuUsage(used);
    const count = packets;
    writeSync(3, 's');
    check();
    return measure === 'cpu' ? ((user + system) * 1e3) / count : (count * 1e3) / time;
  }

  /** Bursts that lie ready. */
  async function drain(ms) {
    const until = performance.now() + ms;
    const times = [];
    while (performance.now() < until) {
      all = packets + BURST;
      const end = new Promise((resolve) => {
        drained = () => resolve(performance.now());
      });
      const before = came();
      writeSync(3, 'b');
      while (came() < before + BURST) block(1);
      block(25);
      const start = performance.now();
      times.push((await end) - start);
      check();
    }
    return (BURST * 1e3) / median(times);
  }

  values((ms) => {
    packets = 0;
    bytes = 0;
    return measure === 'drain' ? drain(ms) : flood(ms);
  });
});
