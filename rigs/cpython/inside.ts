/** What runs in the machine: `inside.mjs RESULTS OPTIONS`. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { measure } from './measure.ts';

const [results = '', text = ''] = process.argv.slice(2);
const { options, variants } = JSON.parse(text);
// Nothing has opened a socket of VSOCK yet, and the tests look for its device first.
execFileSync('modprobe', ['-a', 'vsock_loopback']);
// Tests that fill a connection within a second find their way on an emulated processor, too.
writeFileSync('/proc/sys/net/ipv4/tcp_rmem', '4096 65536 262144');
writeFileSync('/proc/sys/net/ipv4/tcp_wmem', '4096 16384 262144');
writeFileSync(results, JSON.stringify(await measure(options, variants)));
