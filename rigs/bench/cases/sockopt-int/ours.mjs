import { constants, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const { AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_PRIORITY } = constants;
const socket = Socket.create(AF_INET, SOCK_DGRAM);
socket.setsockopt(SOL_SOCKET, SO_PRIORITY, 3);

turns((n) => {
  for (let i = 0; i < n; i++) {
    const value = socket.getsockopt(SOL_SOCKET, SO_PRIORITY);
    if (value !== 3) throw new Error('another value');
    socket.setsockopt(SOL_SOCKET, SO_PRIORITY, value);
  }
});
