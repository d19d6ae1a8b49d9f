// TCP connections that are opened through an interface, as they are.
// Usage: capture.ts [interface] [how many]
import { capture, tcpFlags } from '@sockeye/raw';

const [name = 'lo', most = '10'] = process.argv.slice(2);

await using cap = await capture(name, { snapLength: 256 });
cap.on('down', ({ reason }) => console.log(`${name} is ${reason}`));
console.log('Capturing on', name);
let seen = 0;
for await (const packet of cap.packets()) {
  const { tcp, ipv4, ipv6 } = packet.dissect();
  const ip = ipv4 ?? ipv6;
  if (packet.outgoing || tcp === undefined || ip === undefined || tcp.flags !== tcpFlags.SYN) continue;
  console.log(`${packet.timestamp} ${ip.destination.join('.')} port ${tcp.destinationPort}`);
  if (++seen === Number(most)) break;
}
