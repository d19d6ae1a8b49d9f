// A sniffer: prints the headers of what passes an interface.
// Usage: sniffer.ts [interface] [how many packets] [only those that name this host or port]
import { describeFrame, PacketSocket } from '@sockeye/raw';

const [name = 'lo', most = '20', wanted = ''] = process.argv.slice(2);

// On lo each packet is seen leaving and arriving: the arriving ones suffice.
const sniffer = PacketSocket.open({ interface: name, ignoreOutgoing: true });
console.log('Sniffing on', name);
try {
  let seen = 0;
  while (seen < Number(most)) {
    const packet = await sniffer.recv({ timeout: 10_000 });
    const line = describeFrame(packet.data);
    if (!line.includes(wanted)) continue;
    console.log(name, line);
    seen += 1;
  }
} finally {
  sniffer.close();
}
