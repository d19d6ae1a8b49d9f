/** Both ends of ours: the sockets, what is sent, and what is looked at of each datagram. */
import { constants, getaddrinfoSync, Socket } from '@sockeye/core';
import { UdpReceiver } from '@sockeye/core/udp';

export const SIZE = 1200;
export const WINDOW = 50;

const { AF_INET, SOCK_DGRAM } = constants;
const [loopback] = getaddrinfoSync('127.0.0.1', 0, { family: AF_INET, type: SOCK_DGRAM });
const bound = () => {
  const socket = Socket.create(AF_INET, SOCK_DGRAM);
  socket.bind(loopback.address);
  return socket;
};

export const sender = bound();
const other = bound();
export const to = other.getsockname();
export const data = Buffer.alloc(SIZE * WINDOW, 'x');

/** The window of single datagrams takes more room than sockets have by default; every contender asks for it. */
other.setsockopt(constants.SOL_SOCKET, constants.SO_RCVBUF, 1 << 20);

export const receiver = (options) => new UdpReceiver(other, options);

/** Each datagram's length and first byte. */
export function check({ length, lengths, offsets, payload }) {
  for (let i = 0; i < length; i++) {
    if (lengths[i] !== SIZE || payload[offsets[i]] !== 120) throw new Error('not what was sent');
  }
}
