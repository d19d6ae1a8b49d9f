import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { unixAbstract } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { toDuplex } from '@sockeye/core/streams';
import { ask } from '../../kit/http.mjs';

const { AF_UNIX, SOCK_STREAM } = constants;
const name = `sockeye-bench-http-ours-${process.pid}`;
const server = fileURLToPath(new URL('./servers/ours.mjs', import.meta.url));
const child = spawn(process.execPath, [server, name], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(child.stdout, 'data');
ask({
  createConnection() {
    const socket = Socket.create(AF_UNIX, SOCK_STREAM);
    socket.connectSync(unixAbstract(name));
    return toDuplex(socket);
  },
});
