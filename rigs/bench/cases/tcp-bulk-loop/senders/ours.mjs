import { constants, Socket } from '@sockeye/core';

const socket = Socket.create(constants.AF_INET, constants.SOCK_STREAM);
await socket.connect(Buffer.from(process.argv[2], 'hex'));
const buffer = Buffer.alloc(65536, 'x');
try {
  for (;;) await socket.sendAll(buffer);
} catch (error) {
  if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') throw error; // the receiver has ended
}
