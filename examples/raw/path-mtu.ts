// How large a packet may be on the way to a host, and who says so.
// Usage: path-mtu.ts [host]
import { pathMtu } from '@sockeye/raw';

const [host = '127.0.0.1'] = process.argv.slice(2);
const { mtu, steps, blackHole } = await pathMtu(host);

for (const { from, mtu: most } of steps) console.log(`${from ?? 'this host'}: ${most}`);
if (mtu === undefined) console.log(`${host} does not answer`);
else console.log(`${host}: ${mtu}${blackHole ? ', found by trying' : ''}`);
