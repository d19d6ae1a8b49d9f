import { constants, MessageBuffer, Socket } from '@sockeye/core';
import { measure } from '../../../kit/allocated.mjs';

const [a, b] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_DGRAM);
const message = Buffer.alloc(64, 'x');
const buffer = Buffer.alloc(64);
const came = new MessageBuffer({ control: 64 });

measure(() => {
  if (a.trySendMsg(message) !== 64 || b.tryRecvMsgInto(buffer, came) !== 64) throw new Error('a part only');
});
