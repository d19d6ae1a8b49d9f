import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DhcpView, dhcpLength, encodeDhcp } from '../src/dhcp.ts';
import { MalformedPacketError } from '../src/errors.ts';
import { encodeGre, GreView } from '../src/gre.ts';
import { encodeIgmp, IgmpView, igmpTypes } from '../src/igmp.ts';
import { decodeIpv4Options, encodeIpv4Options, type Ipv4Option } from '../src/ipv4-options.ts';
import { encodeLlc, LlcView } from '../src/llc.ts';
import { encodeLoopback, LoopbackView } from '../src/loopback.ts';
import { encodeMld, MldView } from '../src/mld.ts';
import { encodeMpls, MplsView } from '../src/mpls.ts';
import { encodeNdp, encodeNdpOption, NdpView, ndpOptionLayout } from '../src/ndp.ts';
import { OptionCursor } from '../src/options.ts';
import { encodePpp, encodePppoe, encodePppoeTag, PppoeTagCursor, PppoeView, PppView } from '../src/pppoe.ts';
import {
  encodeSctp,
  encodeSctpChunk,
  fillSctpChecksum,
  SctpChunkCursor,
  SctpView,
  sctpChecksum,
} from '../src/sctp.ts';
import { encodeSll, encodeSll2, Sll2View, SllView } from '../src/sll.ts';
import type { HeaderView } from '../src/view.ts';
import { encodeVxlan, VxlanView } from '../src/vxlan.ts';
import { parseHex } from './hex.ts';

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const code = (name: string): object => expect.objectContaining({ code: name });
const range = code('ERR_OUT_OF_RANGE');
const value = code('ERR_INVALID_ARG_VALUE');

/**
 * Writes at an odd place of a larger buffer, checks that nothing else was touched and that one byte less is refused,
 * and lays a view there that has been elsewhere before; cut anywhere it is refused, or it is shorter.
 */
function through<Fields, View extends HeaderView>(
  fields: Fields,
  encode: (fields: Fields, into: Uint8Array, offset: number) => number,
  Of: new () => View,
): View {
  const scratch = new Uint8Array(70_000);
  const length = encode(fields, scratch, 0);
  const into = new Uint8Array(length + 6).fill(0xee);
  expect(encode(fields, into, 3)).toBe(length);
  expect([...into.subarray(0, 3), ...into.subarray(-3)]).toEqual(Array(6).fill(0xee));
  expect(into.subarray(3, -3)).toEqual(scratch.subarray(0, length));
  expect(() => encode(fields, new Uint8Array(length), 1)).toThrow(range);
  const view = new Of().decode(into, 3, length + 3);
  expect(view.headerLength).toBe(length);
  const again = new Uint8Array(length);
  return view.decode(again.map((_, at) => into[at + 3]!));
}

describe('LLC', () => {
  it('comes back whole: unnumbered, information, SNAP', () => {
    const plain = fc.record({
      dsap: u8,
      ssap: u8,
      control: fc.constantFrom(3, 0x7f, 0x0100, 0xfe02, 0x0401),
    });
    fc.assert(
      fc.property(plain, (given) => {
        if (given.dsap === 0xaa) return;
        expect(through(given, encodeLlc, LlcView)).toMatchObject({ ...given, snap: false, oui: undefined });
      }),
    );
    const snap = { dsap: 0xaa, ssap: 0xab, control: 3, oui: 0x00000c, protocolId: 0x2000 };
    expect(through(snap, encodeLlc, LlcView)).toMatchObject({ ...snap, snap: true, headerLength: 8 });
  });

  it('refuses SNAP by halves', () => {
    const into = new Uint8Array(8);
    expect(() => encodeLlc({ dsap: 0xaa, ssap: 0xaa, control: 3 }, into)).toThrow(value);
    expect(() => encodeLlc({ dsap: 0x42, ssap: 0x42, control: 3, oui: 0, protocolId: 1 }, into)).toThrow(
      value,
    );
    expect(() => new LlcView().decode(parseHex('aaaa03 000000 08'))).toThrow(MalformedPacketError);
    expect(() => new LlcView().decode(parseHex('424200'))).toThrow(
      /LLC at offset 0 must be 4 bytes or more; got 3/,
    );
  });
});

describe('groups', () => {
  const record = (size: number) =>
    fc.record({
      type: u8,
      group: bytesOf(size),
      sources: fc.array(bytesOf(size), { maxLength: 4 }),
      auxiliary: fc.nat(3).chain((words) => bytesOf(4 * words)),
    });

  it('IGMP comes back whole, all three versions', () => {
    const query = fc.record({
      type: fc.constant(igmpTypes.QUERY),
      maxResponse: u8,
      checksum: u16,
      group: bytesOf(4),
      queryFlags: u8,
      queryInterval: u8,
      sources: fc.array(bytesOf(4), { maxLength: 6 }),
    });
    const report = fc.record({
      type: fc.constant(igmpTypes.REPORT_V3),
      maxResponse: u8,
      checksum: u16,
      records: fc.array(record(4), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(
        query,
        (given) => void expect(through(given, encodeIgmp, IgmpView)).toMatchObject({ ...given, version: 3 }),
      ),
    );
    fc.assert(
      fc.property(
        report,
        (given) => void expect(through(given, encodeIgmp, IgmpView)).toMatchObject({ ...given, version: 3 }),
      ),
    );
    const old = { type: igmpTypes.REPORT_V2, maxResponse: 0, group: parseHex('e0000116') };
    expect(through(old, encodeIgmp, IgmpView)).toMatchObject({ ...old, version: 2, checksum: 0x08e9 });
    const query1 = { type: igmpTypes.QUERY, group: new Uint8Array(4) };
    expect(through(query1, encodeIgmp, IgmpView)).toMatchObject({
      version: 1,
      queryFlags: undefined,
      sources: [],
    });
  });

  it('MLD comes back whole, both versions', () => {
    const query = fc.record({
      type: fc.constant(130),
      maxResponse: u16,
      checksum: u16,
      group: bytesOf(16),
      queryFlags: u8,
      queryInterval: u8,
      sources: fc.array(bytesOf(16), { maxLength: 3 }),
    });
    const report = fc.record({
      type: fc.constant(143),
      checksum: u16,
      records: fc.array(record(16), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(query, (given) => void expect(through(given, encodeMld, MldView)).toMatchObject(given)),
    );
    fc.assert(
      fc.property(report, (given) => void expect(through(given, encodeMld, MldView)).toMatchObject(given)),
    );
    const done = { type: 132, maxResponse: 0, group: new Uint8Array(16).fill(7) };
    expect(through(done, encodeMld, MldView)).toMatchObject({ ...done, queryFlags: undefined, records: [] });
    expect(() => encodeMld({ type: 133 }, new Uint8Array(40))).toThrow(value);
    expect(() => new MldView().decode(new Uint8Array(40))).toThrow(/a type of 130 to 132 or 143/);
  });

  it('refuses counts that lie', () => {
    const report = parseHex('22 00 0000 0000 ffff 04000001 e0000001 00000000 00000000');
    expect(() => new IgmpView().decode(report)).toThrow(
      expect.objectContaining({ header: 'IGMP record', offset: 20 }),
    );
    const query = parseHex('11 00 0000 e0000001 00 00 0002 01020304 0000');
    expect(() => new IgmpView().decode(query)).toThrow(MalformedPacketError);
    expect(() => new MldView().decode(parseHex('8f 00 0000 0000 0001 04 ff 0000'))).toThrow(
      MalformedPacketError,
    );
  });
});

describe('neighbour discovery', () => {
  it('comes back whole, each message with its fields alone', () => {
    const checksum = u16;
    const target = bytesOf(16);
    const solicit = fc.record({ type: fc.constantFrom(135, 136), checksum, target });
    fc.assert(
      fc.property(solicit, u8, (given, bits) => {
        const advert = given.type === 136;
        const message = { ...given, flags: bits };
        expect(through(message, encodeNdp, NdpView)).toMatchObject({
          ...given,
          flags: advert ? bits : undefined,
          hopLimit: undefined,
          destination: undefined,
        });
      }),
    );
    const advertisement = fc.record({
      type: fc.constant(134),
      checksum,
      hopLimit: u8,
      flags: u8,
      routerLifetime: u16,
      reachableTime: u32,
      retransmitTimer: u32,
    });
    fc.assert(
      fc.property(advertisement, (given) => {
        expect(through(given, encodeNdp, NdpView)).toMatchObject({ ...given, target: undefined });
      }),
    );
    const redirect = {
      type: 137,
      checksum: 1,
      target: new Uint8Array(16).fill(1),
      destination: new Uint8Array(16).fill(2),
    };
    expect(through(redirect, encodeNdp, NdpView)).toMatchObject(redirect);
    expect(() => encodeNdp({ type: 135 }, new Uint8Array(24))).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => new NdpView().decode(new Uint8Array(24))).toThrow(/a type from 133 to 137; got 0/);
  });

  it('options: written, walked, and refused when their length is 0', () => {
    const bytes = new Uint8Array(24);
    const mac = parseHex('020000000001');
    expect(encodeNdpOption(1, mac, bytes)).toBe(8);
    expect(encodeNdpOption(25, new Uint8Array(9).fill(5), bytes, 8)).toBe(16);
    const cursor = new OptionCursor(ndpOptionLayout).start(bytes);
    expect([cursor.next(), cursor.kind, [...cursor.data]]).toEqual([true, 1, [...mac]]);
    expect([cursor.next(), cursor.kind, cursor.length, cursor.offset]).toEqual([true, 25, 16, 8]);
    expect(cursor.next()).toBe(false);
    bytes[9] = 0;
    cursor.start(bytes, 8);
    expect(() => cursor.next()).toThrow(expect.objectContaining({ header: 'NDP option', offset: 9 }));
    bytes[9] = 3;
    expect(() => cursor.start(bytes, 8).next()).toThrow(
      /NDP option at offset 8 must be 24 bytes or more; got 16/,
    );
    expect(() => encodeNdpOption(1, new Uint8Array(2039), new Uint8Array(4096))).toThrow(value);
  });
});

describe('SCTP', () => {
  it('comes back whole', () => {
    const header = fc.record({ sourcePort: u16, destinationPort: u16, verificationTag: u32, checksum: u32 });
    fc.assert(
      fc.property(header, (given) => void expect(through(given, encodeSctp, SctpView)).toMatchObject(given)),
    );
  });

  it('walks chunks with and without padding at the end', () => {
    const chunk = fc.record({ type: u8, flags: u8, value: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 1, maxLength: 5 }), fc.boolean(), (chunks, cut) => {
        const bytes = new Uint8Array(300);
        let end = 0;
        let last = 0;
        for (const one of chunks) {
          last = end + 4 + one.value.length;
          end += encodeSctpChunk(one, bytes, end);
        }
        const cursor = new SctpChunkCursor().start(bytes, 0, cut ? last : end);
        const found = [];
        while (cursor.next()) found.push({ type: cursor.type, flags: cursor.flags, value: cursor.value });
        expect(found).toEqual(chunks);
      }),
    );
    const cursor = new SctpChunkCursor();
    expect(() => cursor.start(parseHex('00030003')).next()).toThrow(
      /SCTP chunk at offset 2 must be a length of at least 4/,
    );
    expect(() => cursor.start(parseHex('00030005')).next()).toThrow(MalformedPacketError);
    expect(() => cursor.start(parseHex('0003')).next()).toThrow(MalformedPacketError);
  });

  it('CRC32c: the vector of RFC 3720, appendix B.4, and a packet of its own', () => {
    // 32 bytes of zeros have the CRC aa 36 91 8a; the field, which counts as zero, is among them.
    expect(sctpChecksum(new Uint8Array(32).fill(0xff, 8, 12))).toBe(0xaa36918a);
    const packet = Uint8Array.from({ length: 45 }, (_, at) => at * 7);
    const checksum = fillSctpChecksum(packet, 1, 44);
    expect(new SctpView().decode(packet, 1).checksum).toBe(checksum);
    expect(sctpChecksum(packet, 1, 44)).toBe(checksum);
    packet[40]! ^= 1;
    expect(sctpChecksum(packet, 1, 44)).not.toBe(checksum);
    expect(() => sctpChecksum(new Uint8Array(11))).toThrow(MalformedPacketError);
  });
});

describe('tunnels', () => {
  it('GRE comes back whole, whichever fields there are', () => {
    const header = fc.record({
      version: fc.constant<0 | 1>(0),
      protocol: u16,
      checksum: maybe(u16),
      key: maybe(u32),
      sequence: maybe(u32),
      acknowledgment: fc.constant(undefined),
    });
    fc.assert(
      fc.property(header, (given) => void expect(through(given, encodeGre, GreView)).toMatchObject(given)),
    );
    const pptp = { version: 1 as const, protocol: 0x880b, key: 0x0000_0007, sequence: 5, acknowledgment: 9 };
    expect(through(pptp, encodeGre, GreView)).toMatchObject(pptp);
    expect(() => encodeGre({ version: 0, protocol: 1, acknowledgment: 1 }, new Uint8Array(32))).toThrow(
      value,
    );
    expect(() => new GreView().decode(parseHex('4000 0800 00000000'))).toThrow(/without routing information/);
    expect(() => new GreView().decode(parseHex('0002 0800'))).toThrow(/version 0 or 1; got 2/);
    expect(() => new GreView().decode(parseHex('b000 0800 00000000'))).toThrow(/16 bytes or more; got 8/);
  });

  it("PPTP's payload is as long as its key says", () => {
    const bytes = parseHex('3001 880b 0003 0001 00000005 c02101 ffff');
    const view = new GreView().decode(bytes);
    expect([view.payload.length, view.truncated, view.acknowledgment]).toEqual([3, false, undefined]);
    expect(view.decode(bytes, 0, 14)).toMatchObject({ truncated: true, payloadEnd: 14 });
  });

  it('VXLAN, MPLS, PPPoE, PPP come back whole', () => {
    const vxlan = fc.record({ flags: u16, groupPolicy: u16, networkId: fc.nat(0xffffff) });
    fc.assert(
      fc.property(vxlan, (given) => void expect(through(given, encodeVxlan, VxlanView)).toMatchObject(given)),
    );
    const entry = fc.record({ label: fc.nat(0xfffff), trafficClass: fc.nat(7), timeToLive: u8 });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 6 }), (given) => {
        const view = through(given, encodeMpls, MplsView);
        expect([view.entries, view.entryCount, view.entry(given.length)]).toEqual([given, given.length, 0]);
      }),
    );
    expect(() => encodeMpls([], new Uint8Array(4))).toThrow(value);
    expect(() => new MplsView().decode(parseHex('00000000 0000'))).toThrow(
      expect.objectContaining({ offset: 4 }),
    );
    const pppoe = fc.record({ version: fc.nat(15), type: fc.nat(15), code: u8, sessionId: u16, length: u16 });
    fc.assert(
      fc.property(pppoe, (given) => void expect(through(given, encodePppoe, PppoeView)).toMatchObject(given)),
    );
    for (const framed of [false, true]) {
      const ppp = through(0x0021, (protocol, into, at) => encodePpp(protocol, into, at, framed), PppView);
      expect(ppp).toMatchObject({ protocol: 0x0021, framed });
    }
    expect(new PppView().decode(parseHex('2145'))).toMatchObject({ protocol: 0x21, headerLength: 1 });
    expect(new PppView().decode(parseHex('ff032145'))).toMatchObject({ protocol: 0x21, framed: true });
    expect(() => new PppView().decode(parseHex('0020'))).toThrow(/a protocol that is odd/);
    expect(() => new PppView().decode(parseHex('c0'))).toThrow(MalformedPacketError);
  });

  it("PPPoE's tags", () => {
    const bytes = new Uint8Array(40);
    const name = new TextEncoder().encode('isp');
    const at = encodePppoeTag(0x0101, new Uint8Array(0), bytes);
    const end = at + encodePppoeTag(0x0102, name, bytes, at);
    const cursor = new PppoeTagCursor().start(bytes, 0, end);
    expect([cursor.next(), cursor.type, cursor.value.length]).toEqual([true, 0x0101, 0]);
    expect([cursor.next(), cursor.type, [...cursor.value], cursor.offset]).toEqual([
      true,
      0x0102,
      [...name],
      4,
    ]);
    expect([cursor.next(), cursor.next()]).toEqual([false, false]);
    cursor.start(bytes, 0, end - 1).next();
    expect(() => cursor.next()).toThrow(expect.objectContaining({ header: 'PPPoE tag', offset: 4 }));
    // The end-of-list tag.
    expect(cursor.start(bytes, end).next()).toBe(false);
  });
});

describe("Linux's cooked headers", () => {
  it('come back whole', () => {
    const fields = {
      packetType: u8,
      hardwareType: u16,
      address: fc.uint8Array({ maxLength: 8 }),
      protocol: u16,
    };
    fc.assert(
      fc.property(fc.record(fields), (given) => {
        const { length } = given.address;
        expect(through(given, encodeSll, SllView)).toMatchObject({ ...given, addressLength: length });
      }),
    );
    fc.assert(
      fc.property(fc.record({ ...fields, ifindex: u32 }), (given) => {
        expect(through(given, encodeSll2, Sll2View)).toMatchObject(given);
      }),
    );
    const long = {
      packetType: 0,
      hardwareType: 32,
      address: new Uint8Array(8),
      addressLength: 20,
      protocol: 0x0800,
    };
    expect(through(long, encodeSll, SllView)).toMatchObject(long);
    expect(() => encodeSll({ ...long, address: new Uint8Array(9) }, new Uint8Array(16))).toThrow(value);
  });
});

describe("BSD's loopback", () => {
  it('comes back whole, and is read in either byte order', () => {
    expect(through(30, encodeLoopback, LoopbackView)).toMatchObject({ family: 30, headerLength: 4 });
    expect(new LoopbackView().decode(parseHex('1c000000')).family).toBe(28);
    expect(() => encodeLoopback(-1, new Uint8Array(4))).toThrow(range);
  });
});

describe('DHCP', () => {
  const fields = {
    operation: u8,
    hardwareType: u8,
    hops: u8,
    transaction: u32,
    seconds: u16,
    flags: u16,
    clientAddress: bytesOf(4),
    yourAddress: bytesOf(4),
    serverAddress: bytesOf(4),
    gatewayAddress: bytesOf(4),
    hardwareAddress: fc.uint8Array({ maxLength: 16 }),
    serverName: bytesOf(64),
    file: bytesOf(128),
  };
  const option = fc.record({
    code: fc.integer({ min: 1, max: 254 }).filter((number) => number !== 52),
    data: fc.uint8Array({ maxLength: 600 }),
  });

  it('BOOTP and DHCP come back whole, options longer than 255 bytes too', () => {
    const options = fc.uniqueArray(option, { selector: ({ code }) => code, maxLength: 5 });
    fc.assert(
      fc.property(fc.record(fields), options, (given, list) => {
        const { headerLength, payloadEnd, ...rest } = { ...given, headerLength: 0, payloadEnd: 0 };
        const bytes = new Uint8Array(dhcpLength({ options: list }) + 9);
        encodeDhcp({ ...rest, options: list }, bytes, 5);
        const view = new DhcpView().decode(bytes, 5);
        expect(view).toMatchObject({ ...rest, hasOptions: true });
        expect(view.options).toEqual(list);
        expect(through(rest, encodeDhcp, DhcpView)).toMatchObject({
          ...rest,
          hasOptions: false,
          options: [],
        });
      }),
    );
  });

  it('finds options in the file and the name where option 52 says so', () => {
    const file = new Uint8Array(128);
    file.set(parseHex('0c 03 666f6f ff'));
    const serverName = new Uint8Array(64);
    serverName.set(parseHex('00 43 02 6261 43 01 72 ff'));
    const options = [
      { code: 53, data: Uint8Array.of(5) },
      { code: 52, data: Uint8Array.of(3) },
    ];
    const bytes = new Uint8Array(400);
    encodeDhcp({ operation: 2, file, serverName, options }, bytes);
    const view = new DhcpView().decode(bytes);
    expect(view.messageType).toBe(5);
    expect(Buffer.from(view.option(12) ?? []).toString()).toBe('foo');
    expect(Buffer.from(view.option(67) ?? []).toString()).toBe('bar');
    expect(view.option(3)).toBeUndefined();
  });

  it('refuses what does not fit, and options that run over the end', () => {
    const into = new Uint8Array(600);
    expect(() => encodeDhcp({ operation: 1, clientAddress: new Uint8Array(3) }, into)).toThrow(value);
    expect(() => encodeDhcp({ operation: 1, serverName: new Uint8Array(65) }, into)).toThrow(value);
    expect(() => encodeDhcp({ operation: 1, hardwareAddress: new Uint8Array(17) }, into)).toThrow(value);
    expect(() =>
      encodeDhcp({ operation: 1, options: [{ code: 255, data: into.subarray(0, 1) }] }, into),
    ).toThrow(value);
    encodeDhcp({ operation: 1, options: [{ code: 53, data: Uint8Array.of(1) }] }, into);
    const view = new DhcpView().decode(into, 0, 242);
    expect(() => view.options).toThrow(expect.objectContaining({ header: 'DHCP option', offset: 240 }));
    expect(() => new DhcpView().decode(into, 0, 235)).toThrow(MalformedPacketError);
  });
});

describe("IPv4's options", () => {
  const address = bytesOf(4);
  const option: fc.Arbitrary<Ipv4Option> = fc.oneof(
    fc.record({
      name: fc.constantFrom(
        'recordRoute' as const,
        'looseSourceRoute' as const,
        'strictSourceRoute' as const,
      ),
      pointer: u8,
      addresses: fc.array(address, { maxLength: 3 }),
    }),
    fc.record({
      name: fc.constant('timestamp' as const),
      pointer: u8,
      overflow: fc.nat(15),
      flag: fc.nat(15),
      words: fc.array(u32, { maxLength: 3 }),
    }),
    fc.record({ name: fc.constant('routerAlert' as const), value: u16 }),
    fc.constant({ name: 'noOperation' as const }),
    fc.record({
      name: fc.constant('unknown' as const),
      kind: fc.constant(130),
      data: fc.uint8Array({ maxLength: 5 }),
    }),
  );

  it('come back, up to the padding', () => {
    fc.assert(
      fc.property(fc.array(option, { maxLength: 4 }), (list) => {
        let bytes: Uint8Array;
        try {
          bytes = encodeIpv4Options(list);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
          return;
        }
        const again = decodeIpv4Options(bytes);
        expect(again.filter(({ name }) => name !== 'end')).toEqual(list);
      }),
      { numRuns: 500 },
    );
  });

  it('are refused when a length is below 2 or runs over', () => {
    expect(() => decodeIpv4Options(parseHex('01 07 01 00'))).toThrow(
      expect.objectContaining({ header: 'IPv4 option', offset: 2 }),
    );
    expect(() => decodeIpv4Options(parseHex('94 05 0000'))).toThrow(MalformedPacketError);
    expect(() => decodeIpv4Options(parseHex('94'))).toThrow(MalformedPacketError);
    expect(decodeIpv4Options(parseHex('44 02 00 ff'))).toEqual([
      { name: 'unknown', kind: 0x44, data: new Uint8Array(0) },
      { name: 'end' },
    ]);
  });
});
