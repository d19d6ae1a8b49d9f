// A sniffer: prints the headers of what passes an interface.
// Usage: sniffer.ts [interface] [how many packets] [milliseconds without one]
import { describeFrame, PacketSocket } from '@sockeye/raw';

const [name = 'lo', most = '20', patience = '2000'] = process.argv.slice(2);

// On lo each packet is seen leaving and arriving: the arriving ones suffice.
const sniffer = PacketSocket.open({ interface: name, ignoreOutgoing: true });
console.log('Sniffing on', name);
try {
  for (let seen = 0; seen < Number(most); seen++) {
    const packet = await sniffer.recv({ timeout: Number(patience) });
    console.log(name, describeFrame(packet.data));
  }
} catch (error) {
  if ((error as { code?: string }).code !== 'ERR_SOCKET_TIMEOUT') throw error;
} finally {
  sniffer.close();
}
