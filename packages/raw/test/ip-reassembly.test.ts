import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { internetChecksum } from '../src/checksum.ts';
import { type FragmentOutcome, IpReassembler } from '../src/ip-reassembly.ts';
import { encodeIpv4, IPV4_HEADER_LENGTH, Ipv4View } from '../src/ipv4.ts';
import {
  encodeIpv6,
  encodeIpv6Fragment,
  type Ipv6Extension,
  Ipv6View,
  ipv6HeaderLength,
} from '../src/ipv6.ts';

type Version = 4 | 6;

interface Piece {
  readonly offset: number;
  readonly more: boolean;
  readonly payload: Uint8Array;
}

const SOURCE = { 4: Uint8Array.of(192, 0, 2, 1), 6: new Uint8Array(16).fill(1) };
const TARGET = { 4: Uint8Array.of(192, 0, 2, 2), 6: new Uint8Array(16).fill(2) };
const OPTIONS = Uint8Array.of(1, 1, 1, 0);
/** Hop-by-hop options and a routing header stand before the fragment header, destination options behind it. */
const BEFORE: readonly Ipv6Extension[] = [
  { type: 0, bytes: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) },
  { type: 43, bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0) },
];

/** A packet with that much of the datagram. */
function packet(
  version: Version,
  piece: Piece | undefined,
  whole: Uint8Array,
  identification = 7,
): Ipv4View | Ipv6View {
  const base = { source: SOURCE[version], destination: TARGET[version], protocol: 17 };
  const payload = piece?.payload ?? whole;
  if (version === 4) {
    const bytes = new Uint8Array(IPV4_HEADER_LENGTH + OPTIONS.length + payload.length);
    const fragment = {
      fragmentOffset: piece?.offset ?? 0,
      moreFragments: piece?.more ?? false,
      identification,
    };
    const length = encodeIpv4(
      { ...base, ...fragment, totalLength: bytes.length, options: OPTIONS, timeToLive: 9 },
      bytes,
    );
    bytes.set(payload, length);
    return new Ipv4View().decode(bytes);
  }
  const extensions = [...BEFORE];
  if (piece !== undefined) {
    const bytes = new Uint8Array(8);
    encodeIpv6Fragment({ fragmentOffset: piece.offset, moreFragments: piece.more, identification }, bytes);
    extensions.push({ type: 44, bytes });
  }
  const length = ipv6HeaderLength({ extensions });
  const bytes = new Uint8Array(length + payload.length);
  encodeIpv6({ ...base, extensions, payloadLength: bytes.length - 40, hopLimit: 9 }, bytes);
  bytes.set(payload, length);
  return new Ipv6View().decode(bytes);
}

/** The datagram cut at those places, each a multiple of 8. */
function pieces(whole: Uint8Array, cuts: readonly number[]): Piece[] {
  const most = Math.floor((whole.length - 1) / 8);
  const at = [...new Set([0, ...cuts.map((cut) => (cut % (most + 1)) * 8), whole.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => {
    const offset = at[index] ?? 0;
    return { offset, more: end !== whole.length, payload: whole.subarray(offset, end) };
  });
}

const version = fc.constantFrom<Version>(4, 6);
const data = fc.uint8Array({ minLength: 17, maxLength: 600 });
const cuts = fc.array(fc.nat(100), { minLength: 1, maxLength: 10 });
const shuffled = <T>(list: readonly T[], order: readonly number[]): T[] =>
  list
    .map((item, at) => ({ item, key: order[at % order.length] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);

const piece = (offset: number, length: number, more = true, fill = 1): Piece => ({
  offset,
  more,
  payload: new Uint8Array(length).fill(fill),
});
const NONE = new Uint8Array(0);

describe('IP fragments', () => {
  it('in any order, some of them twice, become the packet that they were', () => {
    fc.assert(
      fc.property(
        version,
        data,
        cuts,
        fc.array(fc.nat(1000), { minLength: 1 }),
        (of, whole, places, order) => {
          const reassembler = new IpReassembler();
          const list = pieces(whole, places);
          if (list.length === 1) return;
          const again = shuffled([...list, ...list.slice(1)], order);
          const outcomes: FragmentOutcome[] = [];
          const seen = new Set<Piece>();
          for (const one of again) {
            seen.add(one);
            outcomes.push(reassembler.push(packet(of, one, whole), 0));
            if (seen.size === list.length) break;
          }
          const last = outcomes.pop();
          for (const outcome of outcomes) expect(outcome).toEqual({ status: 'held' });
          const expected = packet(of, undefined, whole);
          expect(last).toMatchObject({ status: 'complete' });
          if (last?.status !== 'complete') return;
          if (of === 6) expect(last.packet).toEqual(expected.bytes);
          else {
            const view = new Ipv4View().decode(last.packet);
            expect(view).toMatchObject({
              moreFragments: false,
              fragmentOffset: 0,
              identification: 7,
              timeToLive: 9,
              protocol: 17,
            });
            expect([view.payload, view.options, view.truncated]).toEqual([whole, OPTIONS, false]);
            expect(internetChecksum(last.packet, 0, 0, view.headerLength)).toBe(0);
          }
          expect([reassembler.pending, reassembler.bytes, reassembler.counts.completed]).toEqual([0, 0, 1]);
        },
      ),
    );
  });

  it('a packet that is none is whole; one that is all of its datagram is complete by itself', () => {
    const reassembler = new IpReassembler();
    const whole = new Uint8Array(20).fill(3);
    for (const of of [4, 6] as const)
      expect(reassembler.push(packet(of, undefined, whole), 0)).toEqual({ status: 'whole' });
    reassembler.push(packet(6, piece(0, 16), NONE), 0);
    // RFC 6946.
    const outcome = reassembler.push(packet(6, { offset: 0, more: false, payload: whole }, NONE), 0);
    expect(outcome).toEqual({ status: 'complete', packet: packet(6, undefined, whole).bytes });
    expect(reassembler.pending).toBe(1);
  });

  it('an overlap spoils the datagram, whichever way, and what comes of it later is dropped', () => {
    const first = piece(8, 16);
    const overlapping = [
      piece(0, 16),
      piece(16, 16),
      piece(0, 40),
      piece(8, 8),
      piece(8, 16, true, 2),
      piece(8, 24),
      piece(16, 3, false),
    ];
    for (const of of [4, 6] as const) {
      for (const other of overlapping) {
        const reassembler = new IpReassembler();
        expect(reassembler.push(packet(of, first, NONE), 0).status).toBe('held');
        const outcome = reassembler.push(packet(of, other, NONE), 0);
        expect([other.offset, outcome.status]).toEqual([other.offset, 'dropped']);
        expect(reassembler.push(packet(of, piece(100 * 8, 8), NONE), 1)).toMatchObject({ status: 'dropped' });
        expect(reassembler.counts).toEqual({ completed: 0, dropped: 1, timedOut: 0, evicted: 0 });
        // Another datagram is not spoilt.
        expect(reassembler.push(packet(of, other, NONE, 8), 1).status).toBe('held');
        // And after a while the identification is free again.
        expect(reassembler.push(packet(of, first, NONE), 40_000).status).toBe('held');
      }
    }
  });

  it('lengths that cannot be', () => {
    for (const of of [4, 6] as const) {
      const alone = (one: Piece): FragmentOutcome => new IpReassembler().push(packet(of, one, NONE), 0);
      expect(alone(piece(8, 7))).toEqual({ status: 'dropped', why: 'length' });
      expect(alone(piece(8, 0))).toEqual({ status: 'dropped', why: 'length' });
      // The ping of death.
      expect(alone(piece(65_528, 16, false))).toEqual({ status: 'dropped', why: 'length' });
      const reassembler = new IpReassembler();
      reassembler.push(packet(of, piece(16, 3, false), NONE), 0);
      expect(reassembler.push(packet(of, piece(24, 8), NONE), 0)).toEqual({
        status: 'dropped',
        why: 'length',
      });
    }
    const cut = packet(4, piece(8, 16), NONE);
    cut.decode(cut.bytes, 0, 30);
    expect(new IpReassembler().push(cut, 0)).toEqual({ status: 'dropped', why: 'truncated' });
    // Its payload alone would fit, its header makes it too long.
    const reassembler = new IpReassembler();
    reassembler.push(packet(4, piece(0, 32_768), NONE), 0);
    expect(reassembler.push(packet(4, piece(32_768, 32_760, false), NONE), 0)).toEqual({
      status: 'dropped',
      why: 'length',
    });
    expect(reassembler.bytes).toBe(0);
  });

  it('time and memory are bounded', () => {
    const slow = new IpReassembler({ timeout: 100 });
    slow.push(packet(4, piece(0, 8), NONE), 1000);
    expect(slow.push(packet(4, piece(8, 8, false), NONE), 1100).status).toBe('held');
    expect([slow.counts.timedOut, slow.pending]).toEqual([1, 1]);
    slow.expire(1200);
    expect([slow.counts.timedOut, slow.pending, slow.bytes]).toEqual([2, 0, 0]);

    const full = new IpReassembler({ maxBytes: 10_000 });
    fc.assert(
      fc.property(
        version,
        fc.nat(40),
        fc.nat(50),
        fc.integer({ min: 1, max: 100 }),
        fc.boolean(),
        (of, id, place, words, more) => {
          const one = piece(place * 8, words * 8, more);
          full.push(packet(of, one, NONE, id), 5);
          expect(full.bytes).toBeLessThanOrEqual(10_000);
          expect(full.bytes).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 2000 },
    );
    expect(full.counts.evicted).toBeGreaterThan(0);
    full.expire(1e9);
    expect([full.bytes, full.pending]).toEqual([0, 0]);
  });

  it('refuses bounds and times that are none', () => {
    const range = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
    expect(() => new IpReassembler({ timeout: 0 })).toThrow(range);
    expect(() => new IpReassembler({ maxBytes: -1 })).toThrow(range);
    expect(() => new IpReassembler().push(packet(4, undefined, NONE), Number.NaN)).toThrow(range);
    const type = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' });
    // What captures have: nanoseconds, as a bigint.
    expect(() => new IpReassembler().push(packet(4, undefined, NONE), 5n as never)).toThrow(type);
    expect(() => new IpReassembler(null as never)).toThrow(type);
    // Nothing is forgotten for a time that is none.
    const reassembler = new IpReassembler();
    reassembler.push(packet(4, piece(0, 8), NONE), 5.5);
    expect(() => reassembler.expire(Number.NaN)).toThrow(range);
    expect(() => reassembler.expire(undefined as never)).toThrow(type);
    expect(() => reassembler.expire(6n as never)).toThrow(type);
    reassembler.expire(5.7);
    expect(reassembler.pending).toBe(1);
  });

  it('fragments of a fragment are put together from the outside in', () => {
    const fragment = (
      identification: number,
      fragmentOffset: number,
      moreFragments: boolean,
    ): Ipv6Extension => {
      const bytes = new Uint8Array(8);
      encodeIpv6Fragment({ identification, fragmentOffset, moreFragments }, bytes);
      return { type: 44, bytes };
    };
    const sent = (extensions: readonly Ipv6Extension[], protocol: number, payload: Uint8Array): Ipv6View => {
      const bytes = new Uint8Array(ipv6HeaderLength({ extensions }) + payload.length);
      const base = { source: SOURCE[6], destination: TARGET[6], protocol, extensions };
      bytes.set(payload, encodeIpv6({ ...base, payloadLength: bytes.length - 40 }, bytes));
      return new Ipv6View().decode(bytes);
    };
    const payload = Uint8Array.from({ length: 24 }, (_, at) => at);
    // The inner fragment, the last of its datagram, is itself sent in two.
    for (const offset of [0, 16]) {
      const reassembler = new IpReassembler();
      const inner = fragment(2, offset, false);
      inner.bytes[0] = 17;
      const whole = Uint8Array.of(...inner.bytes, ...payload);
      const first = sent([fragment(1, 0, true)], 44, whole.subarray(0, 16));
      expect([first.identification, first.moreFragments, first.protocol]).toEqual([1, true, 44]);
      expect(reassembler.push(first, 0)).toEqual({ status: 'held' });
      const outcome = reassembler.push(sent([fragment(1, 16, false)], 44, whole.subarray(16)), 0);
      if (outcome.status !== 'complete') throw new Error(outcome.status);
      const view = new Ipv6View().decode(outcome.packet);
      expect([view.extensionCount, view.identification, view.fragmentOffset, view.payload]).toEqual([
        1,
        2,
        offset,
        payload,
      ]);
      expect(reassembler.push(view, 0).status).toBe(offset === 0 ? 'complete' : 'held');
    }
  });

  it('a datagram with two fragment headers, the first with reserved bits', () => {
    // RFC 8200, section 4.5: they are ignored on reception.
    const first = Uint8Array.of(0, 9, 0, 0, 0, 0, 0, 1);
    const second = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2);
    const extensions = [
      { type: 44, bytes: first },
      { type: 60, bytes: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) },
      { type: 44, bytes: second },
    ];
    const bytes = new Uint8Array(ipv6HeaderLength({ extensions }) + 8);
    const length = bytes.length - 40;
    encodeIpv6(
      {
        source: SOURCE[6],
        destination: TARGET[6],
        protocol: 17,
        payloadLength: length,
        extensions: extensions.map((one) => (one.bytes === first ? { ...one, bytes: second } : one)),
      },
      bytes,
    );
    bytes[41] = 9;
    const outcome = new IpReassembler().push(new Ipv6View().decode(bytes), 0);
    if (outcome.status !== 'complete') throw new Error(outcome.status);
    const whole = new Ipv6View().decode(outcome.packet);
    expect([whole.extensions.map(({ type }) => type), whole.protocol, whole.payload.length]).toEqual([
      [44, 60],
      17,
      8,
    ]);
  });
});
