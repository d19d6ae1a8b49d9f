import { createServer } from 'node:net';

const buffer = Buffer.alloc(65536, 'x');
const server = createServer((socket) => {
  server.close();
  const write = () => {
    while (socket.write(buffer));
  };
  socket.on('drain', write).on('error', () => {}); // the receiver has ended
  write();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
