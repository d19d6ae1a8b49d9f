import { describe, expect, it } from 'vitest';
import { encodeArp } from '../src/arp.ts';
import { judgeTransportChecksum } from '../src/checksum.ts';
import { describeFrame, describePayload } from '../src/describe.ts';
import { encodeDhcp } from '../src/dhcp.ts';
import { dissect, linkTypes } from '../src/dissect.ts';
import { Dissection } from '../src/dissection.ts';
import { encodeDns } from '../src/dns.ts';
import { encodeEsp } from '../src/esp.ts';
import { encodeEthernet, etherTypes } from '../src/ethernet.ts';
import { encodeGeneve } from '../src/geneve.ts';
import { encodeGre } from '../src/gre.ts';
import { encodeIcmp } from '../src/icmp.ts';
import { encodeIgmp } from '../src/igmp.ts';
import { encodeIpv4 } from '../src/ipv4.ts';
import { encodeIpv6 } from '../src/ipv6.ts';
import type { Layer } from '../src/layer.ts';
import { encodeLlc } from '../src/llc.ts';
import { encodeMld } from '../src/mld.ts';
import { encodeMpls } from '../src/mpls.ts';
import { encodeNdp } from '../src/ndp.ts';
import { encodePpp, encodePppoe } from '../src/pppoe.ts';
import { encodeSctp } from '../src/sctp.ts';
import { encodeSll, encodeSll2 } from '../src/sll.ts';
import { encodeTcp } from '../src/tcp.ts';
import { decodeTcpOptions, encodeTcpOptions, type TcpOption } from '../src/tcp-options.ts';
import { encodeUdp } from '../src/udp.ts';
import { encodeVxlan } from '../src/vxlan.ts';
import { capturedPackets, haveCaptures, NO_CAPTURES } from './captures.ts';
import { guarded } from './guarded.ts';

/** Writes a header with the fields of a view; 0 for kinds that are written by other means. */
function encode(layer: Layer, into: Uint8Array, offset: number): number {
  switch (layer.kind) {
    case 'arp':
      return encodeArp(layer, into, offset);
    case 'dhcp':
      // Without its options, which come in any order and place; the magic cookie is theirs.
      return (
        encodeDhcp(layer.hasOptions ? { ...fieldsOf(layer), options: [] } : layer, into, offset) &&
        layer.headerLength
      );
    case 'dns':
      return encodeDns(layer, into, offset);
    case 'ethernet':
      return encodeEthernet(layer, into, offset);
    case 'gre':
      return encodeGre(layer, into, offset);
    case 'icmp':
    case 'icmpv6':
      return encodeIcmp(layer, into, offset);
    case 'igmp':
      return encodeIgmp(layer, into, offset);
    case 'ipv4':
      return encodeIpv4(layer, into, offset);
    case 'ipv6':
      return encodeIpv6(layer, into, offset);
    case 'llc':
      return encodeLlc(layer, into, offset);
    case 'mld':
      return encodeMld(layer, into, offset);
    case 'mpls':
      return encodeMpls(layer.entries, into, offset);
    case 'ndp':
      return encodeNdp(layer, into, offset);
    case 'ppp':
      return encodePpp(layer.protocol, into, offset, layer.framed);
    case 'pppoe':
      return encodePppoe(layer, into, offset);
    case 'sctp':
      return encodeSctp(layer, into, offset);
    case 'sll':
      return encodeSll(layer, into, offset);
    case 'sll2':
      return encodeSll2(layer, into, offset);
    case 'tcp':
      return encodeTcp(layer, into, offset);
    case 'udp':
      return encodeUdp(layer, into, offset);
    case 'geneve':
      return encodeGeneve(layer, into, offset);
    case 'esp':
      return encodeEsp(layer, into, offset);
    case 'vxlan':
      return encodeVxlan(layer, into, offset);
    case 'loopback':
      return 0;
  }
}

function fieldsOf(layer: Extract<Layer, { kind: 'dhcp' }>) {
  const { operation, hardwareType, hops, transaction, seconds, flags, hardwareAddress, serverName, file } =
    layer;
  const { clientAddress, yourAddress, serverAddress, gatewayAddress } = layer;
  const addresses = { clientAddress, yourAddress, serverAddress, gatewayAddress, hardwareAddress };
  return { operation, hardwareType, hops, transaction, seconds, flags, serverName, file, ...addresses };
}

/** Bits that nobody uses, or that say how something is written, are not always kept. */
const LOOSE = new Set(['dhcp', 'geneve', 'gre', 'igmp', 'mld', 'ndp', 'ppp', 'sll', 'sll2', 'vxlan']);

function tcpOptions(options: Uint8Array): void {
  let list: TcpOption[];
  try {
    list = decodeTcpOptions(options);
  } catch (error) {
    expect(error).toMatchObject({ name: 'MalformedPacketError' });
    return;
  }
  const again = encodeTcpOptions(list);
  expect(decodeTcpOptions(again).filter(({ name }) => name !== 'end')).toEqual(
    list.filter(({ name }) => name !== 'end'),
  );
  // Behind an end-of-list option may stand anything; all else comes back byte for byte.
  if (list.at(-1)?.name !== 'end') expect([...again]).toEqual([...options]);
}

describe('real captures, many of them malformed on purpose', { timeout: 60_000 }, () => {
  it('what was read is written as the same bytes', (context) => {
    if (!haveCaptures) context.skip(NO_CAPTURES);
    const into = new Dissection();
    const again = new Uint8Array(70_000);
    const count = new Map<string, [same: number, all: number]>();
    const checksums = { right: 0, wrong: 0, absent: 0, partial: 0 };
    for (const { linkType, data } of capturedPackets()) {
      const { layers } = dissect(guarded(data), linkType, into);
      layers.forEach((layer, index) => {
        const { kind, offset, headerLength } = layer;
        again.fill(0xee, 0, headerLength + 2);
        const length = encode(layer, again, 1);
        const same =
          Buffer.compare(
            again.subarray(1, headerLength + 1),
            data.subarray(offset, offset + headerLength),
          ) === 0;
        const tally = count.get(kind) ?? [0, 0];
        count.set(kind, [tally[0] + Number(same), tally[1] + 1]);
        if (!LOOSE.has(kind) && kind !== 'loopback') {
          expect([kind, length, same]).toEqual([kind, headerLength, true]);
          expect([again[0], again[headerLength + 1]]).toEqual([0xee, 0xee]);
        }
        const ip = layers[index - 1];
        if (kind !== 'tcp') return;
        tcpOptions(layer.options);
        if ((ip?.kind !== 'ipv4' && ip?.kind !== 'ipv6') || ip.truncated || ip.moreFragments) return;
        checksums[judgeTransportChecksum(ip.source, ip.destination, 6, data, offset, ip.payloadEnd)] += 1;
      });
    }
    expect(count.size).toBeGreaterThan(18);
    for (const [kind, [same, all]] of count) {
      if (kind !== 'loopback') expect([kind, all, same / all > 0.5]).toEqual([kind, all, true]);
    }
    // Damage leaves many wrong; an algorithm that were wrong would leave hardly any right.
    expect(checksums.right).toBeGreaterThan(2 * checksums.wrong);
    expect(checksums.partial).toBeGreaterThan(0);
  });

  it('describes each in one line of text, whatever it is', (context) => {
    if (!haveCaptures) context.skip(NO_CAPTURES);
    const types = [etherTypes.IPV4, etherTypes.IPV6, etherTypes.ARP, etherTypes.MPLS, 0x88cc];
    for (const { data, linkType } of capturedPackets()) {
      for (const line of [
        describeFrame(data, linkType),
        describeFrame(data, linkTypes.LINUX_SLL),
        ...types.map((type) => describePayload(type, data)),
      ]) {
        expect(line).toMatch(/^[ -~]+$/);
      }
    }
  });
});
