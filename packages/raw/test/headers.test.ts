import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeArp } from '../src/arp.ts';
import { internetChecksum } from '../src/checksum.ts';
import { MalformedPacketError } from '../src/errors.ts';
import { encodeEthernet, ethernetHeaderLength } from '../src/ethernet.ts';
import { encodeEcho, encodeIcmp } from '../src/icmp.ts';
import { encodeIpv4 } from '../src/ipv4.ts';
import { encodeIpv6, type Ipv6Extension, ipv6HeaderLength } from '../src/ipv6.ts';
import { encodeTcp, tcpFlags } from '../src/tcp.ts';
import { decodeTcpOptions, encodeTcpOptions, type TcpOption } from '../src/tcp-options.ts';
import { encodeUdp } from '../src/udp.ts';
import {
  decodeArp,
  decodeEthernet,
  decodeIcmp,
  decodeIpv4,
  decodeIpv6,
  decodeTcp,
  decodeUdp,
} from './decoders.ts';
import { guarded } from './guarded.ts';
import { parseHex } from './hex.ts';

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const refusal = (code: string): object =>
  expect.objectContaining({ code, message: expect.stringMatching(/^[\w.]+ must be .+; got .+$/) });
const range = refusal('ERR_OUT_OF_RANGE');
const value = refusal('ERR_INVALID_ARG_VALUE');
const type = refusal('ERR_INVALID_ARG_TYPE');

/**
 * Encodes at an odd place of a larger buffer, checks that nothing else was touched, and decodes from there.
 */
function through<Header, Decoded>(
  header: Header,
  length: number,
  encode: (header: Header, into: Uint8Array, offset: number) => number,
  decode: (bytes: Uint8Array, offset: number) => Decoded,
): Decoded {
  const into = new Uint8Array(length + 6).fill(0xee);
  expect(encode(header, into, 3)).toBe(length);
  expect([...into.subarray(0, 3), ...into.subarray(-3)]).toEqual(Array(6).fill(0xee));
  expect(() => encode(header, new Uint8Array(length), 1)).toThrow(range);
  return decode(into.subarray(0, length + 3), 3);
}

describe('Ethernet', () => {
  it('comes back whole, tags and all', () => {
    const tag = fc.record({
      protocol: fc.constantFrom(0x8100, 0x88a8, 0x9100),
      priority: fc.nat(7),
      dropEligible: fc.boolean(),
      id: fc.nat(4095),
    });
    const header = fc.record({
      destination: bytesOf(6),
      source: bytesOf(6),
      tags: fc.array(tag, { maxLength: 4 }),
      etherType: u16.filter((type) => ![0x8100, 0x88a8, 0x9100].includes(type)),
    });
    fc.assert(
      fc.property(header, (given) => {
        const length = ethernetHeaderLength(given);
        expect(through(given, length, encodeEthernet, decodeEthernet)).toMatchObject({
          ...given,
          headerLength: length,
        });
      }),
    );
  });

  it('cuts the padding off where an 802.3 length says so', () => {
    const frame = parseHex('0180c2000000 020000000001 0003 424203 0000000000');
    expect([...decodeEthernet(frame).payload]).toEqual([0x42, 0x42, 0x03]);
  });

  it('says where a cut-off tag should be', () => {
    const frame = parseHex('020000000002 020000000001 8100 0005');
    expect(() => decodeEthernet(frame)).toThrow(
      expect.objectContaining({
        name: 'MalformedPacketError',
        header: 'VLAN tag',
        offset: 12,
        expected: '6 bytes or more',
        message: 'VLAN tag at offset 12 must be 6 bytes or more; got 4',
      }),
    );
    expect(() => decodeEthernet(frame.subarray(0, 13))).toThrow(MalformedPacketError);
  });

  it('refuses fields that do not fit', () => {
    const good = { destination: new Uint8Array(6), source: new Uint8Array(6), tags: [], etherType: 0x800 };
    const into = new Uint8Array(64);
    expect(() => encodeEthernet({ ...good, source: new Uint8Array(5) }, into)).toThrow(value);
    expect(() => encodeEthernet({ ...good, etherType: 0x10000 }, into)).toThrow(range);
    const tag = { protocol: 0x8100, priority: 0, dropEligible: false, id: 4096 };
    expect(() => encodeEthernet({ ...good, tags: [tag] }, into)).toThrow(range);
  });
});

describe('ARP', () => {
  it('comes back whole, whatever the lengths of its addresses', () => {
    const packet = fc.tuple(fc.nat(255), fc.nat(255)).chain(([hardware, protocol]) =>
      fc.record({
        hardwareType: u16,
        protocolType: u16,
        operation: u16,
        senderHardware: bytesOf(hardware),
        senderProtocol: bytesOf(protocol),
        targetHardware: bytesOf(hardware),
        targetProtocol: bytesOf(protocol),
      }),
    );
    fc.assert(
      fc.property(packet, (given) => {
        const length = 8 + 2 * given.senderHardware.length + 2 * given.senderProtocol.length;
        expect(through(given, length, encodeArp, decodeArp)).toMatchObject({
          ...given,
          headerLength: length,
        });
      }),
    );
  });

  it('refuses addresses of one kind that differ in length', () => {
    const [four, six] = [new Uint8Array(4), new Uint8Array(6)];
    const packet = {
      hardwareType: 1,
      protocolType: 0x800,
      operation: 1,
      senderHardware: six,
      senderProtocol: four,
    };
    const into = new Uint8Array(64);
    expect(() => encodeArp({ ...packet, targetHardware: four, targetProtocol: four }, into)).toThrow(value);
    expect(() => encodeArp({ ...packet, targetHardware: six, targetProtocol: six }, into)).toThrow(value);
  });
});

describe('IPv4', () => {
  const header = fc.record({
    typeOfService: u8,
    totalLength: fc.integer({ min: 61, max: 0xffff }),
    identification: u16,
    reserved: fc.boolean(),
    dontFragment: fc.boolean(),
    moreFragments: fc.boolean(),
    fragmentOffset: fc.nat(0x1fff).map((units) => units * 8),
    timeToLive: u8,
    protocol: u8,
    source: bytesOf(4),
    destination: bytesOf(4),
    options: fc.nat(10).chain((wordCount) => bytesOf(wordCount * 4)),
  });

  it('comes back whole, with a checksum that adds up', () => {
    fc.assert(
      fc.property(header, (given) => {
        const length = 20 + given.options.length;
        const decoded = through(given, length, encodeIpv4, decodeIpv4);
        expect(decoded).toMatchObject({ ...given, headerLength: length, truncated: true });
        const alone = new Uint8Array(length);
        encodeIpv4(given, alone);
        expect(internetChecksum(alone)).toBe(0);
        encodeIpv4({ ...given, checksum: 0x1234 }, alone);
        expect(decodeIpv4(alone).checksum).toBe(0x1234);
      }),
    );
  });

  it('leaves link-layer padding out of the payload, and keeps all of a segment without length', () => {
    const bytes = new Uint8Array(46);
    const base = { source: new Uint8Array(4), destination: new Uint8Array(4), protocol: 17 };
    encodeIpv4({ ...base, totalLength: 28 }, bytes);
    expect(decodeIpv4(bytes)).toMatchObject({ truncated: false, payload: { length: 8 } });
    encodeIpv4({ ...base, totalLength: 0 }, bytes);
    expect(decodeIpv4(bytes)).toMatchObject({ truncated: false, payload: { length: 26 } });
  });

  it.each([
    ['version', { 0: 0x55 }, 0],
    ['header length', { 0: 0x44 }, 0],
    ['header length above the bytes', { 0: 0x4f }, 0],
    ['total length', { 3: 19 }, 2],
  ])('refuses a wrong %s and says where', (_, changes, offset) => {
    const bytes = new Uint8Array(28);
    const base = { source: new Uint8Array(4), destination: new Uint8Array(4), protocol: 17, totalLength: 28 };
    encodeIpv4(base, bytes);
    Object.assign(bytes, changes);
    expect(() => decodeIpv4(bytes)).toThrow(expect.objectContaining({ header: 'IPv4', offset }));
  });

  it('refuses fields that do not fit', () => {
    const good = { source: new Uint8Array(4), destination: new Uint8Array(4), protocol: 17, totalLength: 20 };
    const into = new Uint8Array(64);
    expect(() => encodeIpv4({ ...good, options: new Uint8Array(3) }, into)).toThrow(value);
    expect(() => encodeIpv4({ ...good, options: new Uint8Array(44) }, into)).toThrow(value);
    expect(() => encodeIpv4({ ...good, fragmentOffset: 7 }, into)).toThrow(value);
    expect(() => encodeIpv4({ ...good, fragmentOffset: 65_536 }, into)).toThrow(range);
    expect(() => encodeIpv4({ ...good, timeToLive: -1 }, into)).toThrow(range);
  });
});

describe('IPv6', () => {
  const plain = (type: number) =>
    fc.tuple(fc.nat(5), fc.uint8Array({ minLength: 48, maxLength: 48 })).map(([units, fill]) => {
      const bytes = fill.slice(0, (units + 1) * 8);
      bytes[1] = units;
      return { type, bytes };
    });
  const authentication = fc.tuple(fc.integer({ min: 1, max: 8 }), bytesOf(40)).map(([words, fill]) => {
    const bytes = fill.slice(0, (words + 2) * 4);
    bytes[1] = words;
    return { type: 51, bytes };
  });
  const extension = fc.oneof(authentication, ...[0, 43, 60, 135, 139, 140].map(plain));
  const header = fc.record({
    trafficClass: u8,
    flowLabel: fc.nat(0xfffff),
    hopLimit: u8,
    source: bytesOf(16),
    destination: bytesOf(16),
    extensions: fc.array(extension, { maxLength: 5 }),
    protocol: fc.constantFrom(6, 17, 50, 58, 59, 255),
  });

  it('comes back whole, its chain of extension headers too', () => {
    fc.assert(
      fc.property(header, (fields) => {
        const length = ipv6HeaderLength(fields);
        const given = { ...fields, payloadLength: length - 40 };
        const decoded = through(given, length, encodeIpv6, decodeIpv6);
        const chain = decoded.extensions.map(({ bytes }) => bytes[0]);
        expect(chain).toEqual([...fields.extensions.map(({ type }) => type), fields.protocol].slice(1));
        // Each one's first byte is the next one's number.
        const cut = (list: readonly Ipv6Extension[]) =>
          list.map(({ type, bytes }) => ({ type, bytes: [...bytes.subarray(1)] }));
        expect(cut(decoded.extensions)).toEqual(cut(given.extensions));
        const { extensions, ...rest } = given;
        expect(decoded).toMatchObject({
          ...rest,
          extensionCount: extensions.length,
          headerLength: length,
          truncated: false,
          hasFragment: false,
        });
      }),
    );
  });

  it('reads a fragment header, and walks no further behind one that is not the first', () => {
    const bytes = new Uint8Array(56);
    const base = {
      source: new Uint8Array(16),
      destination: new Uint8Array(16),
      payloadLength: 16,
      protocol: 60,
    };
    const fragment = { type: 44, bytes: parseHex('00 00 05a9 01020304') };
    encodeIpv6({ ...base, extensions: [fragment] }, bytes);
    expect(decodeIpv6(bytes)).toMatchObject({
      protocol: 60,
      headerLength: 48,
      fragmentOffset: 0x5a8,
      moreFragments: true,
      identification: 0x01020304,
      fragmentHeaderOffset: 40,
    });
  });

  it('refuses an extension header that runs past the packet, though there are bytes', () => {
    const bytes = new Uint8Array(80);
    const base = {
      source: new Uint8Array(16),
      destination: new Uint8Array(16),
      payloadLength: 8,
      protocol: 17,
    };
    encodeIpv6({ ...base, extensions: [{ type: 60, bytes: parseHex('11 00 0104 00000000') }] }, bytes);
    bytes[41] = 1;
    expect(() => decodeIpv6(bytes)).toThrow(
      expect.objectContaining({ header: 'IPv6 extension header', offset: 40 }),
    );
    bytes[0] = 0x45;
    expect(() => decodeIpv6(bytes)).toThrow(expect.objectContaining({ header: 'IPv6', offset: 0 }));
  });

  it('refuses extension headers whose length is not what they say', () => {
    const base = {
      source: new Uint8Array(16),
      destination: new Uint8Array(16),
      payloadLength: 8,
      protocol: 17,
    };
    const into = new Uint8Array(128);
    const wrong = parseHex('11 01 0104 00000000');
    expect(() => encodeIpv6({ ...base, extensions: [{ type: 60, bytes: wrong }] }, into)).toThrow(value);
    expect(() => encodeIpv6({ ...base, flowLabel: 0x100000 }, into)).toThrow(range);
  });
});

describe('UDP, ICMP and TCP', () => {
  it('UDP comes back whole', () => {
    const header = fc.record({
      sourcePort: u16,
      destinationPort: u16,
      length: fc.integer({ min: 8, max: 0xffff }),
      checksum: u16,
    });
    fc.assert(
      fc.property(header, (given) => {
        const decoded = through(given, 8, encodeUdp, decodeUdp);
        expect(decoded).toMatchObject({ ...given, headerLength: 8, truncated: given.length > 8 });
      }),
    );
    expect(() => decodeUdp(parseHex('0001 0002 0007 0000'))).toThrow(
      expect.objectContaining({ header: 'UDP', offset: 4 }),
    );
  });

  it('ICMP comes back whole, an echo in words too', () => {
    const header = fc.record({ type: u8, code: u8, checksum: u16, rest: u32 });
    fc.assert(
      fc.property(header, (given) => {
        expect(through(given, 8, encodeIcmp, decodeIcmp)).toMatchObject({ ...given, headerLength: 8 });
        const { identifier, sequence } = through(given, 8, encodeIcmp, decodeIcmp);
        expect(encodeEcho({ identifier, sequence })).toBe(given.rest);
      }),
    );
    expect(encodeEcho({ identifier: 0xfffe, sequence: 1 })).toBe(0xfffe0001);
  });

  it('TCP comes back whole', () => {
    const header = fc.record({
      sourcePort: u16,
      destinationPort: u16,
      sequence: u32,
      acknowledgment: u32,
      flags: fc.nat(0xfff),
      window: u16,
      checksum: u16,
      urgentPointer: u16,
      options: fc.nat(10).chain((wordCount) => bytesOf(wordCount * 4)),
    });
    fc.assert(
      fc.property(header, (given) => {
        const length = 20 + given.options.length;
        expect(through(given, length, encodeTcp, decodeTcp)).toMatchObject({
          ...given,
          headerLength: length,
        });
      }),
    );
    const short = new Uint8Array(20);
    expect(() => decodeTcp(short)).toThrow(expect.objectContaining({ header: 'TCP', offset: 12 }));
  });

  it('reads the flags and options of a SYN as Linux sends it', () => {
    const syn = decodeTcp(
      parseHex(
        'c3e7 a112 8af1c1b0 00000000 a0c2 ffd7 fe30 0000 0204ffd7 0402 080a d2f1a8b6 00000000 01 030307',
      ),
    );
    expect(syn.flags).toBe(tcpFlags.SYN | tcpFlags.ECE | tcpFlags.CWR);
    expect(decodeTcpOptions(syn.options)).toEqual([
      { name: 'maximumSegmentSize', size: 65_495 },
      { name: 'sackPermitted' },
      { name: 'timestamps', value: 0xd2f1a8b6, echo: 0 },
      { name: 'noOperation' },
      { name: 'windowScale', shift: 7 },
    ]);
  });
});

describe('TCP options', () => {
  const block = fc.record({ left: u32, right: u32 });
  const option: fc.Arbitrary<TcpOption> = fc.oneof(
    fc.constant<TcpOption>({ name: 'noOperation' }),
    fc.record({ name: fc.constant('maximumSegmentSize' as const), size: u16 }),
    fc.record({ name: fc.constant('windowScale' as const), shift: u8 }),
    fc.constant<TcpOption>({ name: 'sackPermitted' }),
    fc.record({
      name: fc.constant('sack' as const),
      blocks: fc.array(block, { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ name: fc.constant('timestamps' as const), value: u32, echo: u32 }),
    fc.record({
      name: fc.constant('unknown' as const),
      kind: fc.constantFrom(9, 19, 28, 30, 253),
      data: fc.uint8Array({ maxLength: 12 }),
    }),
  );

  it('come back as they were, padded to whole words; what is too much is refused', () => {
    fc.assert(
      fc.property(fc.array(option, { maxLength: 6 }), (list) => {
        let bytes: Uint8Array;
        try {
          bytes = encodeTcpOptions(list);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
          return;
        }
        expect(bytes.length % 4).toBe(0);
        expect(decodeTcpOptions(bytes).filter(({ name }) => name !== 'end')).toEqual(list);
      }),
    );
  });

  it.each([
    ['0200', 1],
    ['02', 0],
    ['0203 01', 1],
    ['0802', 1],
    ['0508 00000000 0000', 1],
    ['0101 1e08 00', 2],
  ])('%s is refused at offset %i', (text, offset) => {
    expect(() => decodeTcpOptions(parseHex(text))).toThrow(
      expect.objectContaining({ header: 'TCP option', offset }),
    );
  });
});

describe('any bytes at all', () => {
  const decoders = { decodeArp, decodeEthernet, decodeIcmp, decodeIpv4, decodeIpv6, decodeTcp, decodeUdp };
  const shaped = fc
    .tuple(fc.constantFrom(0x45, 0x4f, 0x60, 0x00), fc.uint8Array({ maxLength: 120 }))
    .map(([first, rest]) => Uint8Array.of(first, ...rest));

  it.each(
    Object.entries(decoders),
  )('%s decodes or throws the typed error, and reads nothing outside', (_, decode) => {
    fc.assert(
      fc.property(fc.oneof(shaped, fc.uint8Array({ maxLength: 80 })), fc.nat(90), (bytes, offset) => {
        try {
          const decoded = decode(guarded(bytes), offset);
          expect(offset + decoded.headerLength).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPacketError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(Object.entries(decoders))('%s refuses what is not bytes and no offset', (_, decode) => {
    expect(() => decode('45' as never)).toThrow(type);
    expect(() => decode(new Uint8Array(80), -1)).toThrow(range);
    expect(() => decode(new Uint8Array(80), 0.5)).toThrow(range);
    expect(() => decode(new Uint8Array(80), '0' as never)).toThrow(type);
  });
});
