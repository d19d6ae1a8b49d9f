import { unixAbstract } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { toDuplex } from '@sockeye/core/streams';
import { flood } from '../../../kit/flow.mjs';

const socket = Socket.create(constants.AF_UNIX, constants.SOCK_STREAM);
await socket.connect(unixAbstract(process.argv[2]));
flood(toDuplex(socket));
