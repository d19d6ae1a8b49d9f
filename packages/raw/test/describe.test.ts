import { parseIPv4, parseIPv6, parseMac } from '@sockeye/addr';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeArp } from '../src/arp.ts';
import { describeFrame, describePayload } from '../src/describe.ts';
import { encodeEthernet, etherTypes } from '../src/ethernet.ts';
import { encodeEcho, encodeIcmp } from '../src/icmp.ts';
import { encodeIpv4 } from '../src/ipv4.ts';
import { encodeIpv6 } from '../src/ipv6.ts';
import { encodeTcp, tcpFlags } from '../src/tcp.ts';
import { encodeUdp } from '../src/udp.ts';

function ipv4(protocol: number, payload: Uint8Array, more: object = {}): Uint8Array {
  const bytes = new Uint8Array(20 + payload.length);
  const source = parseIPv4('127.0.0.1');
  encodeIpv4({ source, destination: source, protocol, totalLength: bytes.length, ...more }, bytes);
  bytes.set(payload, 20);
  return bytes;
}

function ipv6(protocol: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length);
  const { bytes: source } = parseIPv6('::1');
  const { bytes: destination } = parseIPv6('fe80::2');
  encodeIpv6({ source, destination, protocol, payloadLength: payload.length }, bytes);
  bytes.set(payload, 40);
  return bytes;
}

function frame(etherType: number, payload: Uint8Array, tags: readonly number[] = []): Uint8Array {
  const bytes = new Uint8Array(14 + 4 * tags.length + payload.length);
  const header = {
    destination: parseMac('02:00:00:00:00:02'),
    source: parseMac('02:00:00:00:00:01'),
    tags: tags.map((id) => ({ protocol: 0x8100, priority: 0, dropEligible: false, id })),
    etherType,
  };
  bytes.set(payload, encodeEthernet(header, bytes));
  return bytes;
}

function tcp(fields: object, length = 0): Uint8Array {
  const bytes = new Uint8Array(20 + length);
  encodeTcp({ sourcePort: 50_007, destinationPort: 41_234, ...fields }, bytes);
  return bytes;
}

describe('one line about a packet', () => {
  it('TCP: a SYN, and a segment with data', () => {
    const syn = tcp({ flags: tcpFlags.SYN, sequence: 4_000_000_000, window: 65_495 });
    expect(describeFrame(frame(etherTypes.IPV4, ipv4(6, syn)))).toBe(
      '127.0.0.1:50007 > 127.0.0.1:41234 TCP [SYN] seq 4000000000 win 65495 len 0',
    );
    const data = tcp({ flags: tcpFlags.PSH | tcpFlags.ACK, sequence: 1, acknowledgment: 2, window: 512 }, 5);
    expect(describeFrame(frame(etherTypes.IPV6, ipv6(6, data), [5]))).toBe(
      'vlan 5 [::1]:50007 > [fe80::2]:41234 TCP [PSH ACK] seq 1 ack 2 win 512 len 5',
    );
  });

  it('UDP, ICMP, ICMPv6, ARP, fragments, and what has no codec', () => {
    const udp = new Uint8Array(12);
    encodeUdp({ sourcePort: 53, destinationPort: 1024, length: 12 }, udp);
    expect(describePayload(etherTypes.IPV4, ipv4(17, udp))).toBe('127.0.0.1:53 > 127.0.0.1:1024 UDP len 4');
    expect(describePayload(etherTypes.IPV4, ipv4(17, udp, { moreFragments: true, identification: 7 }))).toBe(
      '127.0.0.1:53 > 127.0.0.1:1024 UDP len 4 first fragment id 7',
    );
    expect(describePayload(etherTypes.IPV4, ipv4(17, udp, { fragmentOffset: 1480, identification: 7 }))).toBe(
      '127.0.0.1 > 127.0.0.1 UDP fragment id 7 offset 1480 len 12',
    );
    const echo = new Uint8Array(64);
    encodeIcmp({ type: 8, rest: encodeEcho({ identifier: 9, sequence: 3 }) }, echo);
    expect(describePayload(etherTypes.IPV4, ipv4(1, echo))).toBe(
      '127.0.0.1 > 127.0.0.1 ICMP echo request id 9 seq 3 len 56',
    );
    encodeIcmp({ type: 135 }, echo);
    expect(describePayload(etherTypes.IPV6, ipv6(58, echo))).toBe(
      '::1 > fe80::2 ICMPv6 neighbor solicitation code 0 len 56',
    );
    const arp = new Uint8Array(28);
    const packet = {
      hardwareType: 1,
      protocolType: etherTypes.IPV4,
      senderHardware: parseMac('02:00:00:00:00:01'),
      senderProtocol: parseIPv4('10.0.0.1'),
      targetHardware: new Uint8Array(6),
      targetProtocol: parseIPv4('10.0.0.2'),
    };
    encodeArp({ ...packet, operation: 1 }, arp);
    expect(describeFrame(frame(etherTypes.ARP, arp))).toBe('ARP who has 10.0.0.2 tell 10.0.0.1');
    encodeArp({ ...packet, operation: 2 }, arp);
    expect(describeFrame(frame(etherTypes.ARP, arp))).toBe('ARP 10.0.0.1 is at 02:00:00:00:00:01');
    expect(describeFrame(frame(0x88cc, new Uint8Array(9)))).toBe(
      '02:00:00:00:00:01 > 02:00:00:00:00:02 type 0x88cc len 9',
    );
    expect(describePayload(etherTypes.IPV4, ipv4(51, new Uint8Array(9)))).toBe(
      '127.0.0.1 > 127.0.0.1 AH len 9',
    );
  });

  it('says what is malformed instead of throwing', () => {
    expect(describeFrame(frame(etherTypes.IPV4, ipv4(6, new Uint8Array(10))))).toBe(
      '127.0.0.1 > 127.0.0.1 TCP malformed (TCP at offset 34 must be 20 bytes or more; got 10)',
    );
    expect(describeFrame(new Uint8Array(3))).toBe(
      'Ethernet malformed (Ethernet at offset 0 must be 14 bytes or more; got 3)',
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 90 }),
        fc.constantFrom(...Object.values(etherTypes)),
        (bytes, type) => {
          expect(describePayload(type, bytes)).toMatch(/^[ -~]+$/);
          expect(describeFrame(frame(type, bytes))).toMatch(/^[ -~]+$/);
        },
      ),
      { numRuns: 2000 },
    );
    expect(() => describeFrame('' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});
