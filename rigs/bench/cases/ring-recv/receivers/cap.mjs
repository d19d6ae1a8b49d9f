/** What receives by libpcap through npm's cap and counts bytes, in the namespace that it is started in: the sender's commands go to descriptor 3. */
import { writeSync } from 'node:fs';
import { withPackage } from '../../../kit/packages.mjs';
import { values } from '../../../kit/turns.mjs';

const LENGTH = 60;
const cpu = process.argv[2] === 'cpu';

withPackage('cap', ({ Cap }) => {
  const cap = new Cap();
  // The addon does not keep it alive: it is looked at below.
  const buffer = Buffer.alloc(65_535);
  cap.open('rx', '', 64 << 20, buffer);
  cap.setMinBytes?.(0);
  let packets = 0;
  let bytes = 0;
  cap.on('packet', (length) => {
    packets += 1;
    bytes += length;
  });
  values(async (ms) => {
    packets = 0;
    bytes = 0;
    writeSync(3, 'g');
    const used = process.cpuUsage();
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, ms));
    const time = performance.now() - start;
    const { user, system } = process.cpuUsage(used);
    const [came, of] = [packets, bytes];
    writeSync(3, 's');
    if (of !== came * LENGTH || came === 0 || buffer[0] !== 2) throw new Error('other bytes than were sent');
    return cpu ? ((user + system) * 1e3) / came : (came * 1e3) / time;
  });
});
