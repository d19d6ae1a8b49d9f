import { createServer } from 'node:http';
import { unixAbstract } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { asListener } from '@sockeye/core/streams';
import { answer } from '../../../kit/http.mjs';

const socket = Socket.create(constants.AF_UNIX, constants.SOCK_STREAM);
socket.bind(unixAbstract(process.argv[2]));
socket.listen();
asListener(socket).serve(createServer(answer));
console.log('listening');
process.stdin.resume().on('end', () => process.exit()); // the client has ended
