import { EthernetView, Ipv4View, TcpView } from '@sockeye/raw';
import { measure } from '../../../kit/allocated.mjs';
import { frame } from '../../../kit/frame.mjs';

const ethernet = new EthernetView();
const ip = new Ipv4View();
const tcp = new TcpView();

measure(() => {
  ethernet.decode(frame);
  ip.decode(frame, ethernet.payloadOffset, ethernet.payloadEnd);
  tcp.decode(frame, ip.payloadOffset, ip.payloadEnd);
  if (tcp.destinationPort !== 80 || tcp.window !== 0x7210) throw new Error('another segment');
});
