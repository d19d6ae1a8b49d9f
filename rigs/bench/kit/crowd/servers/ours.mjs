import { constants, Socket } from '@sockeye/core';
import { Epoll } from '@sockeye/core/poll';
import { answers } from './answers.mjs';

let accepted = 0;
const listener = Socket.create(constants.AF_INET, constants.SOCK_STREAM);
const loopback = new Uint8Array(16);
new DataView(loopback.buffer).setUint16(0, constants.AF_INET, true);
loopback.set([127, 0, 0, 1], 4);
listener.bind(loopback);
listener.listen(511);
answers(Buffer.from(listener.getsockname()).readUInt16BE(2), () => accepted);

const epoll = Epoll.create();
const buffer = Buffer.alloc(64);
epoll.add(listener, constants.EPOLLIN);
for (;;) {
  const count = await epoll.wait();
  for (let index = 0; index < count; index++) {
    const socket = epoll.target(index);
    if (socket === listener) {
      const connection = listener.acceptSync({ timeout: 0 });
      epoll.add(connection, constants.EPOLLIN);
      accepted += 1;
      continue;
    }
    const length = socket.tryRecvInto(buffer);
    if (length > 0 && socket.trySend(buffer, 0, 0, length) === length) continue;
    // The client has ended.
    epoll.delete(socket);
    socket.close();
  }
}
