import { constants, Socket } from '@sockeye/core';

const listener = Socket.create(constants.AF_INET, constants.SOCK_STREAM);
const any = new Uint8Array(16);
new DataView(any.buffer).setUint16(0, constants.AF_INET, true);
listener.bind(any);
listener.listen(511);
process.stdin.on('end', () => process.exit()).resume(); // the other process has ended
console.log(Buffer.from(listener.getsockname()).readUInt16BE(2));
for (;;) (await listener.accept()).close();
