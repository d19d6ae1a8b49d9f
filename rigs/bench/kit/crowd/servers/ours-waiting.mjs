import { constants, Socket } from '@sockeye/core';
import { answers } from './answers.mjs';

/** An echo, which waits for its next message. */
async function serve(socket) {
  const buffer = Buffer.allocUnsafe(64);
  try {
    for (;;) {
      const length = await socket.recvInto(buffer);
      if (length === 0) break;
      await socket.send(buffer.subarray(0, length));
    }
  } catch {
    // the client has ended
  }
  socket.close();
}

let accepted = 0;
const listener = Socket.create(constants.AF_INET, constants.SOCK_STREAM);
const loopback = new Uint8Array(16);
new DataView(loopback.buffer).setUint16(0, constants.AF_INET, true);
loopback.set([127, 0, 0, 1], 4);
listener.bind(loopback);
listener.listen(511);
answers(Buffer.from(listener.getsockname()).readUInt16BE(2), () => accepted);
for (;;) {
  serve(await listener.accept());
  accepted += 1;
}
