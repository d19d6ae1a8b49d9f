/** Control messages as C lays them out, and as the kernel gave them: packages/core/vectors/cmsg. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants } from '@sockeye/core';
import * as cmsg from '@sockeye/core/cmsg';
import { describe, expect, it, type TestContext } from 'vitest';
import { DECODERS } from '../ts/cmsg/control.ts';
import type { ConstantName } from '../ts/constant-names.ts';

interface Vector {
  names: [ConstantName, ConstantName];
  level: number;
  type: number;
  data: string;
  bytes: string;
  control: Record<string, unknown>;
}

interface Received {
  what: string;
  room: number;
  truncated: boolean;
  control: string;
}

const folder = fileURLToPath(new URL('../vectors/cmsg/', import.meta.url));
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const vectors = read('linux.json') as {
  spaces: number[];
  messages: Vector[];
  series: string[];
  numbers: Record<string, number>;
};
const kernel = read('kernel.json') as { received: Received[] };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** As the vectors have values: bytes as text, bigints too, nothing undefined. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `hex:${hex(value)}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([name, one]) => [name, plain(one)]));
}

/** Skips where C would say something else, or cannot be asked. */
function program(context: TestContext, source: string): string {
  if (process.platform !== 'linux') context.skip(`the vectors are Linux's, this is ${process.platform}`);
  if (endianness() !== 'LE') context.skip('the vectors are little-endian');
  const cc = process.env.CC ?? 'cc';
  if (spawnSync(cc, ['--version']).error) context.skip(`no C compiler (${cc})`);
  const build = mkdtempSync(join(tmpdir(), 'cmsg-vectors-'));
  try {
    const out = join(build, 'program');
    execFileSync(cc, ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-o', out, join(folder, source)]);
    return execFileSync(out, { encoding: 'utf8' });
  } finally {
    rmSync(build, { recursive: true });
  }
}

/** The types of messages that are sent, which the vectors of the same kind need not be. */
const SENT: ReadonlySet<string> = new Set<ConstantName>([
  ...(['SCM_RIGHTS', 'SCM_CREDENTIALS', 'SO_MARK', 'SO_PRIORITY', 'SCM_TS_OPT_ID', 'SCM_TXTIME'] as const),
  ...(['SCM_TIMESTAMPING', 'IP_PKTINFO', 'IP_TTL', 'IP_TOS', 'IP_RETOPTS', 'IP_PROTOCOL'] as const),
  ...(['UDP_SEGMENT', 'IPV6_PKTINFO', 'IPV6_HOPLIMIT', 'IPV6_TCLASS', 'IPV6_FLOWINFO'] as const),
  ...(['IPV6_HOPOPTS', 'IPV6_DSTOPTS', 'IPV6_RTHDRDSTOPTS', 'IPV6_RTHDR', 'IPV6_DONTFRAG'] as const),
  ...(['ALG_SET_OP', 'ALG_SET_IV', 'ALG_SET_AEAD_ASSOCLEN', 'TLS_SET_RECORD_TYPE'] as const),
  ...(['SCTP_INIT', 'SCTP_SNDINFO', 'SCTP_PRINFO', 'SCTP_AUTHINFO'] as const),
  ...(['SCTP_DSTADDRV4', 'SCTP_DSTADDRV6'] as const),
]);

/** The message that says it; undefined when only the kernel says such. */
function encode(control: cmsg.Control): cmsg.ControlMessage | undefined {
  switch (control.kind) {
    case 'rights':
      return cmsg.rights(control.descriptors);
    case 'credentials':
      return cmsg.credentials(control);
    case 'mark':
      return cmsg.mark(control.mark);
    case 'priority':
      return cmsg.priority(control.priority);
    case 'timestamp-id':
      return cmsg.timestampId(control.id);
    case 'timestamping-request':
      return cmsg.timestampingRequest(control.flags);
    case 'transmit-time':
      return cmsg.transmitTime(control.time);
    case 'packet-info':
      if (control.version === 6) {
        const { interfaceIndex, destination } = control;
        return cmsg.packetInfo6({ interfaceIndex, local: destination });
      }
      // What is sent has no destination.
      return control.destination.some((byte) => byte !== 0) ? undefined : cmsg.packetInfo(control);
    case 'ttl':
      return cmsg.ttl(control.ttl);
    case 'tos':
      return cmsg.tos(control.tos);
    case 'ip-options':
      return cmsg.returnOptions(control.data);
    case 'ip-protocol':
      return cmsg.ipProtocol(control.protocol);
    case 'segment-size':
      return cmsg.segmentSize(control.size);
    case 'hop-limit':
      return cmsg.hopLimit(control.hopLimit);
    case 'traffic-class':
      return cmsg.trafficClass(control.trafficClass);
    case 'flow-info':
      return cmsg.flowInfo(control.flowInfo);
    case 'hop-by-hop-options':
      return cmsg.hopByHopOptions(control.data);
    case 'destination-options':
      return cmsg.destinationOptions(control.data);
    case 'routing-destination-options':
      return cmsg.routingDestinationOptions(control.data);
    case 'routing-header':
      return cmsg.routingHeader(control.data);
    case 'dont-fragment':
      return cmsg.dontFragment(control.enabled);
    case 'alg-operation':
      return cmsg.algOperation(control.operation);
    case 'alg-iv':
      return cmsg.algIv(control.iv);
    case 'alg-associated-length':
      return cmsg.algAssociatedLength(control.length);
    case 'tls-record-type':
      return cmsg.tlsRecordType(control.type);
    case 'sctp-init':
      return cmsg.sctpInit(control);
    case 'sctp-send-info':
      return cmsg.sctpSendInfo(control);
    case 'sctp-partial-reliability':
      return cmsg.sctpPartialReliability(control);
    case 'sctp-auth-key':
      return cmsg.sctpAuthKey(control.key);
    case 'sctp-destination':
      return cmsg.sctpDestination(control.address);
    default:
      return undefined;
  }
}

describe('recorded from C on Linux', () => {
  it('CMSG_SPACE', () => {
    vectors.spaces.forEach((space, length) => {
      expect(cmsg.controlSpace(length)).toBe(space);
    });
  });

  it('the numbers of levels and types', () => {
    for (const { names, level, type } of vectors.messages)
      expect([names, constants[names[0]], constants[names[1]]]).toEqual([names, level, type]);
    for (const [name, value] of Object.entries(vectors.numbers))
      expect([name, constants[name as ConstantName]]).toEqual([name, value]);
  });

  it('every message reads as C meant it', () => {
    for (const { names, level, type, data, bytes, control } of vectors.messages) {
      const [message, ...more] = cmsg.readControl(unhex(bytes)) as [cmsg.ControlMessage];
      expect(more).toEqual([]);
      expect(message, names.join()).toEqual({ level, type, data: unhex(data) });
      expect(plain(cmsg.decodeControl(message)), names.join()).toEqual(control);
    }
  });

  it('every level and type that is read was recorded', () => {
    const recorded = new Set(vectors.messages.map(({ names }) => names.join()));
    const names = DECODERS.map(({ level, type }) => `${level},${type}`);
    expect(names.filter((one) => !recorded.has(one))).toEqual([]);
  });

  it('what is sent is made as C makes it', () => {
    const made = new Set<string>();
    for (const { level, type, data, bytes, names } of vectors.messages) {
      // The kernel gives IP_TOS as one byte and takes an int.
      if (!SENT.has(names[1]) || (names[1] === 'IP_TOS' && data.length === 2)) continue;
      const message = encode(cmsg.decodeControl({ level, type, data: unhex(data) }));
      if (message === undefined) continue;
      expect([message.level, message.type, hex(message.data)], names.join()).toEqual([level, type, data]);
      expect(hex(cmsg.writeControl([message])), names.join()).toBe(bytes);
      made.add(names[1]);
    }
    expect([...made].sort()).toEqual([...SENT].sort());
  });

  it('messages in series, of every length', () => {
    vectors.series.forEach((bytes, count) => {
      const messages = Array.from({ length: count }, (_, i) => ({
        level: 1000 + i,
        type: 0 - i,
        data: new Uint8Array(i).fill(0x40 + i),
      }));
      expect(hex(cmsg.writeControl(messages))).toBe(bytes);
      expect(cmsg.readControl(unhex(bytes))).toEqual(messages);
    });
  });

  it('is still what C says', (context) => {
    expect(JSON.parse(program(context, 'record.c'))).toEqual(vectors);
  });
});

const local = { interfaceIndex: 1, local: 'hex:7f000001', destination: 'hex:7f000001' };
const info = { kind: 'packet-info', version: 4, ...local };
const ttl = { kind: 'ttl', ttl: 33 };
const info6 = {
  kind: 'packet-info',
  version: 6,
  interfaceIndex: 1,
  destination: 'hex:00000000000000000000000000000001',
};
const hops = { kind: 'hop-limit', hopLimit: 7 };

/** What a message of which the kernel had room for so many bytes is read as. */
const cut = (type: ConstantName, data: string): object => ({
  kind: 'malformed',
  level: constants.SOL_IP,
  type: constants[type],
  data: `hex:${data}`,
});

/** By the name in kernel.c and the room that there was. */
const MEANT: Record<string, unknown[]> = {
  'ipv4 1024': [info, ttl, { kind: 'tos', tos: 0xb9, dscp: 46, ecn: 1 }],
  'ipv4 72': [info, ttl, cut('IP_TOS', '')],
  'ipv4 60': [info, ttl],
  'ipv4 52': [info, ttl],
  'ipv4 40': [info],
  'ipv4 33': [info],
  'ipv4 20': [cut('IP_PKTINFO', '01000000')],
  'ipv4 16': [cut('IP_PKTINFO', '')],
  'ipv4 15': [],
  'ipv4 0': [],
  'ipv6 1024': [info6, hops, { kind: 'traffic-class', trafficClass: 0x2a, dscp: 10, ecn: 2 }],
  'ipv6 60': [info6, hops],
  'refused 1024': [
    {
      kind: 'error',
      errno: 111,
      name: 'ECONNREFUSED',
      origin: 'icmp',
      type: 3,
      code: 3,
      info: 0,
      data: 0,
      offender: 'hex:020000007f0000010000000000000000',
    },
  ],
  'zero-copy 1024': [{ kind: 'zero-copy', from: 0, to: 0, copied: true }],
  'coalesced 1024': [{ kind: 'segment-size', size: 100 }],
  'netlink 1024': [{ kind: 'netlink-packet-info', group: 0 }],
};

describe('received from the kernel', () => {
  const meant = ({ what, room }: Received): unknown[] | undefined => MEANT[`${what} ${room}`];
  const seen = ({ control }: Received): unknown[] =>
    cmsg.readControl(unhex(control)).map((message) => plain(cmsg.decodeControl(message)));

  it('reads as it was meant, truncated or not', () => {
    expect(kernel.received.length).toBe(Object.keys(MEANT).length);
    for (const one of kernel.received) expect(seen(one), `${one.what} ${one.room}`).toEqual(meant(one));
  });

  it('and so does what the kernel of this machine gives now', (context) => {
    const { received } = JSON.parse(program(context, 'kernel.c')) as typeof kernel;
    if (received.length === 0) context.skip('nothing arrives on the loopback interface');
    for (const one of received) expect(seen(one), `${one.what} ${one.room}`).toEqual(meant(one));
  });
});
