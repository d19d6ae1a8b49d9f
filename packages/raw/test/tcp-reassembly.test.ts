import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIpv4, Ipv4View } from '../src/ipv4.ts';
import { encodeTcp, TcpView, tcpFlags } from '../src/tcp.ts';
import { TcpReassembler, type TcpReassemblerOptions, type TcpStream } from '../src/tcp-reassembly.ts';
import { OrderedStream } from '../src/tcp-stream.ts';

const { SYN, ACK, FIN, RST } = tcpFlags;
const CLIENT = Uint8Array.of(192, 0, 2, 1);
const SERVER = Uint8Array.of(192, 0, 2, 2);

interface Segment {
  readonly sequence: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
  readonly acknowledgment?: number;
  readonly port?: number;
  readonly back?: boolean;
}

/** A reassembler, and what it told, by the stream's source port. */
function watched(options: TcpReassemblerOptions = {}) {
  const told: (readonly [port: number, what: string, length: number])[] = [];
  const bytes = new Map<number, number[]>();
  const streams = new Set<TcpStream>();
  const of = (stream: TcpStream): number[] => {
    const known = bytes.get(stream.sourcePort) ?? [];
    bytes.set(stream.sourcePort, known);
    return known;
  };
  const reassembler = new TcpReassembler(
    {
      data: (stream, data) => {
        told.push([stream.sourcePort, 'data', data.length]);
        of(stream).push(...data);
        streams.add(stream);
      },
      gap: (stream, length) => {
        told.push([stream.sourcePort, 'gap', length]);
        for (let i = 0; i < Math.min(length, 100_000); i++) of(stream).push(-1);
      },
      end: (stream, reason) => told.push([stream.sourcePort, reason, 0]),
    },
    options,
  );
  const push = (
    {
      sequence,
      flags = ACK,
      payload = new Uint8Array(0),
      acknowledgment = 0,
      port = 1000,
      back = false,
    }: Segment,
    now = 0,
  ): void => {
    const packet = new Uint8Array(40 + payload.length);
    const [source, destination] = back ? [SERVER, CLIENT] : [CLIENT, SERVER];
    const [sourcePort, destinationPort] = back ? [80, port] : [port, 80];
    encodeIpv4({ source, destination, protocol: 6, totalLength: packet.length }, packet);
    encodeTcp(
      { sourcePort, destinationPort, sequence: sequence >>> 0, flags, acknowledgment: acknowledgment >>> 0 },
      packet,
      20,
    );
    packet.set(payload, 40);
    const ip = new Ipv4View().decode(packet);
    reassembler.push(ip, new TcpView().decode(packet, ip.payloadOffset, ip.payloadEnd), now);
  };
  return { reassembler, told, streams, push, bytesOf: (port: number) => bytes.get(port) ?? [] };
}

const filled = (length: number, from = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (from + at) & 0xff);

describe('TCP streams', () => {
  it('segments in any order, overlapping and twice, across the end of the numbers, become the bytes', () => {
    const segment = fc.tuple(fc.nat(299), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.array(segment, { maxLength: 40 }),
        fc.array(fc.nat(1000), { minLength: 1 }),
        (isn, extra, order) => {
          const whole = filled(300, isn);
          const cover: [number, number][] = Array.from({ length: 10 }, (_, at) => [at * 30, 30]);
          const all = [...cover, ...extra].map(([at, length], index) => ({
            at,
            length,
            key: order[index % order.length] ?? 0,
          }));
          all.sort((a, b) => a.key - b.key);
          const { push, told, bytesOf, reassembler } = watched();
          push({ sequence: isn, flags: SYN });
          for (const { at, length } of all)
            push({ sequence: isn + 1 + at, payload: whole.subarray(at, at + length) });
          push({ sequence: isn + 301, flags: FIN | ACK });
          expect(bytesOf(1000)).toEqual([...whole]);
          expect(told.at(-1)).toEqual([1000, 'fin', 0]);
          expect(told.filter(([, what]) => what === 'gap')).toEqual([]);
          expect(reassembler.bytes).toBe(0);
        },
      ),
    );
  });

  it('both directions are streams of their own, and know each other', () => {
    const { push, told, streams } = watched();
    push({ sequence: 10, flags: SYN });
    push({ sequence: 50, flags: SYN | ACK, back: true, acknowledgment: 11 });
    push({ sequence: 11, payload: filled(5) });
    push({ sequence: 51, payload: filled(7, 9), back: true, acknowledgment: 16 });
    push({ sequence: 16, flags: FIN | ACK });
    push({ sequence: 58, flags: FIN | ACK, back: true });
    expect(told).toEqual([
      [1000, 'data', 5],
      [80, 'data', 7],
      [1000, 'fin', 0],
      [80, 'fin', 0],
    ]);
    const [client, server] = [...streams];
    expect([client?.other, server?.other]).toEqual([server, client]);
    expect(client).toMatchObject({ source: CLIENT, destinationPort: 80, fromStart: true });
  });

  it('of bytes that differ the first are taken', () => {
    const { push, bytesOf } = watched();
    push({ sequence: 0, flags: SYN });
    push({ sequence: 3, payload: Uint8Array.of(3, 4) });
    push({ sequence: 2, payload: Uint8Array.of(2, 9, 9, 5) });
    push({ sequence: 1, payload: Uint8Array.of(1, 8, 8) });
    expect(bytesOf(1000)).toEqual([1, 2, 3, 4, 5]);
  });

  it('a stream whose start was not seen begins where it is seen', () => {
    const { push, bytesOf } = watched();
    push({ sequence: 500, payload: filled(3) });
    push({ sequence: 490, payload: filled(5) });
    push({ sequence: 503, payload: filled(2, 3) });
    expect(bytesOf(1000)).toEqual([0, 1, 2, 3, 4]);
  });

  it('holes are told when they are given up: for time, for memory, at the end', () => {
    const late = watched({ gapTimeout: 100 });
    late.push({ sequence: 0, flags: SYN }, 0);
    late.push({ sequence: 11, payload: filled(5) }, 10);
    late.push({ sequence: 31, payload: filled(5) }, 60);
    expect(late.told).toEqual([]);
    late.reassembler.expire(109);
    expect(late.told).toEqual([]);
    late.reassembler.expire(110);
    expect(late.told).toEqual([
      [1000, 'gap', 10],
      [1000, 'data', 5],
    ]);
    late.reassembler.expire(160);
    expect(late.told.slice(2)).toEqual([
      [1000, 'gap', 15],
      [1000, 'data', 5],
    ]);
    // What was given up comes too late.
    late.push({ sequence: 1, payload: filled(10) }, 161);
    expect(late.told.length).toBe(4);

    const full = watched({ maxStreamBytes: 1000 });
    full.push({ sequence: 0, flags: SYN });
    for (let at = 0; at < 20; at++) {
      full.push({ sequence: 100 + at * 200, payload: filled(100) });
      expect(full.reassembler.bytes).toBeLessThanOrEqual(1000);
    }
    expect(full.told.slice(0, 2)).toEqual([
      [1000, 'gap', 99],
      [1000, 'data', 100],
    ]);
    full.reassembler.flush();
    expect(full.told.filter(([, what]) => what === 'data').length).toBe(20);
    expect(full.told.at(-1)).toEqual([1000, 'flush', 0]);
    expect([full.reassembler.bytes, full.reassembler.streams]).toEqual([0, 0]);
  });

  it('an acknowledgment gives a hole up where it is trusted', () => {
    for (const trustAcknowledgments of [false, true]) {
      const { push, told } = watched({ trustAcknowledgments });
      push({ sequence: 0, flags: SYN });
      push({ sequence: 0, flags: SYN | ACK, back: true, acknowledgment: 1 });
      push({ sequence: 11, payload: filled(5) });
      push({ sequence: 1, back: true, acknowledgment: 1 });
      expect(told).toEqual([]);
      push({ sequence: 1, back: true, acknowledgment: 16 });
      expect(told).toEqual(
        trustAcknowledgments
          ? [
              [1000, 'gap', 10],
              [1000, 'data', 5],
            ]
          : [],
      );
    }
  });

  it('RST ends both, one from elsewhere none; a new SYN begins another connection', () => {
    const { push, told, bytesOf, reassembler } = watched();
    push({ sequence: 0, flags: SYN });
    push({ sequence: 0, flags: SYN | ACK, back: true });
    push({ sequence: 1, payload: filled(3) });
    push({ sequence: -5000, flags: RST });
    expect(told).toEqual([[1000, 'data', 3]]);
    push({ sequence: 4, flags: RST });
    expect(told.slice(1)).toEqual([
      [1000, 'reset', 0],
      [80, 'reset', 0],
    ]);
    push({ sequence: 4, payload: filled(3) });
    expect(told.length).toBe(3);
    push({ sequence: 9000, flags: SYN });
    push({ sequence: 9000, flags: SYN });
    push({ sequence: 9001, payload: filled(2, 7) });
    expect(bytesOf(1000)).toEqual([0, 1, 2, 7, 8]);
    push({ sequence: 70_000, flags: SYN });
    expect(told.at(-1)).toEqual([1000, 'replaced', 0]);
    push({ sequence: 1, flags: RST, port: 5 });
    expect(reassembler.streams).toBe(1);
  });

  it('far ahead of the window is no part of the stream', () => {
    const { push, told, reassembler } = watched();
    push({ sequence: 0, flags: SYN });
    push({ sequence: 2 ** 30 + 2, payload: filled(3) });
    expect([told, reassembler.bytes]).toEqual([[], 0]);
  });

  it('connections, their memory and their time are bounded', () => {
    const { push, told, reassembler } = watched({ maxConnections: 2, maxBytes: 2000, idleTimeout: 1000 });
    for (let port = 1; port <= 10; port++) {
      push({ sequence: 0, flags: SYN, port }, port);
      for (let at = 0; at < 5; at++) push({ sequence: 100 + 200 * at, payload: filled(100), port }, port);
      expect(reassembler.bytes).toBeLessThanOrEqual(2000);
      expect(reassembler.streams).toBeLessThanOrEqual(4);
    }
    expect(told.filter(([, what]) => what === 'evicted').length).toBe(6);
    reassembler.expire(5000);
    expect(told.filter(([, what]) => what === 'idle').length).toBe(4);
    expect([reassembler.streams, reassembler.bytes]).toEqual([0, 0]);
  });

  it('stays bounded and in order, whatever comes', () => {
    const flags = fc.constantFrom(ACK, SYN, SYN | ACK, FIN | ACK, RST);
    const segment = fc.record({
      sequence: fc.oneof(fc.nat(3000), fc.nat(0xffffffff)),
      flags,
      acknowledgment: fc.nat(3000),
      port: fc.nat(3),
      back: fc.boolean(),
      length: fc.nat(200),
      wait: fc.nat(400),
    });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 80 }), fc.boolean(), (segments, trustAcknowledgments) => {
        const { push, reassembler } = watched({
          maxConnections: 3,
          maxStreamBytes: 1500,
          maxBytes: 3000,
          gapTimeout: 900,
          idleTimeout: 3000,
          trustAcknowledgments,
        });
        let now = 0;
        for (const { length, wait, ...rest } of segments) {
          now += wait;
          push({ ...rest, payload: filled(length) }, now);
          expect(reassembler.bytes).toBeLessThanOrEqual(3000);
          expect(reassembler.streams).toBeLessThanOrEqual(6);
        }
        reassembler.flush();
        expect([reassembler.bytes, reassembler.streams]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('what a handler throws costs no byte, gives none twice, and hangs nothing', () => {
    // Each call of the handler in turn throws, in streams that give up holes for each of the reasons that there are.
    for (const segments of [
      [100, 104, 106, 108, 102, 110],
      [100, 104, 108, 112, 116, 120, 124],
    ]) {
      for (let failing = 1; failing < 12; failing++) {
        let calls = 0;
        const told: string[] = [];
        const called = (what: string): void => {
          told.push(what);
          calls += 1;
          if (calls === failing) throw new Error('mine');
        };
        const reassembler = new TcpReassembler(
          {
            data: (_, bytes) => called(String.fromCharCode(...bytes)),
            gap: (_, length) => called('.'.repeat(length)),
            end: () => called(''),
          },
          { maxStreamBytes: 400, maxBytes: 600 },
        );
        const push = (source: number, sequence: number, flags: number = ACK): void => {
          const letters =
            sequence < 100 ? '' : `${String.fromCharCode(sequence - 3)}${String.fromCharCode(sequence - 2)}`;
          const packet = new Uint8Array(40 + letters.length);
          const ends = { source: CLIENT, destination: SERVER };
          encodeIpv4({ ...ends, protocol: 6, totalLength: packet.length }, packet);
          encodeTcp({ sourcePort: source, destinationPort: 80, sequence, flags }, packet, 20);
          packet.set(new TextEncoder().encode(letters), 40);
          const ip = new Ipv4View().decode(packet);
          try {
            reassembler.push(ip, new TcpView().decode(packet, 20), 0);
          } catch (error) {
            expect(error).toEqual(new Error('mine'));
          }
          expect(reassembler.bytes).toBeGreaterThanOrEqual(0);
          expect(reassembler.bytes).toBeLessThanOrEqual(600);
        };
        push(1, 99, SYN);
        for (const sequence of segments) push(1, sequence);
        const text = told.join('');
        // Each byte in its place: the letters are consecutive.
        for (const [at, letter] of [...text].entries())
          if (letter !== '.') expect(letter.charCodeAt(0), `${failing}: ${told.join('|')}`).toBe(97 + at);
        // Others that need the room find it.
        for (let port = 2; port < 8; port++) for (const sequence of [99, 104, 108]) push(port, sequence);
        try {
          reassembler.flush();
        } catch (error) {
          expect(error).toEqual(new Error('mine'));
        }
        expect([reassembler.bytes, reassembler.streams]).toEqual([0, 0]);
      }
    }
  });

  it('an ordered stream whose owner throws gives the rest at the next call', () => {
    const told: number[] = [];
    const held = { total: 0 };
    const stream = new OrderedStream({
      held,
      data: (bytes) => {
        told.push(...bytes);
        if (told.length === 2) throw new Error('mine');
      },
      gap: () => {},
    });
    stream.start(1);
    for (const at of [4, 3, 2]) stream.push(at, Uint8Array.of(at), 0);
    expect(() => stream.push(1, Uint8Array.of(1), 0)).toThrow('mine');
    expect(stream.skip()).toBe(true);
    expect([told, stream.bytes, held.total]).toEqual([[1, 2, 3, 4], 0, 0]);
  });

  it('refuses what is no handler and no bound', () => {
    expect(() => new TcpReassembler({} as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(() => watched({ maxBytes: 0 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    const type = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(() => watched(null as never)).toThrow(type);
    expect(() => watched().push({ sequence: 0 }, 5n as never)).toThrow(type);
    const { push, reassembler } = watched();
    push({ sequence: 0 }, 5.5);
    expect(() => reassembler.expire(undefined as never)).toThrow(type);
    expect(() => reassembler.expire(Number.NaN)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    reassembler.expire(5.7);
    expect(reassembler.streams).toBe(1);
    expect(() => watched().push({ sequence: 0 }, -1)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });
});
