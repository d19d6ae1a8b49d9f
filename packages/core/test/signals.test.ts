/** Signals that come while a call looks whether a socket is ready, and does not wait. */
import { spawn } from 'node:child_process';
import { constants as c, type Socket } from '@sockeye/core';
import { pollSync } from '@sockeye/core/poll';
import { expect, it } from 'vitest';
import { closing, datagrams, pause } from './support.ts';

/** Sends this process one SIGUSR2 after another. */
const SENDER = 'for (;;) process.kill(process.ppid, "SIGUSR2");';
/** How many are to come: one in some hundred meets poll(2) in the midst, as measured. */
const ENOUGH = 2000;

it('a look is not ended by a signal', { timeout: 60_000 }, async (context) => {
  if (process.platform === 'win32') context.skip('Windows has no signals');
  let came = 0;
  const count = (): void => void came++;
  process.on('SIGUSR2', count);
  const child = spawn(process.execPath, ['-e', SENDER], { stdio: 'ignore' });
  const failed = new Set<number | string>();
  const look = async (socket: Socket): Promise<void> => {
    for (let turn = 0; turn < 500; turn++) {
      const stands = socket.tryWait(c.POLLIN);
      if (stands !== 0) failed.add(stands);
      try {
        pollSync([{ target: socket, events: c.POLLIN, revents: 0 }], { timeout: 0 });
        await socket.wait({ read: true, timeout: 0 });
      } catch (error) {
        const { code } = error as { code: string };
        if (code !== 'ERR_SOCKET_TIMEOUT') failed.add(code);
      }
    }
  };
  try {
    const [one, other] = datagrams();
    await closing([one, other], async () => {
      const until = performance.now() + 50_000;
      while (came < ENOUGH && performance.now() < until) {
        await look(other);
        await pause(0);
      }
    });
  } finally {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    process.off('SIGUSR2', count);
  }
  expect(came).toBeGreaterThan(0);
  expect([...failed]).toEqual([]);
});
