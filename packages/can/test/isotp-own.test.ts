import { SocketError } from '@sockeye/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { CanFrames, ReceivedFrame } from '../src/bus.ts';
import { type CanFrameFields, decodeFrame, encodeFrame } from '../src/frame.ts';
import { type CanId, ext, sameId } from '../src/id.ts';
import { IsoTp, type IsoTpBus, IsoTpError, type IsoTpOptions } from '../src/isotp.ts';
import { VirtualCan } from '../src/memory.ts';

const refusal = (code: string): object => expect.objectContaining({ code });
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at * 7 + (at >> 8));
const text = (data: Uint8Array): string => Buffer.from(data).toString('hex');

type Reader = (frame: ReceivedFrame | undefined) => void;

/** A wire with any number of buses on it, in memory, which can lose frames. */
class Wire {
  readonly seen: string[] = [];
  /** Whether this frame is lost; they are counted from 1. */
  lose: (count: number) => boolean = () => false;
  /** Frames are not read before the event loop has turned. */
  late = false;
  readonly #readers = new Set<Reader>();

  bus(): IsoTpBus & { end(): void } {
    const mine = new Set<Reader>();
    return {
      send: async (fields) => {
        const bytes = new Uint8Array(72);
        const frame = decodeFrame(bytes.subarray(0, encodeFrame(fields, bytes)));
        this.seen.push(`${frame.id.value.toString(16)}#${text(frame.data)}`);
        if (this.lose(this.seen.length)) return;
        for (const read of this.#readers) {
          if (!mine.has(read)) read({ ...frame, ifindex: 0, direction: 'rx', timestampNs: 0n });
        }
      },
      frames: ({ signal, filters } = {}) => {
        const queue: (ReceivedFrame | undefined)[] = [];
        let wake = (): void => {};
        const read: Reader = (frame) => {
          const passes = (id: CanId): boolean =>
            filters?.some((one) => 'value' in one && sameId(one, id)) ?? true;
          if (frame !== undefined && !passes(frame.id)) return;
          queue.push(frame);
          if (this.late) setImmediate(() => wake());
          else wake();
        };
        mine.add(read);
        this.#readers.add(read);
        signal?.addEventListener('abort', () => read(undefined));
        const leave = (): void => {
          mine.delete(read);
          this.#readers.delete(read);
        };
        async function* generate(): AsyncGenerator<ReceivedFrame, undefined, undefined> {
          try {
            for (;;) {
              while (queue.length === 0) {
                await new Promise<void>((resolve) => {
                  wake = resolve;
                });
              }
              const frame = queue.shift();
              if (signal?.aborted) throw signal.reason;
              if (frame === undefined) return;
              yield frame;
            }
          } finally {
            leave();
          }
        }
        const frames: AsyncGenerator<ReceivedFrame, undefined, undefined> = generate();
        const all: CanFrames = {
          dropped: 0,
          next: () => frames.next(),
          return: () => frames.return(undefined),
          [Symbol.asyncIterator]: () => all,
          [Symbol.asyncDispose]: async () => {},
        };
        return all;
      },
      end: () => {
        for (const read of mine) read(undefined);
      },
    };
  }

  get readers(): number {
    return this.#readers.size;
  }
}

let wire = new Wire();
const open: IsoTp[] = [];

async function connect(options: IsoTpOptions, bus: IsoTpBus = wire.bus()): Promise<IsoTp> {
  const one = await IsoTp.open(bus, options);
  open.push(one);
  return one;
}

/** Two ends of a connection. */
const pair = async (
  options: Partial<IsoTpOptions> = {},
  others: Partial<IsoTpOptions> = options,
): Promise<[IsoTp, IsoTp]> => [
  await connect({ tx: 0x7e0, rx: 0x7e8, ...options }),
  await connect({ tx: 0x7e8, rx: 0x7e0, ...others }),
];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  expect(wire.readers).toBe(0);
  wire = new Wire();
});

describe('ISO-TP of our own', () => {
  it('says so', async () => {
    const [near] = await pair();
    expect(near.implementation).toBe('own');
  });

  it('asks and is answered', async () => {
    const [tester, ecu] = await pair({ padding: 0xcc });
    const asked = ecu.recv({ timeout: 5000 }).then(async (request) => {
      expect(text(request)).toBe('22f190');
      await ecu.send(Buffer.from('62f190WVWZZZ1JZXW000001', 'latin1'));
    });
    const answer = await tester.request([0x22, 0xf1, 0x90], { timeout: 5000 });
    await asked;
    expect(Buffer.from(answer).toString('latin1')).toBe('62f190WVWZZZ1JZXW000001');
    expect(wire.seen.map((frame) => frame.slice(0, 6))).toEqual([
      '7e0#03',
      '7e8#10',
      '7e0#30',
      '7e8#21',
      '7e8#22',
      '7e8#23',
    ]);
    expect(wire.seen[2]).toBe('7e0#300000cccccccccc');
  });

  it.each([
    ['normal', {}],
    ['blocks', { blockSize: 3, stMin: 0 }],
    ['a pace', { blockSize: 100, stMin: 0.3 }],
    ['extended ids', { tx: ext(0x18da10f1), rx: ext(0x18daf110) }],
    ['FD', { fd: true }],
    ['FD of 24 bytes', { fd: true, txDl: 24, bitRateSwitch: true }],
    ['half duplex', { halfDuplex: true }],
  ] as [string, Partial<IsoTpOptions>][])('carries messages of any length: %s', async (_name, options) => {
    const { tx = 0x100, rx = 0x200, ...rest } = options;
    const near = await connect({ ...rest, tx, rx });
    const far = await connect({ ...rest, tx: rx, rx: tx });
    for (const length of [
      1,
      7,
      8,
      62,
      63,
      300,
      ...(options.stMin === undefined ? [4095, 4096, 70_000] : []),
    ]) {
      const [received] = await Promise.all([
        far.recv({ timeout: 5000 }),
        near.send(counting(length), { timeout: 5000 }),
      ]);
      expect(Buffer.compare(received, counting(length))).toBe(0);
    }
  });

  it('tells ends of one id apart by the byte in front', async () => {
    const near = await connect({ tx: 0x7e0, rx: 0x7e8, address: 0x01, rxAddress: 0xf1 });
    const first = await connect({ tx: 0x7e8, rx: 0x7e0, address: 0xf1, rxAddress: 0x01 });
    const second = await connect({ tx: 0x7e8, rx: 0x7e0, address: 0xf1, rxAddress: 0x02 });
    await near.send(counting(100), { timeout: 5000 });
    expect(await first.recv({ timeout: 5000 })).toEqual(counting(100));
    await expect(second.recv({ timeout: 20 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
    expect(wire.seen[0]).toBe('7e0#01106400070e151c');
    expect(wire.seen[1]).toBe('7e8#f1300000');
  });

  it('carries both directions and many connections at once', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => [
        await connect({ tx: 0x100 + at, rx: 0x200 + at, blockSize: at }),
        await connect({ tx: 0x200 + at, rx: 0x100 + at, blockSize: 2 * at }),
      ]),
    );
    await Promise.all(
      pairs.map(async ([near, far], at) => {
        const there = counting(500 + at);
        const back = counting(900 + at).reverse();
        const [one, other] = await Promise.all([
          far?.recv({ timeout: 5000 }),
          near?.recv({ timeout: 5000 }),
          near?.send(there),
          far?.send(back),
        ]);
        expect([one, other]).toEqual([there, back]);
      }),
    );
  });

  it('sends to many, who do not answer', async () => {
    const many = await connect({ tx: 0x7df, functional: true });
    const long = await connect({ tx: 0x7dd, noFlowControl: true });
    const hears = await connect({ tx: 0x7e8, rx: 0x7df });
    const listens = await connect({ tx: 0x7e9, rx: 0x7dd, listen: true });
    await many.send([0x3e, 0x80]);
    expect(await hears.recv({ timeout: 5000 })).toEqual(Uint8Array.of(0x3e, 0x80));
    await long.send(counting(100));
    expect(await listens.recv({ timeout: 5000 })).toEqual(counting(100));
    await expect(many.send(counting(8))).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
    await expect(many.recv()).rejects.toEqual(refusal('EOPNOTSUPP'));
    await expect(long.request([1])).rejects.toEqual(refusal('EOPNOTSUPP'));
    expect(wire.seen.every((frame) => frame.startsWith('7d'))).toBe(true);
  });

  it('nobody who answers: the send fails, in its time, and the next one is as good as new', async () => {
    const near = await connect({ tx: 0x7e0, rx: 0x7e8, timeouts: { flowControl: 60 } });
    const since = performance.now();
    const failure = await near.send(counting(50)).catch((error: unknown) => error);
    expect(performance.now() - since).toBeGreaterThan(55);
    expect(failure).toBeInstanceOf(IsoTpError);
    expect(failure).toMatchObject({
      code: 'ECOMM',
      result: 'N_TIMEOUT_Bs',
      implementation: 'own',
      syscall: 'send',
    });
    await near.send(counting(5));
    const far = await connect({ tx: 0x7e8, rx: 0x7e0 });
    await near.send(counting(50));
    expect(await far.recv({ timeout: 5000 })).toEqual(counting(50));
  });

  it('frames that are lost fail the message on both sides, each with its own error', async () => {
    const [near, far] = await pair({ timeouts: { flowControl: 100, consecutive: 100 } });
    wire.lose = (count) => count === 4;
    const receiving = far.recv({ timeout: 5000 }).catch((error: unknown) => error);
    await near.send(counting(50));
    expect(await receiving).toMatchObject({ code: 'EILSEQ', result: 'N_WRONG_SN', syscall: 'recv' });
    wire.seen.length = 0;
    wire.lose = (count) => count > 2;
    await near.send(counting(50));
    await expect(far.recv({ timeout: 5000 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      result: 'N_TIMEOUT_Cr',
      message: expect.stringContaining('6 of 50 bytes'),
    });
    wire.lose = () => false;
    const faults: unknown[] = [];
    const seen: Uint8Array[] = [];
    const reading = (async () => {
      for await (const message of far.messages({ onFault: (fault) => faults.push(fault.result) })) {
        if (seen.push(message) === 2) break;
      }
    })();
    await near.send(counting(9));
    wire.seen.length = 0;
    wire.lose = (count) => count === 3;
    await near.send(counting(30));
    wire.lose = () => false;
    await near.send(counting(10));
    await reading;
    expect([seen.map(({ length }) => length), faults]).toEqual([[9, 10], ['N_WRONG_SN']]);
  });

  it('a receiver that takes no message has the sender wait, and refuses what is too long', async () => {
    const [near, far] = await pair(
      {},
      { maxLength: 100, maxQueued: 150, maxWaits: 10, timeouts: { flowControl: 20 } },
    );
    await near.send(counting(100));
    let sent = false;
    const second = near.send(counting(100)).then(() => {
      sent = true;
    });
    await expect.poll(() => wire.seen.filter((frame) => frame === '7e8#310000').length).toBeGreaterThan(1);
    expect(sent).toBe(false);
    expect(await far.recv()).toHaveLength(100);
    await second;
    expect(await far.recv()).toHaveLength(100);
    await expect(near.send(counting(101))).rejects.toMatchObject({
      code: 'EMSGSIZE',
      result: 'N_BUFFER_OVFLW',
    });
    await expect(far.recv()).rejects.toMatchObject({ code: 'EMSGSIZE', syscall: 'recv' });
  });

  it('what comes late answers no other question; accept passes messages over', async () => {
    const [tester, ecu] = await pair();
    await expect(tester.request([0x10, 1], { timeout: 10 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
    expect(await ecu.recv()).toEqual(Uint8Array.of(0x10, 1));
    await ecu.send([0x50, 1]);
    const serve = (async () => {
      for await (const request of ecu.messages()) {
        await ecu.send([0x7f, request[0] ?? 0, 0x78]);
        await ecu.send([(request[0] ?? 0) + 0x40, request[1] ?? 0]);
      }
    })();
    const accept = (message: Uint8Array): boolean => message[2] !== 0x78;
    const answers = await Promise.all(
      [1, 2, 3].map((at) => tester.request([0x22, at], { timeout: 5000, accept })),
    );
    expect(answers).toEqual([1, 2, 3].map((at) => Uint8Array.of(0x62, at)));
    await ecu.close();
    await serve;
  });

  it('is aborted, times out and is closed, and leaves nothing behind', async () => {
    const [near] = await pair({}, { rx: 0x123 });
    const abort = new AbortController();
    const sends = near.send(counting(100), { signal: abort.signal });
    const behind = near.send(counting(100), { timeout: 20 });
    const receives = near.recv({ signal: abort.signal });
    await expect(behind).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
    abort.abort();
    await expect(sends).rejects.toEqual(refusal('ABORT_ERR'));
    await expect(receives).rejects.toEqual(refusal('ABORT_ERR'));
    await expect(near.recv({ signal: abort.signal })).rejects.toEqual(refusal('ABORT_ERR'));
    await expect(near.recv({ timeout: 0 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
    const waiting = [near.send(counting(100)), near.send([1]), near.recv(), near.request([1])];
    const ended = Promise.allSettled(waiting);
    await near.close();
    await near.close();
    expect((await ended).map((one) => one.status === 'rejected' && one.reason.code)).toEqual(
      waiting.map(() => 'ECANCELED'),
    );
    expect(near.closed).toBe(true);
    await expect(near.send([1])).rejects.toEqual(refusal('EBADF'));
    await expect(near.recv()).rejects.toEqual(refusal('EBADF'));
  });

  it('an event loop that was busy for longer than all times loses nothing that came in time', async () => {
    const [near, far] = await pair({ timeouts: { flowControl: 50, consecutive: 50 } });
    const busy = (): void => {
      const until = performance.now() + 120;
      while (performance.now() < until);
    };
    // Frames are read in the loop's next turn, as those of a socket.
    wire.late = true;
    const receiving = far.recv({ timeout: 5000 });
    const sending = near.send(counting(50), { timeout: 5000 });
    for (let turn = 0; turn < 6; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      busy();
    }
    await sending;
    expect(await receiving).toEqual(counting(50));
  });

  it('consecutive frames without gaps go many by one call, and the event loop turns between', async () => {
    const calls: number[] = [];
    const turns: number[] = [];
    let turn = 0;
    const bus = wire.bus();
    const sendAll = async (all: Iterable<CanFrameFields>): Promise<number> => {
      const frames = [...all];
      calls.push(frames.length);
      turns.push(turn);
      for (const frame of frames) await bus.send(frame);
      return frames.length;
    };
    const near = await connect({ tx: 0x7e0, rx: 0x7e8 }, { ...bus, sendAll });
    const far = await connect({ tx: 0x7e8, rx: 0x7e0 });
    const count = (): void => {
      turn += 1;
      if (!near.closed) setImmediate(count);
    };
    setImmediate(count);
    // 6 bytes in the first frame, then 7 in each.
    const [received] = await Promise.all([far.recv({ timeout: 5000 }), near.send(counting(6 + 7 * 150))]);
    expect(received).toEqual(counting(6 + 7 * 150));
    expect(calls).toEqual([64, 64, 22]);
    expect(new Set(turns).size).toBe(3);
    const paced = await connect({ tx: 0x7ea, rx: 0x7e2, stMin: 1, blockSize: 3 });
    const slow = await connect({ tx: 0x7e2, rx: 0x7ea }, { ...bus, sendAll });
    const [other] = await Promise.all([paced.recv({ timeout: 5000 }), slow.send(counting(50))]);
    expect(other).toEqual(counting(50));
    expect(calls).toHaveLength(3);
    await near.close();
  });

  it('a call that sent some of them in its time is followed by another, and one that sent none is the end', async () => {
    let stuck = false;
    const bus = wire.bus();
    const sendAll = async (all: Iterable<CanFrameFields>): Promise<number> => {
      const frames = [...all];
      const some = stuck ? 0 : Math.min(frames.length, 5);
      for (const frame of frames.slice(0, some)) await bus.send(frame);
      if (some === frames.length) return some;
      const error = new SocketError('late', { code: 'ERR_SOCKET_TIMEOUT', syscall: 'sendmmsg' });
      throw Object.assign(error, { messagesSent: some });
    };
    const near = await connect({ tx: 0x7e0, rx: 0x7e8 }, { ...bus, sendAll });
    const far = await connect({ tx: 0x7e8, rx: 0x7e0, timeouts: { consecutive: 50 } });
    const [received] = await Promise.all([far.recv({ timeout: 5000 }), near.send(counting(100))]);
    expect(received).toEqual(counting(100));
    stuck = true;
    const losing = far.recv({ timeout: 5000 }).catch((error: unknown) => error);
    await expect(near.send(counting(100))).rejects.toMatchObject({ code: 'ECOMM', result: 'N_TIMEOUT_A' });
    expect(await losing).toMatchObject({ code: 'ETIMEDOUT', result: 'N_TIMEOUT_Cr' });
    // Whose own time it was that ran out is told so.
    stuck = false;
    const hurried = near.send(counting(100), { timeout: 500 });
    await expect(hurried).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
  });

  it('works over a bus in memory', async () => {
    const virtual = new VirtualCan();
    const near = await connect({ tx: 0x7e0, rx: 0x7e8, fd: true }, virtual.open());
    const far = await connect({ tx: 0x7e8, rx: 0x7e0, fd: true }, virtual.open());
    const [received] = await Promise.all([far.recv({ timeout: 5000 }), near.send(counting(5000))]);
    expect(received).toEqual(counting(5000));
    const gone = virtual.open();
    const left = await connect({ tx: 1, rx: 2 }, gone);
    const waits = left.recv();
    await Promise.all([gone.close(), expect(waits).rejects.toEqual(refusal('ECANCELED'))]);
    const down = near.recv();
    virtual.setUp(false);
    await expect(down).rejects.toEqual(refusal('ENETDOWN'));
    await expect(near.send([1])).rejects.toEqual(refusal('ENETDOWN'));
    // Who did not wait is told when it asks, once.
    await expect(far.recv()).rejects.toEqual(refusal('ENETDOWN'));
    virtual.setUp(true);
    const [again] = await Promise.all([far.recv({ timeout: 5000 }), near.send(counting(500))]);
    expect(again).toEqual(counting(500));
  });

  it('ends with its bus', async () => {
    const bus = wire.bus();
    const near = await connect({ tx: 1, rx: 2 }, bus);
    const waits = near.recv();
    bus.end();
    await expect(waits).rejects.toEqual(refusal('ECANCELED'));
    await expect(near.recv()).rejects.toEqual(refusal('ECANCELED'));
    await expect(near.send([1])).rejects.toEqual(refusal('ECANCELED'));
  });
});

describe('bad input', () => {
  it.each([
    ['no id', {}, 'ERR_INVALID_ARG_TYPE', /^tx must be/],
    ['no id to receive', { tx: 1 }, 'ERR_INVALID_ARG_TYPE', /^rx must be/],
    [
      'a large id without ext()',
      { tx: 0x18da10f1, rx: 1 },
      'ERR_INVALID_ARG_VALUE',
      /^tx must be ext\(0x18da10f1\)/,
    ],
    ['equal ids', { tx: 1, rx: 1 }, 'ERR_INVALID_ARG_VALUE', /^rx must be another/],
    ['padding', { tx: 1, rx: 2, padding: 256 }, 'ERR_OUT_OF_RANGE', /^padding must be/],
    ['address', { tx: 1, rx: 2, address: '1' }, 'ERR_INVALID_ARG_TYPE', /^address must be/],
    [
      'rxAddress alone',
      { tx: 1, rx: 2, rxAddress: 1 },
      'ERR_INVALID_ARG_VALUE',
      /^rxAddress must be left out/,
    ],
    ['block size', { tx: 1, rx: 2, blockSize: -1 }, 'ERR_OUT_OF_RANGE', /^blockSize must be/],
    ['STmin', { tx: 1, rx: 2, stMin: 0.25 }, 'ERR_OUT_OF_RANGE', /^stMin must be whole milliseconds/],
    ['txDl', { tx: 1, rx: 2, fd: true, txDl: 9 }, 'ERR_OUT_OF_RANGE', /^txDl must be 8, 12/],
    ['txDl without fd', { tx: 1, rx: 2, txDl: 12 }, 'ERR_INVALID_ARG_VALUE', /^txDl must be 8 without fd/],
    ['BRS without fd', { tx: 1, rx: 2, bitRateSwitch: true }, 'ERR_INVALID_ARG_VALUE', /^bitRateSwitch/],
    [
      'checkPadding',
      { tx: 1, rx: 2, checkPadding: 'yes' },
      'ERR_INVALID_ARG_VALUE',
      /^checkPadding must be 'length'/,
    ],
    [
      'content of none',
      { tx: 1, rx: 2, checkPadding: 'both' },
      'ERR_INVALID_ARG_VALUE',
      /^checkPadding must be 'length'/,
    ],
    [
      'both kinds of many',
      { tx: 1, functional: true, noFlowControl: true },
      'ERR_INVALID_ARG_VALUE',
      /^noFlowControl/,
    ],
    ['a flag', { tx: 1, rx: 2, fd: 1 }, 'ERR_INVALID_ARG_TYPE', /^fd must be a boolean/],
    ['timeouts', { tx: 1, rx: 2, timeouts: { frame: 0 } }, 'ERR_OUT_OF_RANGE', /^timeouts.frame must be/],
    ['frameTxTime', { tx: 1, rx: 2, frameTxTime: Number.NaN }, 'ERR_OUT_OF_RANGE', /^frameTxTime must be/],
    ['maxQueued', { tx: 1, rx: 2, maxLength: 10, maxQueued: 9 }, 'ERR_OUT_OF_RANGE', /^maxQueued must be/],
    [
      'implementation',
      { tx: 1, rx: 2, implementation: 'both' },
      'ERR_INVALID_ARG_VALUE',
      /^implementation must be/,
    ],
    [
      'the kernel over a bus',
      { tx: 1, rx: 2, implementation: 'kernel' },
      'ERR_INVALID_ARG_VALUE',
      /^implementation/,
    ],
    ['a send that blocks', { tx: 1, rx: 2, waitTxDone: true }, 'ERR_INVALID_ARG_VALUE', /^waitTxDone/],
  ])('%s', async (_name, given, code, message) => {
    const options: IsoTpOptions = JSON.parse('{}');
    Object.assign(options, given);
    await expect(connect(options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('no bus, no message, no time', async () => {
    const nothing: never[] = JSON.parse('[null, {}, true]');
    for (const bus of nothing) {
      await expect(IsoTp.open(bus, { tx: 1, rx: 2 })).rejects.toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringMatching(/^busOrName must be/),
      });
    }
    const [near] = await pair();
    const messages: [never, string][] = JSON.parse(
      '[["abc","ERR_INVALID_ARG_TYPE"],[null,"ERR_INVALID_ARG_TYPE"],[[],"ERR_INVALID_ARG_VALUE"],[[256],"ERR_OUT_OF_RANGE"],[["1"],"ERR_INVALID_ARG_TYPE"]]',
    );
    for (const [message, code] of messages) await expect(near.send(message)).rejects.toEqual(refusal(code));
    await expect(near.recv({ timeout: -1 })).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
    const odd = JSON.parse('{"signal": 1}');
    await expect(near.recv(odd)).rejects.toEqual(refusal('ERR_INVALID_ARG_TYPE'));
    await expect(near.request([1], JSON.parse('{"accept": 1}'))).rejects.toEqual(
      refusal('ERR_INVALID_ARG_TYPE'),
    );
    expect(wire.seen).toEqual([]);
  });
});
