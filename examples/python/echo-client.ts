// Python's manual, the echo client program, name for name.
// Usage: echo-client.ts [port] [host]
import * as socket from '@sockeye/compat-python';

const HOST = process.argv[3] ?? '127.0.0.1'; // where the server is
const PORT = Number(process.argv[2] ?? 50007); // its port
const s = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
s.connect([HOST, PORT]);
s.send(Buffer.from('Hello, world'));
const data = s.recv(1024);
s.close();
console.log('Received', data.toString());
