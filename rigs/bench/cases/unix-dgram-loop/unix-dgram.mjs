import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withPackage } from '../../kit/packages.mjs';
import { turns } from '../../kit/turns.mjs';

withPackage('unix-dgram', ({ createSocket }) => {
  const folder = mkdtempSync(join(tmpdir(), 'unix-dgram-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  const path = join(folder, 'socket');
  const message = Buffer.alloc(64, 'x');
  let unsent = 0;
  let left = 0;
  let done = () => {};
  let congested = false;

  const receiver = createSocket('unix_dgram', (data) => {
    if (data.length !== 64) throw new Error('a part only');
    left -= 1;
    if (left === 0) done();
  });
  receiver.on('error', (error) => {
    throw error;
  });
  receiver.bind(path);
  const sender = createSocket('unix_dgram');
  sender.on('error', (error) => {
    throw error;
  });
  const send = () => {
    congested = false;
    while (unsent > 0 && !congested) {
      unsent -= 1;
      sender.send(message);
    }
  };
  // What was not taken comes back, to be sent again once there is room: so none is lost.
  sender.on('congestion', () => {
    congested = true;
    unsent += 1;
  });
  sender.on('writable', send);
  sender.on('connect', () => {
    turns(
      (n) =>
        new Promise((resolve) => {
          done = resolve;
          left = n;
          unsent = n;
          send();
        }),
    );
  });
  sender.connect(path);
});
