import { constants, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const { AF_INET, SOCK_DGRAM } = constants;

turns((n) => {
  for (let i = 0; i < n; i++) Socket.create(AF_INET, SOCK_DGRAM).close();
});
