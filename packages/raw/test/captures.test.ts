import { describe, expect, it } from 'vitest';
import { encodeArp } from '../src/arp.ts';
import { transportChecksum } from '../src/checksum.ts';
import { describeFrame, describePayload } from '../src/describe.ts';
import { MalformedPacketError } from '../src/errors.ts';
import { encodeEthernet, etherTypes } from '../src/ethernet.ts';
import { encodeIcmp } from '../src/icmp.ts';
import { encodeIpv4 } from '../src/ipv4.ts';
import { encodeIpv6 } from '../src/ipv6.ts';
import { encodeTcp } from '../src/tcp.ts';
import { decodeTcpOptions, encodeTcpOptions, type TcpOption } from '../src/tcp-options.ts';
import { encodeUdp } from '../src/udp.ts';
import { capturedPackets, haveCaptures, NO_CAPTURES } from './captures.ts';
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

const ETHERNET = 1;
/** LINKTYPE_RAW, _IPV4 and _IPV6: the packet starts with its IP header. */
const IP = new Set([101, 228, 229]);

const count = new Map<string, { decoded: number; malformed: number }>();
const checksums = { right: 0, wrong: 0 };

type Encode<Header> = (header: Header, into: Uint8Array, offset: number) => number;

/**
 * Decodes, holds the re-encoded header against the bytes, and gives the header; undefined when it is
 * malformed.
 */
function roundTrip<Header extends { headerLength: number }>(
  name: string,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => Header,
  encode: Encode<Header>,
): Header | undefined {
  const tally = count.get(name) ?? { decoded: 0, malformed: 0 };
  count.set(name, tally);
  let header: Header;
  try {
    header = decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedPacketError);
    tally.malformed += 1;
    return undefined;
  }
  tally.decoded += 1;
  const again = new Uint8Array(header.headerLength + 2).fill(0xee);
  expect(encode(header, again, 1)).toBe(header.headerLength);
  expect([...again.subarray(1, -1)]).toEqual([...Array(header.headerLength).keys()].map((at) => bytes[at]));
  expect([again[0], again.at(-1)]).toEqual([0xee, 0xee]);
  return header;
}

interface Carried {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly truncated: boolean;
}

function network(etherType: number, bytes: Uint8Array): void {
  if (etherType === etherTypes.ARP) roundTrip('arp', bytes, decodeArp, encodeArp);
  if (etherType === etherTypes.IPV4) {
    const ip = roundTrip('ipv4', bytes, decodeIpv4, encodeIpv4);
    if (ip !== undefined && ip.fragmentOffset === 0) transport(ip, !ip.moreFragments);
  }
  if (etherType === etherTypes.IPV6) {
    const ip = roundTrip('ipv6', bytes, decodeIpv6, encodeIpv6);
    const routed = ip?.extensions.some(({ type }) => type === 43) ?? false;
    if (ip !== undefined && ip.fragmentOffset === 0) transport(ip, !ip.hasFragment && !routed);
  }
}

function transport(ip: Carried, whole: boolean): void {
  const { protocol, payload, source, destination } = ip;
  if (protocol === 1) roundTrip('icmp', payload, decodeIcmp, encodeIcmp);
  if (protocol === 58) roundTrip('icmpv6', payload, decodeIcmp, encodeIcmp);
  if (protocol === 17) roundTrip('udp', payload, decodeUdp, encodeUdp);
  if (protocol === 6) {
    const tcp = roundTrip('tcp', payload, decodeTcp, encodeTcp);
    if (tcp !== undefined) tcpOptions(tcp.options);
    if (tcp !== undefined && whole && !ip.truncated) {
      checksums[transportChecksum(source, destination, protocol, payload) === 0 ? 'right' : 'wrong'] += 1;
    }
  }
}

function tcpOptions(options: Uint8Array): void {
  let list: TcpOption[];
  try {
    list = decodeTcpOptions(options);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedPacketError);
    return;
  }
  const again = encodeTcpOptions(list);
  expect(decodeTcpOptions(again).filter(({ name }) => name !== 'end')).toEqual(
    list.filter(({ name }) => name !== 'end'),
  );
  // Behind an end-of-list option may stand anything; all else comes back byte for byte.
  if (list.at(-1)?.name !== 'end') expect([...again]).toEqual([...options]);
}

describe('real captures, many of them malformed on purpose', () => {
  it('decodes them without reading outside, and encodes back to the same bytes', (ctx) => {
    if (!haveCaptures) ctx.skip(NO_CAPTURES);
    for (const { linkType, data } of capturedPackets()) {
      const bytes = guarded(data);
      if (linkType === ETHERNET) {
        const frame = roundTrip('ethernet', bytes, decodeEthernet, encodeEthernet);
        if (frame !== undefined) network(frame.etherType, frame.payload);
      } else if (IP.has(linkType) && data.length > 0) {
        network(data[0]! >>> 4 === 6 ? etherTypes.IPV6 : etherTypes.IPV4, bytes);
      }
    }
    for (const name of ['ethernet', 'arp', 'ipv4', 'ipv6', 'icmp', 'icmpv6', 'udp', 'tcp']) {
      expect(count.get(name)?.decoded, name).toBeGreaterThan(0);
    }
    expect(count.get('ipv4')?.malformed).toBeGreaterThan(0);
    // Offloading and damage leave many wrong; an algorithm that were wrong would leave hardly any right.
    expect(checksums.right).toBeGreaterThan(checksums.wrong);
  });

  it('describes each in one line of text, whatever it is', (ctx) => {
    if (!haveCaptures) ctx.skip(NO_CAPTURES);
    for (const { data } of capturedPackets()) {
      for (const line of [
        describeFrame(data),
        ...Object.values(etherTypes).map((type) => describePayload(type, data)),
      ]) {
        expect(line).toMatch(/^[ -~]+$/);
      }
    }
  });
});
