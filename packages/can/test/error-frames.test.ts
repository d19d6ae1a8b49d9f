import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeErrorFrame, describeErrorFrame, errorMask } from '../src/error-frame.ts';
import type { ClassicFrame } from '../src/frame.ts';
import { CAN_EFF_MASK, ext } from '../src/id.ts';
import { parseFrame } from '../src/text.ts';

const read = (text: string): ClassicFrame => {
  const frame = parseFrame(text);
  if (frame.fd || frame.xl) throw new Error('not classic');
  return frame;
};

describe('error frames in words', () => {
  it('a bus error of an SJA1000 with its counters', () => {
    const frame = read('2000028C#000804190000600A');
    expect(decodeErrorFrame(frame)).toEqual({
      classes: ['controller', 'protocol', 'busError', 'counters'],
      lostArbitrationBit: undefined,
      controller: ['txWarning'],
      protocol: ['stuff'],
      protocolLocation: 'ACK slot',
      transceiver: [],
      counters: { tx: 96, rx: 10 },
    });
    expect(describeErrorFrame(frame)).toBe(
      'controller (txWarning), protocol (stuff at ACK slot), busError, counters (tx 96, rx 10)',
    );
  });

  it('every other class', () => {
    expect(describeErrorFrame(read('20000001#0000000000000000'))).toBe('txTimeout');
    expect(describeErrorFrame(read('20000002#0B00000000000000'))).toBe('lostArbitration (at bit 11)');
    expect(describeErrorFrame(read('20000002#0000000000000000'))).toBe('lostArbitration');
    expect(describeErrorFrame(read('20000010#0000000057000000'))).toBe(
      'transceiver (CANH short to ground, CANL short to battery)',
    );
    expect(describeErrorFrame(read('20000010#0000000080000000'))).toBe('transceiver (CANL short to CANH)');
    expect(describeErrorFrame(read('20000160#0000000000000000'))).toBe(
      'noAcknowledgement, busOff, restarted',
    );
    expect(describeErrorFrame(read('20000008#000000FF00000000'))).toBe('protocol (at 0xff)');
    expect(describeErrorFrame(read('20000004#0041000000000000'))).toBe('controller (rxOverflow, active)');
    expect(describeErrorFrame(read('20000400#0000000000000000'))).toBe('unknown class 0x400');
  });

  it('parts of classes that are not reported are not read', () => {
    const report = decodeErrorFrame({ id: ext(0x40), error: true, data: new Uint8Array(8).fill(0xff) });
    expect(report).toEqual({
      classes: ['busOff'],
      lostArbitrationBit: undefined,
      controller: [],
      protocol: [],
      protocolLocation: undefined,
      transceiver: [],
      counters: undefined,
    });
  });

  it('any error frame has a description, and anything else is refused', () => {
    fc.assert(
      fc.property(fc.nat(CAN_EFF_MASK), fc.uint8Array({ minLength: 8, maxLength: 8 }), (id, data) => {
        expect(describeErrorFrame({ id: ext(id), error: true, data })).toMatch(/^[ -~]+$/);
      }),
    );
    const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(() => decodeErrorFrame(read('123#'))).toThrow(value);
    expect(() => decodeErrorFrame({ id: ext(4), error: true, data: new Uint8Array(7) })).toThrow(value);
  });

  it('are asked for by their words', () => {
    expect(errorMask()).toBe(CAN_EFF_MASK);
    expect(errorMask(['busOff', 'controller'])).toBe(0x44);
    expect(() => errorMask(['nonsense' as never])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => errorMask(['toString' as never])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => errorMask('busOff' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});
