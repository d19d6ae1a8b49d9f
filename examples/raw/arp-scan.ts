// Who is on a link.
// Usage: arp-scan.ts interface [prefix]
import { arpScan } from '@sockeye/raw';

const [link = 'eth0', prefix] = process.argv.slice(2);

for await (const { address, hardwareAddress, rttMs } of arpScan(link, { prefix })) {
  console.log(`${address} ${hardwareAddress} ${rttMs.toFixed(3)} ms`);
}
