// Connects to a port, says that it waits, and prints what comes. A handler for SIGUSR2 stands.
import process from 'node:process';
import * as socket from '@sockeye/compat-python';

process.on('SIGUSR2', () => {});
const s = socket.socket();
s.connect(['127.0.0.1', Number(process.argv[2])]);
s.sendall(Buffer.from('ready'));
console.log(s.recv(100).toString());
s.close();
