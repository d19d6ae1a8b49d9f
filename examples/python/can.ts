// Python's manual, the CAN program, name for name: sends back each frame that comes, and one of its own.
// Usage: can.ts [interface] [how many frames]
import * as socket from '@sockeye/compat-python';
import * as struct from '@sockeye/compat-python/struct';

// CAN frame packing/unpacking (see `struct can_frame` in <linux/can.h>)

const can_frame_fmt = '=IB3x8s';
const can_frame_size = struct.calcsize(can_frame_fmt);

function build_can_frame(can_id: number, data: Buffer): Buffer {
  const can_dlc = data.length;
  return struct.pack(can_frame_fmt, can_id, can_dlc, data); // padded with zeros
}

function dissect_can_frame(frame: Buffer): [can_id: number, can_dlc: number, data: Buffer] {
  const [can_id, can_dlc, data] = struct.unpack(can_frame_fmt, frame) as [number, number, Buffer];
  return [can_id, can_dlc, data.subarray(0, can_dlc)];
}

// create a raw socket and bind it to the `vcan0` interface
const s = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW);
s.bind([process.argv[2] ?? 'vcan0']);
console.log('Listening on', s.getsockname());

for (let left = Number(process.argv[3] ?? Number.POSITIVE_INFINITY); left > 0; left--) {
  const [cf] = s.recvfrom(can_frame_size);

  const [can_id, can_dlc, data] = dissect_can_frame(cf);
  console.log(`Received: can_id=${can_id.toString(16)}, can_dlc=${can_dlc}, data=${data.toString('hex')}`);

  for (const frame of [cf, build_can_frame(0x01, Buffer.from([1, 2, 3]))]) {
    try {
      s.send(frame);
    } catch (e) {
      if (!(e instanceof socket.OSError)) throw e;
      console.log('Error sending CAN frame');
    }
  }
}
s.close();
