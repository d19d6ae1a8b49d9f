import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeDissection } from '../src/describe.ts';
import { DhcpView } from '../src/dhcp.ts';
import { dissect, dissectPayload, linkTypes } from '../src/dissect.ts';
import { Dissection, MAX_LAYERS } from '../src/dissection.ts';
import { DnsCursor } from '../src/dns.ts';
import { decodeDnsRecord } from '../src/dns-record.ts';
import { MalformedPacketError } from '../src/errors.ts';
import { decodeIpv4Options } from '../src/ipv4-options.ts';
import { Ipv6ExtensionCursor, ipv6ExtensionTypes, ipv6OptionLayout } from '../src/ipv6.ts';
import type { Layer } from '../src/layer.ts';
import { ndpOptionLayout } from '../src/ndp.ts';
import { OptionCursor } from '../src/options.ts';
import { PppoeTagCursor } from '../src/pppoe.ts';
import { SctpChunkCursor } from '../src/sctp.ts';
import { decodeTcpOptions } from '../src/tcp-options.ts';
import { type CapturedPacket, capturedPackets, haveCaptures, NO_CAPTURES } from './captures.ts';
import { guarded } from './guarded.ts';
import { parseHex } from './hex.ts';

const ETHERNET = '020000000002 020000000001';
const IPV4 = (protocol: string, flags = '0000', length = '0000'): string =>
  `45 00 ${length} 0001 ${flags} 40 ${protocol} 0000 0a000001 0a000002`;
const IPV6 = (next: string): string => `60000000 0000 ${next} 40 ${'00'.repeat(15)}01 ${'00'.repeat(15)}02`;
const TCP = '0050 c351 00000001 00000002 5010 ffff 0000 0000';

const walk = (hex: string, linkType?: number): [string, string, number] => {
  const { layers, reason, offset } = dissect(guarded(parseHex(hex)), linkType);
  return [layers.map(({ kind }) => kind).join(' '), reason, offset];
};

describe('dissect', () => {
  it('walks to the end, through tags and tunnels', () => {
    expect(walk(`${ETHERNET} 8100 0005 88a8 0006 0800 ${IPV4('06')} ${TCP}`)).toEqual([
      'ethernet ipv4 tcp',
      'complete',
      62,
    ]);
    expect(walk(`${ETHERNET} 0800 ${IPV4('06')} ${TCP} 47455420`)).toEqual([
      'ethernet ipv4 tcp',
      'payload',
      54,
    ]);
    expect(walk(`${ETHERNET} 8847 00010040 00011140 ${IPV6('3a')} 80 00 0000 00010002`)).toEqual([
      'ethernet mpls ipv6 icmpv6',
      'complete',
      70,
    ]);
    const inner = `${ETHERNET} 0806 0001 0800 06 04 0001 ${'00'.repeat(20)}`;
    expect(walk(`${IPV4('11')} 8000 12b5 0000 0000 08000000 00000100 ${inner}`, linkTypes.IPV4)).toEqual([
      'ipv4 udp vxlan ethernet arp',
      'complete',
      78,
    ]);
    const geneve = `${IPV4('11')} 8000 17c1 0000 0000 0240 6558 00000100 01020101 00000007`;
    expect(walk(`${geneve} ${inner}`, linkTypes.IPV4)).toEqual([
      'ipv4 udp geneve ethernet arp',
      'complete',
      86,
    ]);
    expect(walk(`${IPV4('2f')} 2000 6558 00000001 ${inner}`, linkTypes.RAW)[0]).toBe('ipv4 gre ethernet arp');
    expect(walk(`${ETHERNET} 8864 11 00 0001 0016 0021 ${IPV4('fd')}`)).toEqual([
      'ethernet pppoe ppp ipv4',
      'unknown',
      42,
    ]);
    expect(walk(`${ETHERNET} 0026 424203 0000`)).toEqual(['ethernet llc', 'unknown', 17]);
    expect(walk(`${ETHERNET} 0022 aaaa03 000000 0800 ${IPV4('3b')}`)).toEqual([
      'ethernet llc ipv4',
      'complete',
      42,
    ]);
    expect(walk(`${IPV6('3a')} 87 00 0000 00000000 ${'00'.repeat(16)}`, linkTypes.IPV6)[0]).toBe(
      'ipv6 icmpv6 ndp',
    );
    expect(walk(`${IPV6('3a')} 8f 00 0000 0000 0000`, linkTypes.IPV6)).toEqual([
      'ipv6 icmpv6 mld',
      'complete',
      48,
    ]);
    expect(
      walk(`0000 0001 0006 0200000000010000 0800 ${IPV4('02')} 16 00 0000 e0000001`, linkTypes.LINUX_SLL)[0],
    ).toBe('sll ipv4 igmp');
    expect(
      walk(
        `86dd 0000 00000002 0001 00 06 0200000000010000 ${IPV6('84')} 0001 0002 00000000 00000000`,
        linkTypes.LINUX_SLL2,
      ),
    ).toEqual(['sll2 ipv6 sctp', 'complete', 72]);
    expect(walk(`ff03 0057 ${IPV6('3b')}`, linkTypes.PPP)).toEqual(['ppp ipv6', 'complete', 44]);
    expect(walk(`02000000 ${IPV4('3b')}`, linkTypes.NULL)).toEqual(['loopback ipv4', 'complete', 24]);
    expect(walk(`0000001e ${IPV6('3b')}`, linkTypes.LOOP)).toEqual(['loopback ipv6', 'complete', 44]);
  });

  it('DNS over UDP and over TCP, DHCP', () => {
    const dns = '0001 0100 0001 0000 0000 0000 00 0001 0001';
    expect(walk(`${IPV4('11')} 8000 0035 0000 0000 ${dns}`, linkTypes.RAW)[0]).toBe('ipv4 udp dns');
    const over = `${IPV4('06')} ${TCP.replace('c351', '0035')}`;
    expect(walk(`${over} 0011 ${dns}`, linkTypes.RAW)).toEqual(['ipv4 tcp dns', 'complete', 54]);
    expect(walk(`${over} 0012 ${dns}`, linkTypes.RAW)).toEqual(['ipv4 tcp', 'payload', 40]);
    const dhcp = `01010600 ${'00'.repeat(232)}`;
    expect(walk(`${IPV4('11')} 0044 0043 0000 0000 ${dhcp}`, linkTypes.RAW)[0]).toBe('ipv4 udp dhcp');
  });

  it('says why it stopped', () => {
    expect(walk(`${ETHERNET} 88cc 0000`)).toEqual(['ethernet', 'unknown', 14]);
    expect(dissect(parseHex(`${ETHERNET} 88cc 0000`)).protocol).toBe(0x88cc);
    expect(dissect(parseHex('00'), 147)).toMatchObject({
      reason: 'unknown',
      protocol: 147,
      offset: 0,
      layers: [],
    });
    expect(walk(`${IPV4('11', '2000')}0001 0002 0010 0000 00`, linkTypes.RAW)).toEqual([
      'ipv4 udp',
      'fragment',
      28,
    ]);
    expect(walk(`${IPV4('11', '0001')}0001 0002 0010 0000`, linkTypes.RAW)).toEqual(['ipv4', 'fragment', 20]);
    expect(walk(`${IPV4('32')} 00000100 00000001 00`, linkTypes.RAW)).toEqual(['ipv4 esp', 'encrypted', 28]);
    expect(walk(`${IPV4('32')} 00`, linkTypes.RAW)).toEqual(['ipv4', 'malformed', 20]);
    expect(walk(`${IPV4('01')} 03 01 0000 00000000 ${IPV4('11')}`, linkTypes.RAW)).toEqual([
      'ipv4 icmp',
      'quoted',
      28,
    ]);
    const bad = dissect(parseHex(`${ETHERNET} 0800 ${IPV4('06')} 0050`));
    expect([bad.reason, bad.offset, bad.error?.header, bad.error?.offset]).toEqual([
      'malformed',
      34,
      'TCP',
      34,
    ]);
    const cut = dissect(parseHex(`${IPV4('06', '0000', '0028')} 0050`), linkTypes.RAW);
    expect([cut.reason, cut.truncated, cut.error?.header]).toEqual(['truncated', true, 'TCP']);
    expect(walk(IPV4('04').repeat(MAX_LAYERS + 1), linkTypes.RAW).slice(1)).toEqual([
      'depth',
      20 * MAX_LAYERS,
    ]);
    expect(() => dissect('' as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(() => dissect(new Uint8Array(0), -1)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });

  it('one dissection goes from packet to packet and keeps its views', () => {
    const into = new Dissection();
    const one = parseHex(`${ETHERNET} 0800 ${IPV4('04')} ${IPV4('06')} ${TCP} 00`);
    const two = parseHex(`${ETHERNET} 0806 0001 0800 06 04 0001 ${'00'.repeat(20)}`);
    expect(dissect(one, 1, into)).toBe(into);
    const { ethernet, tcp, layers } = into;
    expect([layers.length, into.ipv4, tcp?.sourcePort, into.rest]).toEqual([
      4,
      layers[1],
      80,
      Uint8Array.of(0),
    ]);
    dissect(two, 1, into);
    expect([into.arp?.operation, into.tcp, into.ipv4, into.ethernet === ethernet]).toEqual([
      1,
      undefined,
      undefined,
      true,
    ]);
    expect(dissect(one, 1, into).tcp).toBe(tcp);
    expect(dissectPayload(one.subarray(14), 0x0800, into).layers.map(({ kind }) => kind)).toEqual([
      'ipv4',
      'ipv4',
      'tcp',
    ]);
    expect(dissectPayload(one, 0x88cc, into)).toMatchObject({ reason: 'unknown', protocol: 0x88cc });
  });
});

/** Asks for all that a view has: getters, lists, and what goes through its options. */
function readAll(layer: Layer): void {
  for (let of: object = layer; of !== Object.prototype; of = Object.getPrototypeOf(of)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(of))) {
      if (get !== undefined) expect(() => Reflect.get(layer, name), name).not.toThrow(RangeError);
    }
  }
}

const tolerate = (work: () => void): void => {
  try {
    work();
  } catch (error) {
    if (!(error instanceof MalformedPacketError)) throw error;
    expect(Number.isSafeInteger(error.offset)).toBe(true);
  }
};

const option = { ndp: new OptionCursor(ndpOptionLayout), ipv6: new OptionCursor(ipv6OptionLayout) };

function readLists(layer: Layer): void {
  switch (layer.kind) {
    case 'ipv4':
      tolerate(() => decodeIpv4Options(layer.options));
      break;
    case 'ipv6': {
      const cursor = new Ipv6ExtensionCursor().start(layer);
      while (cursor.next()) {
        if (cursor.type !== ipv6ExtensionTypes.HOP_BY_HOP && cursor.type !== ipv6ExtensionTypes.DESTINATION)
          continue;
        tolerate(() => {
          option.ipv6.start(layer.bytes, cursor.offset + 2, cursor.offset + cursor.length);
          while (option.ipv6.next()) option.ipv6.data;
        });
      }
      return;
    }
    case 'tcp':
      tolerate(() => decodeTcpOptions(layer.options));
      break;
    case 'ndp':
      tolerate(() => {
        option.ndp.start(layer.bytes, layer.payloadOffset, layer.payloadEnd);
        while (option.ndp.next()) option.ndp.data;
      });
      break;
    case 'pppoe':
      tolerate(() => {
        const cursor = new PppoeTagCursor().start(layer.bytes, layer.payloadOffset, layer.payloadEnd);
        while (cursor.next()) cursor.value;
      });
      break;
    case 'sctp':
      tolerate(() => {
        const cursor = new SctpChunkCursor().start(layer.bytes, layer.payloadOffset, layer.payloadEnd);
        while (cursor.next()) cursor.value;
      });
      break;
    case 'dns':
      tolerate(() => {
        const cursor = new DnsCursor().start(layer);
        while (cursor.next()) tolerate(() => (cursor.section > 0 ? decodeDnsRecord(cursor) : cursor.name));
      });
      break;
  }
}

/** All that this package can say of a packet, none of it from outside of the bytes. */
function exhaust(bytes: Uint8Array, linkType: number, into: Dissection): void {
  dissect(guarded(bytes), linkType, into);
  expect(into.offset).toBeLessThanOrEqual(bytes.length);
  expect((into.error === undefined) === !['malformed', 'truncated'].includes(into.reason)).toBe(true);
  for (const layer of into.layers) {
    expect(layer.payloadEnd).toBeLessThanOrEqual(bytes.length);
    if (layer instanceof DhcpView) tolerate(() => readAll(layer));
    else readAll(layer);
    readLists(layer);
  }
  expect(describeDissection(into)).toMatch(/^[ -~]+$/);
}

describe('bad input', () => {
  const known = Object.values(linkTypes);

  it('random bytes behind every header that leads somewhere', { timeout: 60_000 }, () => {
    const heads = [
      '',
      ...['01', '02', '04', '06', '11', '29', '2f', '3a', '84', '89'].flatMap((next) => [
        IPV4(next),
        IPV6(next),
      ]),
    ];
    const into = new Dissection();
    const udp = fc
      .constantFrom('0035', '0043', '12b5', 'ffff')
      .map((port) => parseHex(`${IPV4('11')} 8000 ${port} 0000 0000`));
    const head = fc.oneof(fc.constantFrom(...heads).map(parseHex), udp);
    fc.assert(
      fc.property(
        head,
        fc.uint8Array({ maxLength: 150 }),
        fc.constantFrom(...known),
        (start, rest, linkType) => {
          exhaust(Uint8Array.from([...start, ...rest]), start.length > 0 ? linkTypes.RAW : linkType, into);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('every capture, whole, cut and damaged', { timeout: 120_000 }, (context) => {
    if (!haveCaptures) context.skip(NO_CAPTURES);
    const into = new Dissection();
    const packets = [...capturedPackets()].filter(({ linkType }) => known.includes(linkType as never));
    expect(packets.length).toBeGreaterThan(1000);
    for (const { data, linkType } of packets) exhaust(data, linkType, into);
    const damaged = fc.record({
      packet: fc.constantFrom<CapturedPacket>(...packets),
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      flips: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(damaged, ({ packet, cut, flips }) => {
        const bytes = packet.data.slice(0, Math.ceil(packet.data.length * cut));
        for (const [at, byte] of flips)
          if (bytes.length > 0) bytes[Math.floor(at * bytes.length) % bytes.length] = byte;
        exhaust(bytes, packet.linkType, into);
      }),
      { numRuns: 3000 },
    );
  });
});
