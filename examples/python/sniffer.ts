// Python's manual, the network sniffer, in its Linux form: a packet socket, which sees frames with their Ethernet headers.
// Usage: sniffer.ts [interface] [how many packets]; needs CAP_NET_RAW
import * as socket from '@sockeye/compat-python';
import * as struct from '@sockeye/compat-python/struct';

const HOST = process.argv[2] ?? 'lo'; // the interface
const MOST = Number(process.argv[3] ?? 1);
// <linux/if_packet.h>, which Python's socket module leaves out
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_DROP_MEMBERSHIP = 2;
const PACKET_MR_PROMISC = 1;

// create a raw socket and bind it to the interface
const s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(socket.ETH_P_ALL));
s.bind([HOST, 0]);

// receive all packets: promiscuous mode
const membership = struct.pack('IHH8s', socket.if_nametoindex(HOST), PACKET_MR_PROMISC, 0, Buffer.alloc(0));
s.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership);
console.log('Sniffing on', HOST);

// receive packets
for (let seen = 0; seen < MOST; seen++) {
  const [data, addr] = s.recvfrom<socket.ReturnedPacket>(65565);
  console.log(data.length, 'bytes', addr);
}

// disable promiscuous mode
s.setsockopt(SOL_PACKET, PACKET_DROP_MEMBERSHIP, membership);
s.close();
