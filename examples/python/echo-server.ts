// Python's manual, the echo server program, name for name.
// Usage: echo-server.ts [port] [host]
import * as socket from '@sockeye/compat-python';

const HOST = process.argv[3] ?? ''; // all addresses of this host
const PORT = Number(process.argv[2] ?? 50007); // any port above 1023
const s = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);
s.bind([HOST, PORT]);
s.listen(1);
console.log('Listening on', s.getsockname());
const [conn, addr] = s.accept();
console.log('Connected by', addr);
while (true) {
  const data = conn.recv(1024);
  if (!data.length) break;
  conn.send(data);
}
conn.close();
s.close();
