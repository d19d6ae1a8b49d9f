// Python's send_fds and recv_fds: a process hands an open file to another one, which reads it.
// Usage: send-fds.ts [file]
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import * as socket from '@sockeye/compat-python';

if (process.argv[2] === '--receive') {
  // the other process: its socket is descriptor 3
  const s = socket.socket({ fileno: 3 });
  const [msg, fds] = socket.recv_fds(s, 1024, 4);
  console.log('Received', msg.toString(), 'and', fds.length, 'descriptor');
  for (const fd of fds) {
    console.log(readFileSync(fd, 'utf8').split('\n')[0]);
    closeSync(fd);
  }
  s.close();
} else {
  const [ours, theirs] = socket.socketpair();
  const receiver = spawn(process.execPath, [...process.execArgv, import.meta.filename, '--receive'], {
    stdio: ['ignore', 'inherit', 'inherit', theirs.fileno()],
  });
  theirs.close();
  const fd = openSync(process.argv[2] ?? import.meta.filename, 'r');
  socket.send_fds(ours, [Buffer.from('a file')], [fd]);
  closeSync(fd);
  ours.close();
  receiver.on('close', (status) => {
    process.exitCode = status ?? 1;
  });
}
