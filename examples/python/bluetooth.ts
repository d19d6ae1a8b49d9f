// Python's AF_BLUETOOTH: an L2CAP and an RFCOMM socket that listen, and a connection where there is an adapter.
// Usage: bluetooth.ts [address of a device, as 01:23:45:67:89:ab]
import * as socket from '@sockeye/compat-python';

const PSM = 0x1001; // the first that needs no privilege
const CHANNEL = 4;

const l2cap = socket.socket(socket.AF_BLUETOOTH, socket.SOCK_SEQPACKET, socket.BTPROTO_L2CAP);
l2cap.bind([socket.BDADDR_ANY, PSM]);
l2cap.listen(1);
console.log('L2CAP listens on', l2cap.getsockname());

const rfcomm = socket.socket(socket.AF_BLUETOOTH, socket.SOCK_STREAM, socket.BTPROTO_RFCOMM);
rfcomm.bind([socket.BDADDR_ANY, CHANNEL]);
rfcomm.listen(1);
console.log('RFCOMM listens on', rfcomm.getsockname());

const device = process.argv[2];
if (device !== undefined) {
  const s = socket.socket(socket.AF_BLUETOOTH, socket.SOCK_STREAM, socket.BTPROTO_RFCOMM);
  s.settimeout(10);
  s.connect([device, CHANNEL]);
  s.send(Buffer.from('Hello, world'));
  console.log('Received', s.recv(1024).toString());
  s.close();
}
rfcomm.close();
l2cap.close();
