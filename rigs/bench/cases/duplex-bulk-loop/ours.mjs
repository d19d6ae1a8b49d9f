import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { unixAbstract } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { toDuplex } from '@sockeye/core/streams';
import { flow } from '../../kit/flow.mjs';

const { AF_UNIX, SOCK_STREAM } = constants;
const name = `sockeye-bench-duplex-${process.pid}`;
const listener = Socket.create(AF_UNIX, SOCK_STREAM);
listener.bind(unixAbstract(name));
listener.listen(1);
const sender = fileURLToPath(new URL('./senders/ours.mjs', import.meta.url));
spawn(process.execPath, [sender, name], { stdio: ['ignore', 'ignore', 'inherit'] });
const socket = await listener.accept();
listener.close();
flow(toDuplex(socket));
