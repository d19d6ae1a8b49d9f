import { EthernetView, Ipv4View, TcpView } from '@sockeye/raw';
import { frame } from '../../kit/frame.mjs';
import { turns } from '../../kit/turns.mjs';

const ethernet = new EthernetView();
const ip = new Ipv4View();
const tcp = new TcpView();

turns((n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    frame[37] = i; // another port each time
    ethernet.decode(frame);
    if (ethernet.etherType !== 0x0800) throw new Error('another type');
    ip.decode(frame, ethernet.payloadOffset, ethernet.payloadEnd);
    if (ip.protocol !== 6) throw new Error('another protocol');
    tcp.decode(frame, ip.payloadOffset, ip.payloadEnd);
    if (tcp.destinationPort !== (i & 0xff)) throw new Error('another port');
    sum += tcp.payloadEnd - tcp.payloadOffset;
  }
  if (sum !== 1000 * n) throw new Error('another length');
});
