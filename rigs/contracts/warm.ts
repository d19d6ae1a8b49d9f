import { constants, Socket } from '@sockeye/core';
import { soon } from './forms.ts';
import { helper } from './helper.ts';

/** Opens what an engine and the helping thread keep open, before descriptors are counted. */
export async function warm(): Promise<void> {
  const [one, other] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_STREAM);
  try {
    const waiting = other.recv(1, soon());
    await new Promise((resolve) => setImmediate(resolve));
    await one.send(Buffer.alloc(1));
    await waiting;
  } finally {
    one.close();
    other.close();
  }
  await helper.ready();
}
