/** A part of core that never waits, beside a server of the runtime's own: at the end nothing of it may be in the way. */
import { createServer } from 'node:net';
import { controlSpace } from '@sockeye/core/cmsg';

const server = createServer();
server.listen(0, '127.0.0.1', () => server.close(() => console.log(controlSpace(4) > 0 && 'through')));
