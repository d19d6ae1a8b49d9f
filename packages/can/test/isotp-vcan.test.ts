import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants, platform, Socket } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ext } from '../src/id.ts';
import { IsoTp, IsoTpError, type IsoTpOptions } from '../src/isotp.ts';
import { type Frames, rawFrames } from './isotp-bus.ts';

/** A virtual CAN bus for these tests alone; its MTU lets FD frames through. */
const BUS = process.env.SOCKEYE_VCAN ?? 'vcan0';

/** Why this cannot run here; undefined when it can. */
function whyNot(): string | undefined {
  if (platform !== 'linux') return 'CAN sockets are Linux only';
  try {
    const { AF_CAN, SOCK_DGRAM, CAN_ISOTP } = constants;
    Socket.create(AF_CAN, SOCK_DGRAM, CAN_ISOTP).close();
    rawFrames(BUS).close();
    return undefined;
  } catch (error) {
    return `no can-isotp on a virtual CAN bus ${BUS}: ${(error as Error).message}`;
  }
}

const reason = whyNot();
const WAIT = { timeout: 8000 };
const BOTH = ['kernel', 'own'] as const;
type Implementation = (typeof BOTH)[number];
const PAIRS: [Implementation, Implementation][] = BOTH.flatMap((one) =>
  BOTH.map((other): [Implementation, Implementation] => [one, other]),
);
const refusal = (code: string): object => expect.objectContaining({ code });
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at * 7 + (at >> 8));
const open: { close(): unknown }[] = [];

async function connect(options: IsoTpOptions): Promise<IsoTp> {
  const one = await IsoTp.open(BUS, options);
  expect(one.implementation).toBe(options.implementation ?? 'kernel');
  open.push(one);
  return one;
}

function frames(): Frames {
  const one = rawFrames(BUS);
  open.push(one);
  return one;
}

/** Two ends of a connection. */
const pair = async (
  [one, other]: readonly [Implementation, Implementation],
  options: Partial<IsoTpOptions> = {},
  others: Partial<IsoTpOptions> = options,
): Promise<[IsoTp, IsoTp]> => [
  await connect({ tx: 0x7e0, rx: 0x7e8, implementation: one, ...options }),
  await connect({ tx: 0x7e8, rx: 0x7e0, implementation: other, ...others }),
];

async function carries(from: IsoTp, to: IsoTp, message: Uint8Array): Promise<void> {
  const [received] = await Promise.all([to.recv(WAIT), from.send(message, WAIT)]);
  expect(Buffer.compare(received, message)).toBe(0);
}

beforeEach((context) => {
  if (reason !== undefined) context.skip(reason);
});

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

describe.each(PAIRS)('from %s to %s', (one, other) => {
  it.each<[string, Partial<IsoTpOptions>]>([
    ['as it comes', {}],
    ['in blocks, padded and checked', { blockSize: 4, padding: 0xaa, rxPadding: 0xaa, checkPadding: 'both' }],
    ['at a pace', { stMin: 0.5, blockSize: 7 }],
    ['in short frames that are checked', { checkPadding: 'length' }],
    ['in FD frames', { fd: true, bitRateSwitch: true }],
    ['in FD frames of 20 bytes', { fd: true, txDl: 20, padding: 0 }],
    ['half duplex', { halfDuplex: true }],
  ])('messages arrive, both ways: %s', async (_name, options) => {
    const [near, far] = await pair([one, other], { frameTxTime: 0, ...options });
    for (const length of [1, 8, 62, 300]) {
      await carries(near, far, counting(length));
      await carries(far, near, counting(length).reverse());
    }
  });

  it('long ones arrive: 4,095 bytes, 4,096 and 8,300', async () => {
    const [near, far] = await pair([one, other], { frameTxTime: 0, blockSize: 50 });
    for (const length of [4095, 4096, 8300]) await carries(near, far, counting(length));
  });

  it('ids of 29 bits, and two ends told apart by the byte in front', async () => {
    const ids = { tx: ext(0x18da10f1), rx: ext(0x18daf110) };
    const near = await connect({ ...ids, implementation: one, address: 0x10, rxAddress: 0xf1 });
    const far = await connect({
      tx: ids.rx,
      rx: ids.tx,
      implementation: other,
      address: 0xf1,
      rxAddress: 0x10,
    });
    const third = await connect({
      tx: ids.rx,
      rx: ids.tx,
      implementation: other,
      address: 0xf1,
      rxAddress: 0x11,
    });
    await carries(near, far, counting(100));
    await carries(far, near, counting(5));
    await expect(third.recv({ timeout: 0 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
  });

  it('one sends to many, who do not answer', async () => {
    const seen = frames();
    const many = await connect({ tx: 0x7df, functional: true, implementation: one });
    const hears = await connect({ tx: 0x7e8, rx: 0x7df, implementation: other });
    await many.send([0x3e, 0x80], WAIT);
    expect(await hears.recv(WAIT)).toEqual(Uint8Array.of(0x3e, 0x80));
    await expect(many.send(counting(8))).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
    await expect(many.recv()).rejects.toEqual(refusal('EOPNOTSUPP'));
    const long = await connect({ tx: 0x7dd, noFlowControl: true, implementation: one, forceTxStMin: 1 });
    const listens = await connect({ tx: 0x7e9, rx: 0x7dd, listen: true, implementation: other });
    await carries(long, listens, counting(40));
    expect(seen.all().map((text) => text.slice(0, 6))).toEqual([
      '7DF#02',
      '7DD#10',
      ...[1, 2, 3, 4, 5].map((at) => `7DD#2${at}`),
    ]);
  });

  it('a receiver refuses what is too long: the send that it was fails', async () => {
    const near = await connect({ tx: 0x7e0, rx: 0x7e8, implementation: one });
    // The kernel of either release refuses more than 66,000 bytes.
    const far =
      other === 'own'
        ? await connect({ tx: 0x7e8, rx: 0x7e0, implementation: other, maxLength: 100 })
        : undefined;
    const raw = frames();
    const sending = near.send(counting(101), WAIT);
    if (far === undefined) {
      await raw.next('7E0');
      raw.send('7E8#320000');
    }
    await expect(sending).rejects.toMatchObject({
      code: 'EMSGSIZE',
      result: 'N_BUFFER_OVFLW',
      syscall: 'send',
      implementation: one,
    });
    await near.send(counting(3), WAIT);
  });

  it('many exchanges go on at once', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 5 }, (_, at) =>
        pair(
          [one, other],
          { tx: 0x100 + at, rx: 0x200 + at, blockSize: at },
          { tx: 0x200 + at, rx: 0x100 + at },
        ),
      ),
    );
    const outcomes = await Promise.allSettled(
      pairs.map(async ([near, far], at) => {
        for (let turn = 0; turn < 2; turn++) {
          const message = counting(100 * at + turn + 1);
          const answering = far.recv(WAIT).then((request) => far.send(request.toReversed(), WAIT));
          const [answer] = await Promise.all([near.request(message, WAIT), answering]);
          expect(answer).toEqual(message.toReversed());
        }
      }),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  });
});

describe.each(BOTH)('failures of %s', (implementation) => {
  const ids = { tx: 0x7e0, rx: 0x7e8, implementation };

  it('nobody who answers fails the very send, and nobody else', async () => {
    const near = await connect(ids);
    const receiving = near.recv(WAIT);
    const since = performance.now();
    const failure = await near.send(counting(50)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IsoTpError);
    expect(failure).toMatchObject({ code: 'ECOMM', result: 'N_TIMEOUT_Bs', syscall: 'send', implementation });
    expect(performance.now() - since).toBeGreaterThan(900);
    await near.send(counting(3), WAIT);
    frames().send('7E8#02AABB');
    expect(await receiving).toEqual(Uint8Array.of(0xaa, 0xbb));
  });

  it('a lost frame fails the receive, whoever is told of it first', async () => {
    const near = await connect(ids);
    const raw = frames();
    raw.send('7E8#1014010203040506');
    await raw.next('7E0#30');
    raw.send('7E8#220708090A0B0C0D');
    // It stands when the send is made, and is not the send's.
    await near.send(counting(3), WAIT);
    await expect(near.recv(WAIT)).rejects.toMatchObject({
      code: 'EILSEQ',
      result: 'N_WRONG_SN',
      syscall: 'recv',
    });
    const faults: string[] = [];
    const messages = near.messages({ onFault: ({ result }) => faults.push(result) });
    const waiting = messages.next();
    raw.send('7E8#1014010203040506');
    await raw.next('7E0#30');
    raw.send('7E8#220708090A0B0C0D');
    raw.send('7E8#0155');
    expect((await waiting).value).toEqual(Uint8Array.of(0x55));
    expect(faults).toEqual(['N_WRONG_SN']);
  });

  it('a sender that stops fails the receive; wrong padding does', async () => {
    const near = await connect({ ...ids, rxPadding: 0, checkPadding: 'content' });
    const raw = frames();
    const since = performance.now();
    raw.send('7E8#1014010203040506');
    await expect(near.recv(WAIT)).rejects.toMatchObject({ code: 'ETIMEDOUT', result: 'N_TIMEOUT_Cr' });
    expect(performance.now() - since).toBeGreaterThan(900);
    raw.send('7E8#0201020000000001');
    await expect(near.recv(WAIT)).rejects.toMatchObject({ code: 'EBADMSG', result: 'N_ERROR' });
    // A send that finds it standing is not what failed.
    raw.send('7E8#0201020000000001');
    const sending = near.send(counting(10), WAIT);
    await raw.next('7E0#10');
    raw.send('7E8#3000000000000000');
    await sending;
    await expect(near.recv(WAIT)).rejects.toMatchObject({ code: 'EBADMSG', syscall: 'recv' });
    raw.send('7E8#0201020000000000');
    expect(await near.recv(WAIT)).toEqual(Uint8Array.of(1, 2));
  });

  it('what is given up, or closed, in the middle blocks nobody', async () => {
    const near = await connect(ids);
    await expect(near.send(counting(50), { timeout: 30 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
    // The failure of the one before is not this one's, which waits for its end.
    await near.send(counting(4), WAIT);
    const sending = near.send(counting(50)).catch((error: unknown) => error);
    const receiving = near.recv().catch((error: unknown) => error);
    await sleep(5);
    const since = performance.now();
    const closing = near.close();
    expect(performance.now() - since).toBeLessThan(500);
    expect(await Promise.all([sending, receiving])).toEqual([refusal('ECANCELED'), refusal('ECANCELED')]);
    expect(performance.now() - since).toBeLessThan(900);
    await closing;
  });

  it('goes with its interface', async (context) => {
    const name = `skytp${implementation.length}`;
    const added = spawnSync('ip', ['link', 'add', name, 'type', 'vcan'], { encoding: 'utf8' });
    if (added.status !== 0) context.skip(`no bus of its own: ${added.stderr}`);
    try {
      execFileSync('ip', ['link', 'set', name, 'up']);
      const near = await IsoTp.open(name, ids);
      open.push(near);
      const receiving = near.recv(WAIT);
      execFileSync('ip', ['link', 'set', name, 'down']);
      await expect(receiving).rejects.toEqual(refusal('ENETDOWN'));
      await expect(near.send([1], WAIT)).rejects.toEqual(refusal('ENETDOWN'));
      execFileSync('ip', ['link', 'del', name]);
      await expect(near.recv(WAIT)).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
      await expect(near.send([1], WAIT)).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
    } finally {
      spawnSync('ip', ['link', 'del', name]);
    }
  });
});

describe('the kernel', () => {
  it('says how long its messages may be', async () => {
    const near = await connect({ tx: 0x7e0, rx: 0x7e8 });
    const failure = await near.send(new Uint8Array(1_049_601)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining("implementation: 'own'"),
    });
    await near.send(counting(3), WAIT);
  });

  it('blocks until a message is sent where that is asked for, and tells the send itself', async () => {
    const near = await connect({ tx: 0x7e0, rx: 0x7e8, waitTxDone: true });
    await expect(near.send(counting(50))).rejects.toMatchObject({ code: 'ECOMM', syscall: 'send' });
    await near.send(counting(5), WAIT);
  });

  it('refuses options that only our own implementation has', async () => {
    await expect(connect({ tx: 1, rx: 2, timeouts: {} })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(/^timeouts must be left out/),
    });
    await expect(IsoTp.open('nonesuch0', { tx: 1, rx: 2 })).rejects.toEqual(refusal('ENODEV'));
    await expect(IsoTp.open('lo', { tx: 1, rx: 2 })).rejects.toEqual(refusal('ENODEV'));
  });
});

describe('frames on the bus', () => {
  interface Captured {
    readonly options: Partial<IsoTpOptions>;
    readonly length: number;
    readonly frames: readonly string[];
  }
  const captured: readonly Captured[] = JSON.parse(
    readFileSync(new URL('../vectors/isotp-frames.json', import.meta.url), 'utf8'),
  );

  it.each(BOTH)('are the captured ones: %s', async (implementation) => {
    for (const { options, length, frames: expected } of captured) {
      const raw = frames();
      const [near, far] = await pair([implementation, implementation], options);
      await carries(near, far, counting(length));
      expect(raw.all(), JSON.stringify(options)).toEqual(expected);
      for (const one of open.splice(0)) await one.close();
    }
  });
});

describe.each(BOTH)('can-utils and %s', (implementation) => {
  const hexes = (data: Uint8Array): string =>
    [...data].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ');
  const missing = (name: string): boolean => spawnSync(name, []).error !== undefined;

  it('isotprecv gets what we send', async (context) => {
    if (missing('isotprecv')) context.skip('there is no isotprecv (can-utils)');
    const near = await connect({ tx: 0x7e0, rx: 0x7e8, implementation, padding: 0xcc });
    for (const length of [5, 500]) {
      const child = spawn('isotprecv', ['-s', '7e8', '-d', '7e0', '-b', '5', '-m', 'f1', BUS], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.setEncoding('latin1').on('data', (more: string) => {
        said += more;
      });
      const ended = once(child, 'close');
      const list = (): string =>
        readFileSync('/proc/net/can/rcvlist_fil', 'latin1') +
        readFileSync('/proc/net/can/rcvlist_sff', 'latin1');
      await expect.poll(() => /\s7e0\s.*\sisotp\s*$/m.test(list()), WAIT).toBe(true);
      await near.send(counting(length), WAIT);
      await ended;
      expect(said.trim()).toBe(hexes(counting(length)));
    }
  });

  it('we get what isotpsend sends, and isotpperf sees it', async (context) => {
    if (missing('isotpsend')) context.skip('there is no isotpsend (can-utils)');
    const near = await connect({ tx: 0x7e8, rx: 0x7e0, implementation, blockSize: 6, stMin: 0.2 });
    const perf = spawn('isotpperf', ['-s', '7e0', '-d', '7e8', BUS], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    perf.stdout.setEncoding('latin1').on('data', (more: string) => {
      said += more;
    });
    const ended = once(perf, 'close');
    try {
      await sleep(100);
      for (const length of [6, 600]) {
        const sender = spawn('isotpsend', ['-s', '7e0', '-d', '7e8', '-b', BUS], {
          stdio: ['pipe', 'inherit', 'inherit'],
        });
        sender.stdin.end(hexes(counting(length)));
        expect(await near.recv(WAIT)).toEqual(counting(length));
        await once(sender, 'close');
      }
      await expect.poll(() => said, WAIT).toMatch(/600/);
    } finally {
      perf.kill();
      await ended;
    }
  });
});
