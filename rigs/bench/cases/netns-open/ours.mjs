import { openSync } from 'node:fs';
import { constants, Socket } from '@sockeye/core';
import { missing, turns } from '../../kit/turns.mjs';

const { AF_INET, SOCK_DGRAM } = constants;
const netns = openSync('/proc/self/ns/net', 'r');

/** @param {number} n */
const run = (n) => {
  for (let i = 0; i < n; i++) Socket.create(AF_INET, SOCK_DGRAM, 0, { netns }).close();
};

try {
  run(1);
  turns(run);
} catch (error) {
  if (error.code !== 'EPERM') throw error;
  missing('setns(2) takes CAP_SYS_ADMIN');
}
