import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanFrame } from '../src/frame.ts';
import { BusLoad, busLoad, frameBits } from '../src/load.ts';
import { VirtualCan } from '../src/memory.ts';
import { formatFrame, parseFrame } from '../src/text.ts';

const refusal = (code: string): object => expect.objectContaining({ code });
const bits = (value: number, count: number): string =>
  (value >>> 0).toString(2).padStart(count, '0').slice(-count);

/** A classic frame as bits from the start to the end of its CRC, and that CRC by long division. */
function classic(frame: CanFrame): string {
  const { value, extended } = frame.id;
  const rtr = frame.remote ? '1' : '0';
  const head = extended
    ? `0${bits(value >>> 18, 11)}11${bits(value, 18)}${rtr}00`
    : `0${bits(value, 11)}${rtr}00`;
  const length = frame.fd || frame.xl ? 0 : frame.len8Dlc || frame.length;
  const body = `${head}${bits(length, 4)}${[...frame.data].map((byte) => bits(byte, 8)).join('')}`;
  const rest = [...`${body}${'0'.repeat(15)}`].map(Number);
  const divisor = [...'1100010110011001'].map(Number);
  for (let at = 0; at < body.length; at++) {
    if (rest[at] !== 1) continue;
    for (const [n, bit] of divisor.entries()) rest[at + n] = rest[at + n]! ^ bit;
  }
  return `${body}${rest.slice(-15).join('')}`;
}

/** With a bit of the other kind behind every five of one, stuff bits among them. */
function stuffed(text: string): string {
  let out = '';
  for (const bit of text) {
    out += bit;
    if (out.endsWith(bit.repeat(5))) out += bit === '1' ? '0' : '1';
  }
  return out;
}

const frame = fc
  .record({
    extended: fc.boolean(),
    id: fc.oneof(fc.nat(0x7ff), fc.constantFrom(0, 0x7ff)),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.nat(8).map((n) => new Uint8Array(n)),
      fc.nat(8).map((n) => new Uint8Array(n).fill(255)),
    ),
    remote: fc.boolean(),
  })
  .map(({ extended, id, data, remote }) =>
    parseFrame(
      `${id.toString(16).padStart(extended ? 8 : 3, '0')}#${remote ? `R${data.length}` : Buffer.from(data).toString('hex')}`,
    ),
  );

describe('the bits of a frame', () => {
  it('of a classic frame are those that are sent', () => {
    fc.assert(
      fc.property(frame, (one) => {
        expect(frameBits(one), formatFrame(one)).toEqual({
          arbitration: stuffed(classic(one)).length + 13,
          data: 0,
        });
      }),
    );
  });

  it('of CAN FD are at two rates with BRS, and at one without', () => {
    for (const [text, padded, crc] of [
      ['123##0', 0, 17],
      ['123##011', 1, 17],
      [`123##0${'55'.repeat(16)}`, 16, 17],
      [`123##0${'55'.repeat(17)}`, 20, 21],
      [`00000123##0${'55'.repeat(64)}`, 64, 21],
    ] as const) {
      const slow = frameBits(parseFrame(text));
      const fast = frameBits(parseFrame(text.replace('##0', '##1')));
      const head = text.startsWith('0000') ? 1 + 11 + 2 + 18 + 1 + 2 + 1 : 1 + 11 + 2 + 2 + 1;
      const check = 4 + crc;
      const plain = 1 + 4 + 8 * padded + check + Math.ceil(check / 4) + 1;
      expect(slow.data).toBe(0);
      // Stuff bits come beside, at most one for four bits.
      const most = Math.floor((head + 5 + 8 * padded - 1) / 4);
      expect(slow.arbitration).toBeGreaterThanOrEqual(head + plain + 12);
      expect(slow.arbitration).toBeLessThanOrEqual(head + plain + 12 + most);
      expect(fast.arbitration).toBeGreaterThanOrEqual(head + 12);
      expect(fast.data).toBeGreaterThanOrEqual(plain);
      expect(Math.abs(fast.arbitration + fast.data - slow.arbitration)).toBeLessThanOrEqual(2);
    }
  });

  it('are none of what was never on the bus, or is not counted', () => {
    expect(() => frameBits(parseFrame('20000004#0001000000000000'))).toThrow(
      refusal('ERR_INVALID_ARG_VALUE'),
    );
    expect(() => frameBits(parseFrame('00123#80:00:00000000#11'))).toThrow(refusal('ERR_INVALID_ARG_VALUE'));
    expect(() => frameBits(5 as never)).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
  });
});

describe('the load of a bus', () => {
  it('is the time that frames took, of the time that was', () => {
    const meter = new BusLoad({ bitrate: 500_000, dataBitrate: 2_000_000 });
    const [one, two] = [parseFrame('123#DEADBEEF'), parseFrame('123##1AABB')];
    for (let n = 0; n < 100; n++) meter.add(one);
    meter.add(two);
    meter.add(parseFrame('20000004#0001000000000000'));
    const busy =
      (100 * frameBits(one).arbitration + frameBits(two).arbitration) / 500 + frameBits(two).data / 2000;
    const figures = meter.take(100);
    expect(figures).toMatchObject({ frames: 101, uncounted: 1, bytes: 402, elapsed: 100 });
    expect(figures.load).toBeCloseTo(busy / 100, 9);
    expect(meter.take(100)).toMatchObject({ frames: 0, bytes: 0, load: 0 });
    expect(() => new BusLoad({ bitrate: 0 })).toThrow(refusal('ERR_OUT_OF_RANGE'));
  });

  it('is told again and again, until the bus is closed', async () => {
    const wire = new VirtualCan();
    const [sender, receiver] = [wire.open(), wire.open()];
    const figures: number[] = [];
    for await (const { frames, load } of busLoad(receiver, { bitrate: 1_000_000, every: 5 })) {
      figures.push(frames);
      if (frames > 0) expect(load).toBeGreaterThan(0);
      if (figures.length === 3) await receiver.close();
      else for (let id = 0; id < 10; id++) await sender.send({ id });
    }
    expect(figures).toEqual([0, 10, 10]);
    const abort = new AbortController();
    const ending = busLoad(wire.open(), { bitrate: 1, signal: abort.signal }).next();
    abort.abort();
    await expect(ending).rejects.toEqual(refusal('ABORT_ERR'));
  });
});
