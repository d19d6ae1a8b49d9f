const server = Bun.listen({
  hostname: '0.0.0.0',
  port: 0,
  socket: { open: (socket) => socket.end(), data() {} },
});
process.stdin.on('end', () => process.exit()).resume(); // the other process has ended
console.log(server.port);
