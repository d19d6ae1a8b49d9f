import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePci,
  decodeStMin,
  encodeConsecutive,
  encodeFirst,
  encodeFlow,
  encodeSingle,
  encodeStMin,
  type Layout,
  paddedLength,
  paddingIsRight,
  singleFrameRoom,
} from '../src/isotp/pci.ts';
import { type Received, Reception, type ReceptionSettings } from '../src/isotp/reception.ts';
import { Transmission, type TransmissionSettings } from '../src/isotp/transmission.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at * 7 + (at >> 8));
const CLASSIC: Layout = { address: undefined, txDl: 8, padding: undefined };
const LENGTHS = [8, 12, 16, 20, 24, 32, 48, 64];

const layouts = fc.record({
  address: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
  txDl: fc.constantFrom(...LENGTHS),
  padding: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
});

describe('frames', () => {
  // ISO 15765-2, tables 9 to 18, by hand.
  it.each([
    ['single', CLASSIC, '0322f190'],
    ['single, padded', { ...CLASSIC, padding: 0xcc }, '0322f190cccccccc'],
    ['single, extended addressing', { ...CLASSIC, address: 0xf1 }, 'f10322f190'],
    ['single, FD but short', { ...CLASSIC, txDl: 64 }, '0322f190'],
  ] as const)('%s', (_name, layout, expected) => {
    expect(hex(encodeSingle(layout, bytes('22f190')))).toBe(expected);
  });

  it('single frames of more than 8 bytes have the escape, and a length that CAN FD has', () => {
    const layout = { ...CLASSIC, txDl: 64 };
    expect(hex(encodeSingle(layout, bytes('0102030405060708')))).toBe('00080102030405060708cccc');
    expect(hex(encodeSingle({ ...layout, padding: 0 }, bytes('0102030405060708')))).toBe(
      '000801020304050607080000',
    );
    expect(encodeSingle(layout, counting(62))).toHaveLength(64);
  });

  it('first frames announce 12 bits of length, or 32', () => {
    expect(encodeFirst(CLASSIC, counting(4095))[1]).toBe(6);
    expect(hex(encodeFirst(CLASSIC, new Uint8Array(4095))[0])).toBe('1fff000000000000');
    expect(hex(encodeFirst(CLASSIC, new Uint8Array(4096))[0])).toBe('1000000010000000');
    expect(encodeFirst(CLASSIC, counting(4096))[1]).toBe(2);
    expect(hex(encodeFirst({ ...CLASSIC, address: 0x99 }, new Uint8Array(300))[0])).toBe('99112c0000000000');
  });

  it('flow control has status, block size and STmin', () => {
    expect(hex(encodeFlow(CLASSIC, 0, 8, 0xf3))).toBe('3008f3');
    expect(hex(encodeFlow({ ...CLASSIC, padding: 0xaa, address: 7 }, 2, 0, 0))).toBe('07320000aaaaaaaa');
    expect(decodePci(bytes('3108f3'), 0)).toEqual({
      kind: 'flow',
      status: 1,
      blockSize: 8,
      stMin: 0xf3,
      at: 3,
    });
    expect(decodePci(bytes('30'), 0)).toMatchObject({ kind: 'flow', status: -1 });
  });

  it.each([
    ['an empty frame', '', 0],
    ['an address alone', '99', 1],
    ['a single frame without length', '0001020304050607', 0],
    ['a single frame longer than itself', '05010203', 0],
    ['a long single frame without the escape', '05010203040506070809aabb', 0],
    ['a first frame that is not full', '1014010203', 0],
    ['a first frame whose message would have fitted into a single one', '1007010203040506', 0],
    ['a first frame that escapes without need', '100000000fff0102', 0],
    ['a consecutive frame without data', '21', 0],
    ['a reserved kind', '4001020304050607', 0],
  ] as const)('%s is ignored', (_name, text, prefix) => {
    expect(decodePci(bytes(text), prefix)).toBeUndefined();
  });

  it('any bytes are read without an error, within their length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(0, 1), (data, prefix) => {
        const pci = decodePci(data, prefix as 0 | 1);
        if (pci?.kind === 'single') expect(pci.at + pci.length).toBeLessThanOrEqual(data.length);
        if (pci?.kind === 'first') expect(pci.length).toBeGreaterThan(data.length - pci.at - 1);
        if (pci?.kind === 'consecutive') expect(pci.at).toBeLessThan(data.length);
      }),
    );
  });

  it('what is written is read', () => {
    const sequence = fc.integer({ min: 0, max: 15 });
    fc.assert(
      fc.property(layouts, fc.integer({ min: 1, max: 9000 }), sequence, (layout, length, sn) => {
        const prefix = layout.address === undefined ? 0 : 1;
        const message = counting(length);
        if (length <= singleFrameRoom(layout)) {
          const data = encodeSingle(layout, message);
          expect(data.length).toBe(
            data.length <= 8 && layout.padding === undefined ? data.length : paddedLength(data.length),
          );
          const pci = decodePci(data, prefix);
          if (pci?.kind !== 'single') throw new Error(`no single frame: ${hex(data)}`);
          expect(hex(data.subarray(pci.at, pci.at + pci.length))).toBe(hex(message));
          return;
        }
        const [first, taken] = encodeFirst(layout, message);
        expect(first).toHaveLength(layout.txDl);
        const pci = decodePci(first, prefix);
        expect(pci).toMatchObject({ kind: 'first', length });
        expect(hex(first.subarray(pci?.at))).toBe(hex(message.subarray(0, taken)));
        const [next, more] = encodeConsecutive(layout, message, taken, sn);
        expect(decodePci(next, prefix)).toEqual({ kind: 'consecutive', at: prefix + 1, sequence: sn });
        expect(hex(next.subarray(prefix + 1, prefix + 1 + more))).toBe(
          hex(message.subarray(taken, taken + more)),
        );
        expect(Buffer.from(next.subarray(prefix + 1 + more))).toEqual(
          Buffer.alloc(next.length - prefix - 1 - more, layout.padding ?? 0xcc),
        );
      }),
    );
  });

  it('STmin is whole milliseconds or tenths; what is reserved is the longest', () => {
    for (let byte = 0; byte < 256; byte++) {
      const time = decodeStMin(byte);
      if (byte <= 0x7f || (byte >= 0xf1 && byte <= 0xf9)) expect(encodeStMin('stMin', time)).toBe(byte);
      else expect(time).toBe(127);
    }
    for (const time of [-1, 128, 0.05, 0.95, 1.5, Number.NaN]) {
      expect(() => encodeStMin('stMin', time)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    }
  });

  it('padding is looked at as the kernel does', () => {
    const check = { length: true, content: true, padding: 0xcc };
    expect(paddingIsRight(bytes('0201020304050607'), 3, { ...check, length: false, content: false })).toBe(
      true,
    );
    expect(paddingIsRight(bytes('020102cccccccccc'), 3, check)).toBe(true);
    expect(paddingIsRight(bytes('020102ccccccccaa'), 3, check)).toBe(false);
    expect(paddingIsRight(bytes('020102'), 3, check)).toBe(false);
    expect(paddingIsRight(bytes('020102'), 3, { ...check, length: false })).toBe(true);
    const none = { length: true, content: false, padding: undefined };
    expect(paddingIsRight(bytes('020102'), 3, none)).toBe(true);
    expect(paddingIsRight(bytes('020102cc'), 3, none)).toBe(false);
  });
});

const SENDING: TransmissionSettings = {
  layout: CLASSIC,
  sendWithin: 1000,
  flowControlWithin: 1000,
  frameTxTime: 0,
  forceTxStMin: undefined,
  dynamicFlowControl: false,
  waitLimit: 10,
  noFlowControl: false,
};

const RECEIVING: ReceptionSettings = {
  layout: CLASSIC,
  blockSize: 0,
  stMin: 0,
  maxWaits: 0,
  waitEvery: 400,
  frameWithin: 1000,
  forceRxStMin: undefined,
  listen: false,
  maxLength: 2 ** 20,
  check: { length: false, content: false, padding: undefined },
  room: () => true,
};

/** What the channel does to a frame. */
interface Fate {
  readonly delays: readonly number[];
}
const KEPT: Fate = { delays: [0] };

interface Outcome {
  readonly sender: string;
  readonly received: readonly Received[];
  readonly frames: readonly string[];
  readonly time: number;
}

/**
 * Both machines and a channel, in a time of their own, until nothing is due any more. Frames stay in order where `orderly`.
 */
function exchange(
  message: Uint8Array,
  sending: Partial<TransmissionSettings> = {},
  receiving: Partial<ReceptionSettings> = {},
  fates: readonly Fate[] = [],
): Outcome {
  let now = 0;
  let frameCount = 0;
  const frames: string[] = [];
  const received: Received[] = [];
  const wire: { at: number; data: Uint8Array; to: 'sender' | 'receiver' }[] = [];
  const put = (data: Uint8Array, to: 'sender' | 'receiver'): void => {
    frames.push(`${to === 'receiver' ? '>' : '<'}${hex(data)}`);
    const { delays } = fates[frameCount++] ?? KEPT;
    for (const delay of delays) {
      // A bus keeps the order of a sender's frames.
      const last = wire.findLast((one) => one.to === to)?.at ?? 0;
      wire.push({ at: Math.max(now + delay, last), data, to });
    }
  };
  const settings = { ...SENDING, ...sending };
  const transmission = new Transmission(settings, message, now);
  const reception = new Reception(
    { ...RECEIVING, ...receiving },
    (one) => received.push(one),
    (data) => put(data, 'sender'),
  );
  const prefix = settings.layout.address === undefined ? 0 : 1;
  for (let steps = 0; ; steps++) {
    if (steps > 100_000) throw new Error('it does not end');
    const frame = transmission.next(now);
    if (frame !== undefined) {
      put(frame, 'receiver');
      transmission.sent(now);
      continue;
    }
    const index = wire.findIndex(({ at }) => at <= now);
    if (index >= 0) {
      const [arrived] = wire.splice(index, 1);
      if (arrived === undefined) continue;
      const pci = decodePci(arrived.data, prefix);
      if (pci === undefined) continue;
      if (arrived.to === 'sender' && pci.kind === 'flow') transmission.heard(pci, now);
      if (arrived.to === 'receiver' && pci.kind !== 'flow') reception.heard(arrived.data, pci, now);
      continue;
    }
    reception.tick(now);
    const next = Math.min(transmission.due, reception.due, ...wire.map(({ at }) => at));
    if (next === Number.POSITIVE_INFINITY) break;
    now = Math.max(now, next);
  }
  return { sender: transmission.failure ?? transmission.state, received, frames, time: now };
}

describe('the two machines', () => {
  it('exchange a message that fits into one frame', () => {
    const { sender, received, frames, time } = exchange(bytes('22f190'));
    expect([sender, frames, time]).toEqual(['done', ['>0322f190'], 0]);
    expect(received).toEqual([{ message: bytes('22f190') }]);
  });

  it('exchange a long one in blocks, at the pace the receiver asks for', () => {
    const { sender, received, frames, time } = exchange(counting(40), {}, { blockSize: 2, stMin: 10 });
    expect(sender).toBe('done');
    expect(received).toEqual([{ message: counting(40) }]);
    expect(frames.map((frame) => frame.slice(0, 3))).toEqual([
      '>10',
      '<30',
      '>21',
      '>22',
      '<30',
      '>23',
      '>24',
      '<30',
      '>25',
    ]);
    // Within the blocks only: flow control is the pace between them.
    expect(time).toBe(20);
  });

  it.each([
    8, 12, 16, 20, 24, 32, 48, 64,
  ])('exchange messages of all lengths in frames of %i bytes', (txDl) => {
    for (const address of [undefined, 0x5a]) {
      const layout = { address, txDl, padding: undefined };
      for (const length of [1, 6, 7, 8, 9, 14, 15, 61, 62, 63, 64, 4095, 4096, 65_536]) {
        const message = counting(length);
        const { sender, received } = exchange(message, { layout }, { layout });
        expect([sender, received.length]).toEqual(['done', 1]);
        expect(Buffer.compare((received[0] as { message: Uint8Array }).message, message)).toBe(0);
      }
    }
  });

  it('a receiver without room says "wait", and goes on when there is some', () => {
    let asked = 0;
    const room = (): boolean => ++asked > 3;
    const { sender, received, frames, time } = exchange(counting(10), {}, { room, maxWaits: 5 });
    expect([sender, received.length, time]).toEqual(['done', 1, 1200]);
    expect(frames.map((frame) => frame.slice(0, 3))).toEqual(['>10', '<31', '<31', '<31', '<30', '>21']);
  });

  it('a receiver that waits too long refuses; one that may not wait refuses at once', () => {
    const room = (): boolean => false;
    const late = exchange(counting(10), {}, { room, maxWaits: 2 });
    expect([late.sender, late.received, late.frames.length]).toEqual([
      'N_BUFFER_OVFLW',
      [{ fault: 'N_BUFFER_OVFLW', got: 6, length: 10 }],
      4,
    ]);
    const once = exchange(counting(10), {}, { room });
    expect([once.sender, once.time]).toEqual(['N_BUFFER_OVFLW', 0]);
    expect(exchange(counting(10), { waitLimit: 1 }, { room, maxWaits: 5 }).sender).toBe('N_WFT_OVRN');
    expect(exchange(counting(10), {}, { maxLength: 9 }).sender).toBe('N_BUFFER_OVFLW');
    expect(exchange(counting(5), {}, { room }).received).toEqual([
      { fault: 'N_BUFFER_OVFLW', got: 5, length: 5 },
    ]);
  });

  it('an announced length claims no memory', () => {
    const told: Received[] = [];
    const reception = new Reception(
      { ...RECEIVING, maxLength: 2 ** 32 - 1 },
      (one) => told.push(one),
      () => {},
    );
    const before = process.memoryUsage().arrayBuffers;
    const data = bytes('1000ffffffff0102');
    const pci = decodePci(data, 0);
    if (pci?.kind !== 'first') throw new Error('no first frame');
    reception.heard(data, pci, 0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
    reception.tick(1000);
    expect(told).toEqual([{ fault: 'N_TIMEOUT_Cr', got: 2, length: 0xffffffff }]);
  });

  it('without an answer the sender gives up after N_Bs, and without frames the receiver after N_Cr', () => {
    const silent = exchange(counting(100), {}, { listen: true });
    expect([silent.sender, silent.time]).toEqual(['N_TIMEOUT_Bs', 1000]);
    // Flow control is lost behind the first block.
    const fates = Array.from({ length: 20 }, (_, at) => (at === 4 ? { delays: [] } : KEPT));
    const { sender, received } = exchange(counting(100), {}, { blockSize: 2 }, fates);
    expect([sender, received]).toEqual(['N_TIMEOUT_Bs', [{ fault: 'N_TIMEOUT_Cr', got: 20, length: 100 }]]);
  });

  it('a frame that is lost, or comes twice, is noticed', () => {
    for (const delays of [[], [0, 0]]) {
      const fates = [KEPT, KEPT, KEPT, { delays }];
      const { received } = exchange(counting(60), {}, {}, fates);
      expect(received).toEqual([{ fault: 'N_WRONG_SN', got: delays.length === 0 ? 13 : 20, length: 60 }]);
    }
  });

  it('a message that begins ends the one before it', () => {
    const told: Received[] = [];
    const reception = new Reception(
      RECEIVING,
      (one) => told.push(one),
      () => {},
    );
    for (const text of ['100a010203040506', '100a010203040506', '0201ff', '21070809']) {
      const data = bytes(text);
      const pci = decodePci(data, 0);
      if (pci === undefined || pci.kind === 'flow') throw new Error(text);
      reception.heard(data, pci, 0);
    }
    expect(told).toEqual([
      { fault: 'N_UNEXP_PDU', got: 6, length: 10 },
      { fault: 'N_UNEXP_PDU', got: 6, length: 10 },
      { message: bytes('01ff') },
    ]);
    expect([reception.due, reception.busy]).toEqual([Number.POSITIVE_INFINITY, false]);
  });

  it('flow control counts when it is awaited, and says block size and STmin once, or each time', () => {
    const heard = (text: string): Parameters<Transmission['heard']>[0] => {
      const pci = decodePci(bytes(text), 0);
      if (pci?.kind !== 'flow') throw new Error(text);
      return pci;
    };
    for (const dynamicFlowControl of [false, true]) {
      const one = new Transmission({ ...SENDING, dynamicFlowControl }, counting(60), 0);
      one.heard(heard('320000'), 0);
      expect(one.next(0)).toBeDefined();
      // Before it is confirmed that the first frame was sent.
      one.heard(heard('300105'), 0);
      one.sent(0);
      expect(one.next(0)).toBeDefined();
      one.sent(0);
      expect(one.state).toBe('flow');
      one.heard(heard('300002'), 1);
      expect(one.next(1)).toBeDefined();
      one.sent(1);
      expect([one.state, one.due]).toEqual(dynamicFlowControl ? ['ready', 3] : ['flow', 1001]);
    }
    for (const [text, why] of [
      ['320000', 'N_BUFFER_OVFLW'],
      ['330000', 'N_INVALID_FS'],
      ['30', 'N_INVALID_FS'],
    ] as const) {
      const one = new Transmission(SENDING, counting(60), 0);
      one.next(0);
      one.sent(0);
      one.heard(heard(text), 0);
      expect([one.state, one.failure, one.next(5)]).toEqual(['failed', why, undefined]);
    }
  });

  it('a frame that is not sent in time ends it', () => {
    const one = new Transmission(SENDING, counting(5), 0);
    expect(one.next(0)).toBeDefined();
    expect([one.next(999), one.state]).toEqual([undefined, 'sending']);
    expect([one.next(1000), one.failure]).toEqual([undefined, 'N_TIMEOUT_A']);
    const long = new Transmission(SENDING, counting(50), 0);
    long.next(0);
    expect([long.next(2000), long.failure]).toEqual([undefined, 'N_TIMEOUT_A']);
  });

  it('sends to many without flow control, and at a pace of its own', () => {
    const { sender, received, frames, time } = exchange(
      counting(40),
      { noFlowControl: true, forceTxStMin: 3 },
      { listen: true },
    );
    expect([sender, received, frames.length, time]).toEqual(['done', [{ message: counting(40) }], 6, 15]);
    const forced = exchange(counting(40), { forceTxStMin: 2, frameTxTime: 1 }, { stMin: 100 });
    expect([forced.sender, forced.time]).toEqual(['done', 12]);
  });

  it('frames that come too soon are ignored where that is asked for', () => {
    const { received } = exchange(counting(40), {}, { forceRxStMin: 5 });
    expect(received).toEqual([{ fault: 'N_TIMEOUT_Cr', got: 13, length: 40 }]);
    expect(exchange(counting(40), {}, { forceRxStMin: 5, stMin: 5 }).received).toHaveLength(1);
  });

  it('wrong padding is refused', () => {
    const check = { length: true, content: true, padding: 0xcc };
    const padded = { ...CLASSIC, padding: 0xcc };
    expect(exchange(counting(10), { layout: padded }, { check }).received).toEqual([
      { message: counting(10) },
    ]);
    for (const length of [5, 10]) {
      const { received } = exchange(counting(length), { layout: { ...padded, padding: 0xaa } }, { check });
      expect(received).toMatchObject([{ fault: 'N_ERROR' }]);
    }
  });
});

describe('any message over any channel', () => {
  const delays = fc.array(fc.integer({ min: 0, max: 2500 }), { maxLength: 2 });
  // Mostly frames arrive, or nothing would.
  const fate = fc.oneof(
    { weight: 12, arbitrary: fc.constant<Fate>(KEPT) },
    { weight: 1, arbitrary: fc.record({ delays }) },
  );
  const whole = fc.record({
    length: fc.integer({ min: 1, max: 1200 }),
    layout: layouts,
    blockSize: fc.integer({ min: 0, max: 20 }),
    stMin: fc.integer({ min: 0, max: 255 }),
    maxWaits: fc.integer({ min: 0, max: 3 }),
    roomAfter: fc.integer({ min: 0, max: 5 }),
    fates: fc.array(fate, { maxLength: 400 }),
  });

  it('ends in the message, or in a result of ISO 15765-2, within its times', () => {
    fc.assert(
      fc.property(whole, ({ length, layout, blockSize, stMin, maxWaits, roomAfter, fates }) => {
        const message = counting(length);
        let asked = 0;
        const room = (): boolean => asked++ >= roomAfter;
        const { sender, received } = exchange(
          message,
          { layout },
          { layout, blockSize, stMin, maxWaits, room },
          fates,
        );
        expect(sender === 'done' || sender.startsWith('N_')).toBe(true);
        for (const one of received) {
          if ('message' in one) expect(Buffer.compare(one.message, message)).toBe(0);
          else expect(one.fault).toMatch(/^N_/);
        }
        // A channel that does nothing to frames brings the message.
        if (fates.every(({ delays: [first, more] }) => first === 0 && more === undefined)) {
          if (length <= singleFrameRoom(layout)) expect(received).toHaveLength(1);
          else expect(sender).toBe(roomAfter <= maxWaits ? 'done' : 'N_BUFFER_OVFLW');
        }
        if (sender === 'done' && received.length === 0) {
          // Only the receiver can know that the last frame was lost, or that nothing came of it.
          expect(fates.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('a message after one that failed arrives', () => {
    fc.assert(
      fc.property(whole, ({ length, layout, blockSize, fates }) => {
        const told: Received[] = [];
        const replies: Uint8Array[] = [];
        const reception = new Reception(
          { ...RECEIVING, layout, blockSize },
          (one) => told.push(one),
          (data) => replies.push(data),
        );
        const prefix = layout.address === undefined ? 0 : 1;
        let now = 0;
        const send = (message: Uint8Array, lost: readonly Fate[]): void => {
          const one = new Transmission({ ...SENDING, layout }, message, now);
          for (let count = 0; one.state !== 'done' && one.state !== 'failed'; count++) {
            const data = one.next(now);
            if (data !== undefined) {
              one.sent(now);
              const pci = decodePci(data, prefix);
              if (pci === undefined || pci.kind === 'flow') throw new Error('unreadable');
              if (lost[count]?.delays.length !== 0) reception.heard(data, pci, now);
            }
            for (const reply of replies.splice(0)) {
              const pci = decodePci(reply, prefix);
              if (pci?.kind === 'flow') one.heard(pci, now);
            }
            if (data === undefined) now = Math.min(one.due, now + 1000);
          }
        };
        send(counting(length), fates);
        told.length = 0;
        const second = counting(length).reverse();
        send(second, []);
        expect(told.filter((one) => 'message' in one)).toEqual([{ message: second }]);
      }),
    );
  });
});
