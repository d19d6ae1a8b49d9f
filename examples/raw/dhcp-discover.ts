// What the DHCP servers of a link offer. Nothing is taken.
// Usage: dhcp-discover.ts interface
import { dhcpDiscover } from '@sockeye/raw';

const [link = 'eth0'] = process.argv.slice(2);

for await (const { server, address, netmask, routers, nameServers, leaseSeconds } of dhcpDiscover(link)) {
  console.log(`${server} offers ${address} (${netmask ?? 'no mask'}) for ${leaseSeconds ?? 'some'} seconds`);
  console.log(`  routers ${routers.join(', ')}; name servers ${nameServers.join(', ')}`);
}
