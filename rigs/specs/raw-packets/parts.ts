/** What packets are made of by our writers: headers around payloads. */
import { parseIPv4, parseIPv6, parseMac } from '@sockeye/addr';
import {
  encodeEthernet,
  encodeIpv4,
  encodeIpv4Options,
  encodeIpv6,
  encodeTcp,
  encodeTcpOptions,
  encodeUdp,
  fillTransportChecksum,
  type Ipv6Extension,
  linkTypes,
} from '@sockeye/raw';

export interface MadePacket {
  readonly name: string;
  readonly linkType: number;
  readonly data: Uint8Array;
}

type Write = (into: Uint8Array, offset: number) => number;

export const ipv4Source = parseIPv4('192.0.2.1');
export const ipv4Target = parseIPv4('198.51.100.2');
export const ipv6Source = parseIPv6('2001:db8::1').bytes;
export const ipv6Target = parseIPv6('2001:db8::2').bytes;
export const macSource = parseMac('02:00:00:00:00:01');
export const macTarget = parseMac('02:00:00:00:00:02');
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const NOTHING = new Uint8Array(0);

/** The bytes that these write, one behind the other. */
export function made(...writes: readonly (Write | Uint8Array)[]): Uint8Array {
  const bytes = new Uint8Array(4096);
  let end = 0;
  for (const write of writes) {
    if (typeof write === 'function') end += write(bytes, end);
    else {
      bytes.set(write, end);
      end += write.length;
    }
  }
  return bytes.slice(0, end);
}

export const ipv4 = (protocol: number, payload: Uint8Array, more: object = {}): Uint8Array => {
  const options = encodeIpv4Options([{ name: 'routerAlert', value: 0 }]);
  const totalLength = 20 + options.length + payload.length;
  const header = {
    source: ipv4Source,
    destination: ipv4Target,
    protocol,
    totalLength,
    options,
    identification: 7,
  };
  return made(
    (into, at) => encodeIpv4({ ...header, dontFragment: true, typeOfService: 0xb9, ...more }, into, at),
    payload,
  );
};

export const ipv6 = (
  protocol: number,
  payload: Uint8Array,
  extensions: readonly Ipv6Extension[] = [],
): Uint8Array => {
  const more = extensions.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const header = {
    source: ipv6Source,
    destination: ipv6Target,
    protocol,
    payloadLength: more + payload.length,
    trafficClass: 0x2c,
    flowLabel: 0x12345,
    hopLimit: 255,
    extensions,
  };
  return made((into, at) => encodeIpv6(header, into, at), payload);
};

export const frame = (etherType: number, payload: Uint8Array, ids: readonly number[] = []): Uint8Array => {
  const tags = ids.map((id) => ({ protocol: 0x8100, priority: 5, dropEligible: true, id }));
  const header = { destination: macTarget, source: macSource, tags, etherType };
  return made((into, at) => encodeEthernet(header, into, at), payload);
};

/** A segment whose checksum is right for these addresses. */
const summed = (protocol: number, segment: Uint8Array, version: 4 | 6): Uint8Array => {
  const [source, target] = version === 4 ? [ipv4Source, ipv4Target] : [ipv6Source, ipv6Target];
  fillTransportChecksum(source, target, protocol, segment);
  return segment;
};

export const udp = (
  destinationPort: number,
  payload: Uint8Array,
  version: 4 | 6 = 4,
  sourcePort = 40_000,
): Uint8Array => {
  const header = { sourcePort, destinationPort, length: 8 + payload.length };
  return summed(
    17,
    made((into, at) => encodeUdp(header, into, at), payload),
    version,
  );
};

export const tcp = (version: 4 | 6): Uint8Array => {
  const options = encodeTcpOptions([
    { name: 'maximumSegmentSize', size: 1460 },
    { name: 'sackPermitted' },
    { name: 'timestamps', value: 0xdeadbeef, echo: 1 },
    { name: 'noOperation' },
    { name: 'windowScale', shift: 7 },
  ]);
  const header = {
    sourcePort: 40_000,
    destinationPort: 9999,
    sequence: 0xfffffff0,
    acknowledgment: 5,
    flags: 0x1c2,
    window: 512,
  };
  return summed(
    6,
    made((into, at) => encodeTcp({ ...header, options }, into, at), text('data')),
    version,
  );
};

export const icmpv6 = (write: Write, ...rest: readonly (Write | Uint8Array)[]): Uint8Array =>
  summed(58, made(write, ...rest), 6);

/** A packet with a name, of Ethernet unless said otherwise. */
export const on = (name: string, data: Uint8Array, linkType: number = linkTypes.ETHERNET): MadePacket => ({
  name,
  linkType,
  data,
});
