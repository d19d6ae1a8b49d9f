/** J1939 with can-utils and CPython at the other end, both ways. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { encodeName, J1939, type J1939Change, type J1939Message } from '@sockeye/can/j1939';
import { afterEach, describe, expect, it } from 'vitest';
import { onlyInside } from './only-inside.ts';

onlyInside();

const BUS = 'vcan0';
const run = promisify(execFile);
const PGN = 0x12300;
const name = encodeName({ manufacturer: 0x7ff, identity: 0x5000 });
const pattern = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 11) & 0xff));

const children: ChildProcess[] = [];
const ecus: J1939[] = [];
const keep = (ecu: J1939): J1939 => {
  ecus.push(ecu);
  return ecu;
};

/** Starts a program that runs on, and collects what it says. */
function start(command: string, ...args: string[]): { said: () => Buffer } {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  return { said: () => Buffer.concat(pieces) };
}

function first(ecu: J1939, pgn: number): () => Promise<J1939Message> {
  const messages = ecu.messages({ pgn, signal: AbortSignal.timeout(20_000) });
  return async () => {
    for await (const message of messages) return message;
    throw new Error('closed');
  };
}

async function until(ecu: J1939, type: J1939Change['type']): Promise<J1939Change> {
  for await (const change of ecu.changes({ signal: AbortSignal.timeout(20_000) }))
    if (change.type === type) return change;
  throw new Error('closed');
}

/** Sends until somebody answers: a program that was just started has no socket yet. */
async function sendOnceThere(ecu: J1939, to: number | bigint, data: Uint8Array): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ecu.send({ pgn: PGN, to, data });
      return;
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

afterEach(async () => {
  await Promise.all(ecus.splice(0).map((ecu) => ecu.close()));
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }
});

describe('j1939cat', () => {
  it('sends a file, which is one message', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sockeye-j1939-'));
    try {
      const data = pattern(5000);
      writeFileSync(join(folder, 'file'), data);
      const ecu = keep(await J1939.claim(BUS, { name, prefer: 0x90 }));
      const heard = first(ecu, PGN);
      // It has no room for what kernels since 5.14 notify of, and says so when its message is on its way.
      const said = await run('j1939cat', ['-i', join(folder, 'file'), `${BUS}:0x80`, ':0x90,0x12300'], {
        timeout: 20_000,
      }).catch((error: { stderr: string }) => error);
      expect(said.stderr).toMatch(/^(j1939cat: recvmsg error notification: truncated: Success\n)?$/);
      const message = await heard();
      expect(message).toMatchObject({ pgn: PGN, from: 0x80, to: 0x90, toName: name, truncated: false });
      expect(Buffer.compare(message.data, data)).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('receives ours', async () => {
    const data = pattern(3000);
    const cat = start('j1939cat', `${BUS}:0x90`, '-r');
    const ecu = keep(J1939.open(BUS, { address: 0x20 }));
    await sendOnceThere(ecu, 0x90, data);
    await expect.poll(() => cat.said().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3000);
    expect(Buffer.compare(cat.said().subarray(0, 3000), data)).toBe(0);
  });
});

it('testj1939 gives back what we send', async () => {
  start('testj1939', '-e', '-w20', `${BUS}:0x91`);
  const ecu = keep(J1939.open(BUS, { address: 0x20 }));
  for (const length of [20, 8]) {
    const heard = first(ecu, PGN);
    await sendOnceThere(ecu, 0x91, pattern(length));
    const message = await heard();
    expect(message).toMatchObject({ pgn: PGN, from: 0x91, to: 0x20 });
    expect([...message.data]).toEqual([...pattern(length)]);
  }
});

describe('j1939acd', () => {
  it('yields to our lower NAME, and we to its lower one', async () => {
    const watcher = keep(J1939.open(BUS));
    const claims = watcher.messages({ pgn: 0xee00, signal: AbortSignal.timeout(30_000) });
    const claimOf = async (wanted: bigint): Promise<number> => {
      for await (const { fromName, from } of {
        [Symbol.asyncIterator]: () => ({ next: () => claims.next() }),
      })
        if (fromName === wanted) return from;
      throw new Error('closed');
    };
    const higher = name + 0x1_0000n;
    start('j1939acd', '-r', '160-163', '-a', '160', higher.toString(16), BUS);
    expect(await claimOf(higher)).toBe(160);
    await sleep(300);
    const ecu = keep(await J1939.claim(BUS, { name, prefer: 160 }));
    expect(ecu.address).toBe(160);
    const moved = await claimOf(higher);
    expect(moved).toBeGreaterThan(160);
    expect(moved).toBeLessThanOrEqual(163);

    const lost = until(ecu, 'lost');
    const failed = until(ecu, 'cannot-claim');
    const lower = name - 0x1000n;
    start('j1939acd', '-r', '160', '-a', '160', lower.toString(16), BUS);
    expect(await lost).toEqual({ type: 'lost', address: 160, to: lower });
    await failed;
    expect(ecu.address).toBeUndefined();
  });

  it('hears our claim when it asks', async () => {
    const ecu = keep(await J1939.claim(BUS, { name, prefer: 170 }));
    const other = name + 0x2_0000n;
    const watcher = keep(J1939.open(BUS)).messages({
      pgn: 0xee00,
      from: other,
      signal: AbortSignal.timeout(20_000),
    });
    // It is to take the first address that nobody has.
    start('j1939acd', '-r', '170-171', other.toString(16), BUS);
    for await (const { from } of watcher) {
      expect(from).toBe(171);
      break;
    }
    expect([ecu.address, ecu.state]).toEqual([170, 'claimed']);
  });
});

describe('CPython', () => {
  const python = (lines: string): Promise<{ stdout: string }> =>
    run(
      'python3',
      [
        '-c',
        `import socket\ns = socket.socket(socket.PF_CAN, socket.SOCK_DGRAM, socket.CAN_J1939)\n${lines}`,
      ],
      {
        timeout: 30_000,
      },
    );

  it('sends to our NAME, and hears us', async () => {
    const ecu = keep(await J1939.claim(BUS, { name, prefer: 0x90 }));
    const heard = first(ecu, PGN);
    const ended = python(`s.bind(('${BUS}', socket.J1939_NO_NAME, socket.J1939_NO_PGN, 0x33))
s.sendto(bytes(range(100)), ('${BUS}', ${name}, 0x12300, socket.J1939_NO_ADDR))
data, (_, name, pgn, addr) = s.recvfrom(2000)
print(len(data), data[1], hex(name), hex(pgn), hex(addr))`);
    const message = await heard();
    expect(message).toMatchObject({ from: 0x33, to: 0x90 });
    expect([...message.data]).toEqual([...Array(100).keys()]);
    await ecu.send({ pgn: PGN, to: 0x33, data: pattern(1000) });
    expect((await ended).stdout.trim()).toBe(`1000 11 0x${name.toString(16)} 0x12300 0x90`);
  });
});

it('priorities 0 and 1 take a capability, all else none', async () => {
  const own = process.geteuid?.() ?? 0;
  const ecu = keep(J1939.open(BUS, { address: 0x21 }));
  const heard = keep(J1939.open(BUS)).messages({ pgn: 0xff00 });
  const send = (priority: number): Promise<void> =>
    ecu.send({ pgn: 0xff00, priority, data: Uint8Array.of(priority) });
  process.seteuid?.(65534);
  try {
    for (const priority of [7, 2]) await send(priority);
    for (const priority of [1, 0]) {
      await expect(send(priority)).rejects.toMatchObject({
        code: 'EPERM',
        message: expect.stringContaining('0 and 1 take the capability CAP_NET_ADMIN'),
      });
    }
  } finally {
    process.seteuid?.(own);
  }
  for (const priority of [1, 0]) await send(priority);
  for (const priority of [7, 2, 1, 0]) {
    const { value } = await heard.next();
    expect(value).toMatchObject({ priority });
  }
});

describe('keeping the process running', () => {
  /** How a process ends that has a claimed address, who listens, and nothing else to do. */
  const ends = async (work: string, at: number): Promise<number | null> => {
    const script = `
      import { J1939 } from '@sockeye/can/j1939';
      const ecu = await J1939.claim('${BUS}', { name: ${name + BigInt(at)}n, prefer: ${0x95 + at} });
      ecu.messages().next();
      ${work}
      ecu.messages({ onReception: () => {} }).next();
      await ecu.send({ pgn: 0xff00, data: Uint8Array.of(1) });
      setTimeout(() => process.exit(3), 1000).unref();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    children.push(child);
    const [status] = await once(child, 'close');
    return status as number | null;
  };

  it('it does, unless it is told not to', async () => {
    expect(await Promise.all(['ecu.unref().ref();', 'ecu.unref();'].map(ends))).toEqual([3, 0]);
    const ecu = keep(J1939.open(BUS, { address: 0x22 }));
    expect([ecu.hasRef(), ecu.unref().hasRef(), ecu.ref().hasRef()]).toEqual([true, false, true]);
    // Node.js starts slowly where its processor is emulated.
  }, 60_000);
});

it('a full queue of the interface (ENOBUFS) is waited out by the kernel: all arrives, in order', async (context) => {
  const tc = (...args: string[]): Promise<unknown> => run('tc', ['qdisc', ...args]);
  // As a slow bus: the controller that QEMU emulates has sent a frame before its driver returns.
  const slow = ['root', 'tbf', 'rate', '400kbit', 'burst', '32', 'limit', '160'];
  try {
    await tc('replace', 'dev', 'can0', ...slow);
  } catch (error) {
    context.skip(`no limiter on can0: ${(error as Error).message}`);
  }
  try {
    const from = keep(J1939.open('can0', { address: 0x20 }));
    const to = keep(J1939.open('can1', { address: 0x30 }));
    const heard = to.messages({ pgn: 0xef00, signal: AbortSignal.timeout(20_000) });
    const messages = [...Array.from({ length: 60 }, (_, at) => Buffer.of(at)), pattern(1785)];
    const sent = Promise.all(messages.map((data) => from.send({ pgn: 0xef00, to: 0x30, data })));
    const got: Buffer[] = [];
    for await (const { data } of heard) if (got.push(Buffer.from(data)) === messages.length) break;
    // The long one has a socket of its own, and overtakes.
    expect(got.filter(({ length }) => length === 1)).toEqual(messages.slice(0, -1));
    expect(got.filter(({ length }) => length > 1)).toEqual(messages.slice(-1));
    await sent;
  } finally {
    await tc('del', 'dev', 'can0', 'root');
  }
});

it('a message that this kernel has no memory for as a receiver is refused by it, in its words', async () => {
  const [from, to] = [keep(J1939.open(BUS, { address: 0x20 })), keep(J1939.open(BUS, { address: 0x30 }))];
  // It puts a message together in one piece of memory, of 4 MiB at most (net/can/j1939/transport.c: alloc_skb).
  const data = new Uint8Array(1 << 22);
  const heard = to.messages({ pgn: 0xef00, maxLength: data.length });
  await expect(from.send({ pgn: 0xef00, to: 0x30, data })).rejects.toMatchObject({
    name: 'J1939AbortError',
    code: 'EMSGSIZE',
    acknowledged: 0,
  });
  await from.send({ pgn: 0xef00, to: 0x30, data: pattern(9) });
  expect((await heard.next()).value?.data).toHaveLength(9);
});
