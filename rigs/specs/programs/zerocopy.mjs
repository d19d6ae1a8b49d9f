/** Sends to an address by a device that takes memory as it is: `zerocopy.mjs <address>` prints what became of it. */
import { constants, getaddrinfo, Socket } from '@sockeye/core';
import { ZeroCopy } from '@sockeye/core/zerocopy';

const hints = { type: constants.SOCK_DGRAM, flags: constants.AI_NUMERICHOST };
const [found] = await getaddrinfo(process.argv[2], 9, hints);
const socket = Socket.create(found.family, constants.SOCK_DGRAM);
await socket.connect(found.address);
const zero = new ZeroCopy(socket);
const results = await Promise.all(Array.from({ length: 20 }, () => zero.send(Buffer.alloc(1200, 'x'))));
console.log(JSON.stringify(results));
zero.close();
socket.close();
