import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { flow } from '../../kit/flow.mjs';

const name = `\0sockeye-bench-duplex-${process.pid}`;
const server = createServer();
server.listen(name);
await once(server, 'listening');
const sender = fileURLToPath(new URL('./senders/node.mjs', import.meta.url));
spawn(process.execPath, [sender, name.slice(1)], { stdio: ['ignore', 'ignore', 'inherit'] });
const [socket] = await once(server, 'connection');
server.close();
flow(socket);
