// Python's manual, the echo server program for IPv4 and IPv6, name for name.
// Usage: dual-stack-server.ts [port] [host]
import * as socket from '@sockeye/compat-python';

const HOST = process.argv[3] ?? null; // all addresses of this host
const PORT = Number(process.argv[2] ?? 50008); // any port above 1023
let s: socket.socket | null = null;
for (const res of socket.getaddrinfo(
  HOST,
  PORT,
  socket.AF_UNSPEC,
  socket.SOCK_STREAM,
  0,
  socket.AI_PASSIVE,
)) {
  const [af, socktype, proto, _canonname, sa] = res;
  try {
    s = socket.socket(af, socktype, proto);
  } catch (msg) {
    if (!(msg instanceof socket.OSError)) throw msg;
    s = null;
    continue;
  }
  try {
    s.bind(sa);
    s.listen(1);
  } catch (msg) {
    if (!(msg instanceof socket.OSError)) throw msg;
    s.close();
    s = null;
    continue;
  }
  break;
}
if (s === null) {
  console.log('could not open socket');
  process.exit(1);
}
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
