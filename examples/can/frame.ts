// One CAN frame, sent by one socket and received by another.
// Usage: frame.ts [interface]
import { CanSocket, formatFrame } from '@sockeye/can';

const name = process.argv[2] ?? 'vcan0';
const sender = await CanSocket.open(name);
const receiver = await CanSocket.open(name, { filters: [{ id: 0x123, mask: 0x7ff }] });
try {
  await sender.send({ id: 0x123, data: Uint8Array.of(0xde, 0xad, 0xbe, 0xef) });
  console.log(name, formatFrame(await receiver.recv({ timeout: 5000 })));
} finally {
  await sender.close();
  await receiver.close();
}
