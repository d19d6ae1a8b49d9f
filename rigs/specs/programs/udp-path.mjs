/**
 * A sender over a path with a small MTU, and its receiver, for two namespaces: `udp-path.mjs receive <address> <count>` prints its port and
 * then the lengths of the datagrams that came; `udp-path.mjs send <address> <port>` prints what sending came to.
 */
import { constants, getaddrinfo, Socket } from '@sockeye/core';
import { pathMtu, sendSegments, setPathMtuDiscovery, UdpReceiver } from '@sockeye/core/udp';

const [role, address, word] = process.argv.slice(2);
const hints = { type: constants.SOCK_DGRAM, flags: constants.AI_NUMERICHOST };
const [found] = await getaddrinfo(address, role === 'send' ? Number(word) : 0, hints);
const socket = Socket.create(found.family, constants.SOCK_DGRAM);
const wait = { timeout: 5000 };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

if (role === 'receive') {
  socket.bind(found.address);
  socket.setsockopt(constants.SOL_SOCKET, constants.SO_RCVBUF, 1 << 20);
  console.log(Buffer.from(socket.getsockname()).readUInt16BE(2));
  const receiver = new UdpReceiver(socket);
  const lengths = [];
  while (lengths.length < Number(word)) {
    await receiver.receive(wait);
    for (const datagram of receiver) {
      if (!datagram.data.every((byte, at) => byte === ((datagram.data[0] + at) & 0xff)))
        throw new Error('torn');
      lengths.push(datagram.length);
    }
  }
  console.log(JSON.stringify(lengths));
} else {
  const data = Uint8Array.from({ length: 6000 }, (_, at) => at);
  await socket.connect(found.address);
  const said = { before: pathMtu(socket) };
  setPathMtuDiscovery(socket, 'do');
  // What the path takes is learned by what comes back.
  for (let round = 0; round < 50 && said.refused === undefined; round++) {
    said.refused = await sendSegments(socket, data.subarray(0, 1400), 1400, wait).then(
      () => undefined,
      (error) => error.code,
    );
    await pause(20);
  }
  said.after = pathMtu(socket);
  const most = said.after - (found.family === constants.AF_INET ? 28 : 48);
  said.fits = await sendSegments(socket, data, most, wait);
  said.tooLong = await sendSegments(socket, data, most + 1, wait).catch((error) => error.code);
  setPathMtuDiscovery(socket, 'want');
  // Longer than the path takes: in fragments, which the system makes.
  said.cut = await sendSegments(socket, data, 3000, wait);
  console.log(JSON.stringify(said));
}
socket.close();
