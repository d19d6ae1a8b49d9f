/** In each container: makes sockets in its network for the other one, sends frames, and plays the second part in duets. */
import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { inet6 } from '@sockeye/addr';
import { constants as c, ifNameToIndex, Socket } from '@sockeye/core';
import { follow } from './duet.ts';
import { type Asked, DEADLINE, type Description, Line } from './line.ts';

const DEVICE = 'eth0';

/** This container's end of the link. */
function side(): Description {
  const addresses = networkInterfaces()[DEVICE] ?? [];
  const find = (family: string): string =>
    addresses.find((one) => one.family === family && !one.address.startsWith('fe80'))?.address ?? '';
  const mac = addresses[0]?.mac ?? '';
  return { inet: find('IPv4'), inet6: find('IPv6'), ifindex: ifNameToIndex(DEVICE), mac };
}

/** Waits until the IPv6 address can be used: the kernel looks first whether somebody else has it, RFC 4862 5.4. */
async function addressed(): Promise<void> {
  for (const until = performance.now() + DEADLINE; ; await sleep(50)) {
    const socket = Socket.create(c.AF_INET6, c.SOCK_DGRAM);
    try {
      socket.bind(inet6(side().inet6, 0));
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    } finally {
      socket.close();
    }
  }
}

async function answer(line: Line, asked: Asked): Promise<void> {
  if (asked.ask === 'side') return line.tell('answer', side());
  if (asked.ask === 'descriptors') return line.tell('answer', readdirSync('/proc/self/fd').length);
  if (asked.ask === 'frames') {
    // Loaded by those alone that are asked for it.
    const { sendFrames } = await import('./frames.ts');
    return line.tell('answer', await sendFrames(DEVICE, asked.count, side().mac, asked.to));
  }
  if (asked.ask === 'duet') return follow(line, asked.medium, asked.name, side());
  const { family, type, protocol = 0 } = asked.kind;
  const socket = Socket.create(family, type, protocol);
  try {
    await line.give(socket);
  } finally {
    socket.close();
  }
}

async function serve(socket: Socket): Promise<void> {
  const line = await Line.over(socket);
  try {
    for (let asked = await line.next(); asked !== undefined; asked = await line.next())
      await answer(line, asked).catch((error: unknown) => line.fail(error));
  } catch (error) {
    console.log(`${error}`);
  }
  line.close();
}

const listener = Line.listen(process.argv[2] ?? '');
await addressed();
console.log('ready');
for (;;) void serve(await listener.accept());
