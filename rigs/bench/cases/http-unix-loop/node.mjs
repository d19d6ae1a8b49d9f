import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ask } from '../../kit/http.mjs';

const name = `sockeye-bench-http-node-${process.pid}`;
const server = fileURLToPath(new URL('./servers/node.mjs', import.meta.url));
const child = spawn(process.execPath, [server, name], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(child.stdout, 'data');
ask({ socketPath: `\0${name}` });
