// Python's manual, the echo client program for IPv4 and IPv6, name for name.
// Usage: dual-stack-client.ts [port] [host]
import * as socket from '@sockeye/compat-python';

const HOST = process.argv[3] ?? 'localhost'; // where the server is
const PORT = Number(process.argv[2] ?? 50008); // its port
let s: socket.socket | null = null;
for (const res of socket.getaddrinfo(HOST, PORT, socket.AF_UNSPEC, socket.SOCK_STREAM)) {
  const [af, socktype, proto, _canonname, sa] = res;
  try {
    s = socket.socket(af, socktype, proto);
  } catch (msg) {
    if (!(msg instanceof socket.OSError)) throw msg;
    s = null;
    continue;
  }
  try {
    s.connect(sa);
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
s.send(Buffer.from('Hello, world'));
const data = s.recv(1024);
s.close();
console.log('Received', data.toString());
