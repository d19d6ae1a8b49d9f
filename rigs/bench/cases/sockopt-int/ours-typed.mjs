import { constants, Socket } from '@sockeye/core';
import { priority } from '@sockeye/core/options';
import { turns } from '../../kit/turns.mjs';

const socket = Socket.create(constants.AF_INET, constants.SOCK_DGRAM);
priority.set(socket, 3);

turns((n) => {
  for (let i = 0; i < n; i++) {
    const value = priority.get(socket);
    if (value !== 3) throw new Error('another value');
    priority.set(socket, value);
  }
});
