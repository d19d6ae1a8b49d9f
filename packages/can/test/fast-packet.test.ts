import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeFastPacket,
  FAST_PACKET_TIMEOUT,
  FastPacketReassembler,
  fastPacketFrames,
  MAX_FAST_PACKET,
} from '../src/j1939/fast-packet.ts';

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const FROM = { pgn: 0x1f805, source: 0x23, destination: 0xff };
const code = (word: string): object => expect.objectContaining({ code: word });

describe('a fast-packet message', () => {
  it('has six bytes in its first frame, seven in each other, and 0xff behind its end', () => {
    const frames = encodeFastPacket(bytes('000102030405060708090a0b0c0d0e'), 5);
    expect(frames.map(hex)).toEqual(['a00f000102030405', 'a1060708090a0b0c', 'a20d0effffffffff']);
    expect(encodeFastPacket(bytes(''), 0).map(hex)).toEqual(['0000ffffffffffff']);
    expect(encodeFastPacket(bytes('010203040506'), 7).map(hex)).toEqual(['e006010203040506']);
    expect([0, 6, 7, 13, 14, 222, 223].map(fastPacketFrames)).toEqual([1, 1, 2, 2, 3, 32, 32]);
    expect(encodeFastPacket(new Uint8Array(MAX_FAST_PACKET), 1)).toHaveLength(32);
  });

  it('that is none is refused', () => {
    expect(() => encodeFastPacket(new Uint8Array(224), 0)).toThrow(/^data must be at most 223 bytes/);
    expect(() => encodeFastPacket(new Uint8Array(1), 8)).toThrow(/^sequence must be/);
    expect(() => encodeFastPacket(JSON.parse('[1]'), 0)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => new FastPacketReassembler({ most: 0 })).toThrow(/^most must be/);
    expect(() => new FastPacketReassembler({ timeout: 0.5 })).toThrow(/^timeout must be/);
  });

  it('is put together again, of many senders at once, whatever the order of theirs is', () => {
    const message = fc.record({
      source: fc.integer({ min: 0, max: 3 }),
      pgn: fc.constantFrom(0x1f805, 0x1ef00),
      sequence: fc.integer({ min: 0, max: 7 }),
      data: fc.uint8Array({ maxLength: MAX_FAST_PACKET }),
    });
    const messages = fc.uniqueArray(message, {
      maxLength: 10,
      selector: ({ source, pgn, sequence }) => `${source}.${pgn}.${sequence}`,
    });
    fc.assert(
      fc.property(messages, fc.infiniteStream(fc.nat()), (sent, choices) => {
        const reassembler = new FastPacketReassembler();
        const queues = sent.map(({ data, sequence }) => encodeFastPacket(data, sequence));
        const got = new Map<number, string>();
        for (;;) {
          const open = queues.flatMap((queue, at) => (queue.length > 0 ? [at] : []));
          if (open.length === 0) break;
          const at = open[(choices.next().value as number) % open.length] as number;
          const { source, pgn } = sent[at] as (typeof sent)[number];
          const data = queues[at]?.shift() as Uint8Array;
          const whole = reassembler.push({ source, pgn, destination: 0xff, data }, 0);
          if (whole !== undefined) got.set(at, hex(whole) as string);
        }
        expect(sent.map((_, at) => got.get(at))).toEqual(sent.map(({ data }) => hex(data)));
        expect(reassembler.pending).toBe(0);
      }),
    );
  });

  it('is given as it was or not at all, when frames are lost, twice there, late or made up', () => {
    const fate = fc.constantFrom('ok', 'ok', 'ok', 'ok', 'lost', 'twice', 'late', 'noise');
    const sent = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        sent,
        fc.infiniteStream(fate),
        fc.infiniteStream(fc.uint8Array({ maxLength: 8 })),
        (all, fates, noises) => {
          const reassembler = new FastPacketReassembler({ most: 4 });
          const possible = new Set(all.map(hex));
          let now = 0;
          for (const [at, data] of all.entries()) {
            for (const frame of encodeFastPacket(data, at % 8)) {
              const what = fates.next().value as string;
              now += what === 'late' ? FAST_PACKET_TIMEOUT + 1 : 1;
              const noise = noises.next().value as Uint8Array;
              // From another sender: it is to disturb nobody.
              if (what === 'noise') reassembler.push({ ...FROM, source: 0x99, data: noise }, now);
              for (let times = what === 'lost' ? 0 : what === 'twice' ? 2 : 1; times > 0; times--) {
                const whole = reassembler.push({ ...FROM, data: frame }, now);
                if (whole !== undefined) expect(possible).toContain(hex(whole));
              }
              expect(reassembler.pending).toBeLessThanOrEqual(4);
            }
          }
        },
      ),
    );
  });

  it('counts how messages ended', () => {
    const one = new FastPacketReassembler({ timeout: 100, most: 2 });
    const [a, b, c] = encodeFastPacket(bytes('000102030405060708090a0b0c0d0e'), 1) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const push = (data: Uint8Array, now: number, source = 1): string | undefined =>
      hex(one.push({ ...FROM, source, data }, now));
    expect([push(a, 0), push(b, 100), push(c, 200)]).toEqual([
      undefined,
      undefined,
      '000102030405060708090a0b0c0d0e',
    ]);
    expect([push(a, 300), push(b, 401)]).toEqual([undefined, undefined]);
    expect(one.counters).toEqual({ messages: 1, outOfOrder: 0, timedOut: 1, evicted: 0, stray: 1 });
    expect([push(a, 500), push(c, 501)]).toEqual([undefined, undefined]);
    expect([push(a, 502), push(a, 503), push(b, 504), push(b, 505)]).toEqual(Array(4).fill(undefined));
    expect(one.counters).toMatchObject({ outOfOrder: 3, stray: 1 });
    for (const source of [1, 2, 3]) push(a, 600, source);
    expect([one.pending, one.counters.evicted]).toEqual([2, 1]);
    one.expire(701);
    expect([one.pending, one.counters.timedOut]).toEqual([0, 3]);
    // Too short, and more than any message has.
    push(bytes('00'), 800);
    push(bytes('00e0010203040506'), 800);
    push(bytes('000a01020304'), 800);
    expect(one.counters.stray).toBe(4);
    expect(one.pending).toBe(0);
  });
});
