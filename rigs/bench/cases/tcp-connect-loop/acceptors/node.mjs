import { createServer } from 'node:net';

const server = createServer((socket) => socket.destroy());
process.stdin.on('end', () => process.exit()).resume(); // the other process has ended
server.listen(0, '0.0.0.0', 511, () => console.log(server.address().port));
