/** What control messages are made from and read as; their bytes are held to C's in cmsg-vectors.test.ts. */
import { open } from 'node:fs/promises';
import { constants as c, SocketError } from '@sockeye/core';
import * as cmsg from '@sockeye/core/cmsg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DECODERS } from '../ts/cmsg/control.ts';
import { descriptors, streams, thrown } from './support.ts';

const int = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const uint = fc.integer({ min: 0, max: 0xffffffff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const byte = fc.integer({ min: 0, max: 255 });
const index = fc.integer({ min: 0, max: 0x7fffffff });
const uint64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
const bytes = fc.uint8Array({ maxLength: 80 });
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const none = new Uint8Array(4);

/** A property: what `make` makes reads as `meant` says. */
function same<T>(
  given: fc.Arbitrary<T>,
  make: (value: T) => cmsg.ControlMessage,
  meant: (value: T) => cmsg.Control,
): () => void {
  return () =>
    fc.assert(
      fc.property(given, (value) => {
        const [read] = cmsg.readControl(cmsg.writeControl([make(value)])) as [cmsg.ControlMessage];
        expect(cmsg.decodeControl(read)).toEqual(meant(value));
      }),
    );
}

const who = fc.record({ pid: index, uid: uint, gid: uint });
const init = fc.record({
  outStreams: uint16,
  maxInStreams: uint16,
  maxAttempts: uint16,
  maxInitTimeout: uint16,
});
const send = fc.record({
  stream: uint16,
  flags: uint16,
  payloadProtocol: uint,
  context: uint,
  association: int,
});
const from4 = fc.record({ interfaceIndex: index, local: ipv4 });
const from6 = fc.record({ interfaceIndex: index, local: ipv6 });

/** Every function that makes a message, by name. */
const ENCODERS: Record<string, () => void> = {
  rights: same(fc.array(index, { maxLength: 253 }), cmsg.rights, (descriptors) => ({
    kind: 'rights',
    descriptors,
  })),
  credentials: same(who, cmsg.credentials, (fields) => ({ kind: 'credentials', ...fields })),
  mark: same(uint, cmsg.mark, (mark) => ({ kind: 'mark', mark })),
  priority: same(uint, cmsg.priority, (priority) => ({ kind: 'priority', priority })),
  timestampId: same(uint, cmsg.timestampId, (id) => ({ kind: 'timestamp-id', id })),
  timestampingRequest: same(uint, cmsg.timestampingRequest, (flags) => ({
    kind: 'timestamping-request',
    flags,
  })),
  transmitTime: same(uint64, cmsg.transmitTime, (time) => ({ kind: 'transmit-time', time })),
  packetInfo: same(from4, cmsg.packetInfo, (fields) => ({
    kind: 'packet-info',
    version: 4,
    ...fields,
    destination: none,
  })),
  packetInfo6: same(from6, cmsg.packetInfo6, ({ interfaceIndex, local }) => ({
    kind: 'packet-info',
    version: 6,
    interfaceIndex,
    destination: local,
  })),
  ttl: same(fc.integer({ min: 1, max: 255 }), cmsg.ttl, (ttl) => ({ kind: 'ttl', ttl })),
  tos: same(byte, cmsg.tos, (tos) => ({ kind: 'tos', tos, dscp: Math.floor(tos / 4), ecn: tos % 4 })),
  returnOptions: same(bytes, cmsg.returnOptions, (data) => ({ kind: 'ip-options', forReturn: true, data })),
  ipProtocol: same(byte, cmsg.ipProtocol, (protocol) => ({ kind: 'ip-protocol', protocol })),
  hopLimit: same(fc.integer({ min: -1, max: 255 }), cmsg.hopLimit, (hopLimit) => ({
    kind: 'hop-limit',
    hopLimit,
  })),
  trafficClass: same(byte, cmsg.trafficClass, (trafficClass) => ({
    kind: 'traffic-class',
    trafficClass,
    dscp: Math.floor(trafficClass / 4),
    ecn: trafficClass % 4,
  })),
  flowInfo: same(fc.integer({ min: 0, max: 0x0fffffff }), cmsg.flowInfo, (flowInfo) => ({
    kind: 'flow-info',
    flowInfo,
  })),
  dontFragment: same(fc.boolean(), cmsg.dontFragment, (enabled) => ({ kind: 'dont-fragment', enabled })),
  hopByHopOptions: same(bytes, cmsg.hopByHopOptions, (data) => ({ kind: 'hop-by-hop-options', data })),
  destinationOptions: same(bytes, cmsg.destinationOptions, (data) => ({ kind: 'destination-options', data })),
  routingDestinationOptions: same(bytes, cmsg.routingDestinationOptions, (data) => ({
    kind: 'routing-destination-options',
    data,
  })),
  routingHeader: same(bytes, cmsg.routingHeader, (data) => ({ kind: 'routing-header', data })),
  segmentSize: same(fc.integer({ min: 1, max: 0xffff }), cmsg.segmentSize, (size) => ({
    kind: 'segment-size',
    size,
  })),
  algOperation: same(uint, cmsg.algOperation, (operation) => ({ kind: 'alg-operation', operation })),
  algIv: same(bytes, cmsg.algIv, (iv) => ({ kind: 'alg-iv', iv })),
  algAssociatedLength: same(uint, cmsg.algAssociatedLength, (length) => ({
    kind: 'alg-associated-length',
    length,
  })),
  tlsRecordType: same(byte, cmsg.tlsRecordType, (type) => ({ kind: 'tls-record-type', type })),
  sctpInit: same(init, cmsg.sctpInit, (fields) => ({ kind: 'sctp-init', ...fields })),
  sctpSendInfo: same(send, cmsg.sctpSendInfo, (fields) => ({ kind: 'sctp-send-info', ...fields })),
  sctpPartialReliability: same(
    fc.record({ policy: uint16, value: uint }),
    cmsg.sctpPartialReliability,
    (fields) => ({ kind: 'sctp-partial-reliability', ...fields }),
  ),
  sctpAuthKey: same(uint16, cmsg.sctpAuthKey, (key) => ({ kind: 'sctp-auth-key', key })),
  sctpDestination: same(fc.oneof(ipv4, ipv6), cmsg.sctpDestination, (address) => ({
    kind: 'sctp-destination',
    address,
  })),
};

/** What is exported and makes no message. */
const OTHERS = [
  'controlSpace',
  'writeControl',
  'readControl',
  'decodeControl',
  'timestampStage',
  'droppedTransmitTime',
  'toDate',
];

describe('a message that is made reads as what it was made from', () => {
  it.each(Object.entries(ENCODERS))('%s', (_, property) => property());

  it('and all that make one are tried', () => {
    expect([...Object.keys(ENCODERS), ...OTHERS].sort()).toEqual(Object.keys(cmsg).sort());
  });

  it('by words and by default', () => {
    expect(cmsg.algOperation('encrypt').data).toEqual(cmsg.algOperation(c.ALG_OP_ENCRYPT).data);
    expect(cmsg.algOperation('decrypt').data).toEqual(cmsg.algOperation(c.ALG_OP_DECRYPT).data);
    expect(cmsg.decodeControl(cmsg.credentials())).toEqual({
      kind: 'credentials',
      pid: process.pid,
      uid: process.getuid?.(),
      gid: process.getgid?.(),
    });
    expect(cmsg.packetInfo({}).data).toEqual(new Uint8Array(12));
    expect(cmsg.packetInfo6({}).data).toEqual(new Uint8Array(20));
  });

  it('keeps what it was made from', () => {
    const iv = Uint8Array.of(1, 2, 3);
    const header = Buffer.from([4, 5, 6]);
    const messages = [cmsg.algIv(iv), cmsg.routingHeader(header)] as const;
    iv.fill(0);
    header.fill(0);
    expect([...messages[0].data.subarray(4), ...messages[1].data]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('decodeControl', () => {
  it('reads any bytes at any level and type', () => {
    const known = fc.constantFrom(...DECODERS);
    fc.assert(
      fc.property(known, fc.uint8Array({ maxLength: 64 }), fc.boolean(), (decoder, given, shared) => {
        const data = shared ? new Uint8Array(new SharedArrayBuffer(given.length)) : given;
        data.set(given);
        const message = { level: c[decoder.level], type: c[decoder.type], data };
        const control = cmsg.decodeControl(message);
        if (control.kind === 'malformed') expect(control).toEqual({ kind: 'malformed', ...message });
        else expect(decoder.kinds).toContain(control.kind);
        if (data.length < decoder.least) expect(control.kind).toBe('malformed');
      }),
      { numRuns: 5000 },
    );
    const numbers = new Set(DECODERS.map(({ level, type }) => `${c[level]} ${c[type]}`));
    expect(numbers.size).toBe(DECODERS.length);
    fc.assert(
      fc.property(int, int, bytes, (level, type, data) => {
        fc.pre(!numbers.has(`${level} ${type}`));
        expect(cmsg.decodeControl({ level, type, data })).toEqual({ kind: 'unknown', level, type, data });
      }),
    );
  });

  it('has a kind for as few bytes as there may be, and malformed for fewer', () => {
    for (const { level, type, least, kinds } of DECODERS) {
      const message = (length: number) => ({ level: c[level], type: c[type], data: new Uint8Array(length) });
      expect(kinds, `${level} ${type}`).toContain(cmsg.decodeControl(message(least)).kind);
      if (least > 0) expect(cmsg.decodeControl(message(least - 1)).kind).toBe('malformed');
    }
    // Two lengths, and none between; a vector that says it is longer than it is.
    const stamps = { level: c.SOL_SOCKET, type: c.SCM_TIMESTAMPING };
    expect(cmsg.decodeControl({ ...stamps, data: new Uint8Array(47) }).kind).toBe('malformed');
    const iv = cmsg.algIv(new Uint8Array(8));
    expect(cmsg.decodeControl({ ...iv, data: iv.data.subarray(0, 11) }).kind).toBe('malformed');
  });

  it('gives views of bytes, not copies', () => {
    const message = cmsg.packetInfo({ local: Uint8Array.of(127, 0, 0, 1) });
    const control = cmsg.decodeControl(message);
    expect(control.kind === 'packet-info' && control.destination.buffer).toBe(message.data.buffer);
  });

  it('helps with errors and times', () => {
    const error = (origin: cmsg.ErrorOrigin, info: number, data: number): cmsg.ExtendedError => ({
      kind: 'error',
      errno: 42,
      name: 'ENOMSG',
      origin,
      type: 0,
      code: 0,
      info,
      data,
      offender: undefined,
    });
    const stages = [c.SCM_TSTAMP_SND, c.SCM_TSTAMP_SCHED, c.SCM_TSTAMP_ACK, c.SCM_TSTAMP_COMPLETION, 9];
    expect(stages.map((info) => cmsg.timestampStage(error('txstatus', info, 0)))).toEqual([
      'sent',
      'scheduled',
      'acknowledged',
      'completed',
      undefined,
    ]);
    expect(cmsg.timestampStage(error('local', 0, 0))).toBeUndefined();
    expect(cmsg.droppedTransmitTime(error('txtime', 0xffffffff, 1))).toBe(0x1ffffffffn);
    expect(cmsg.droppedTransmitTime(error('icmp', 1, 1))).toBeUndefined();
    expect(cmsg.toDate(1_800_000_000_123_456_789n)).toEqual(new Date(1_800_000_000_123));
  });
});

describe('rights', () => {
  it('reads descriptors when it is sent, and says which is closed by then', async () => {
    const before = descriptors();
    const [socket, peer] = streams();
    const file = await open('/dev/null');
    const message = cmsg.rights([0, socket, file]);
    try {
      const read = (): cmsg.Control => cmsg.decodeControl({ ...message, data: message.data });
      expect(read()).toEqual({ kind: 'rights', descriptors: [0, socket.fd, file.fd] });
      peer.close();
      await file.close();
      const error = thrown(read);
      expect(error).toBeInstanceOf(SocketError);
      expect(error).toMatchObject({ code: 'EBADF', syscall: 'sendmsg' });
      expect(error.message).toContain('sources[2] is closed');
      socket.close();
      expect(thrown(() => cmsg.writeControl([message])).message).toContain('sources[1] is closed');
    } finally {
      socket.close();
      peer.close();
      await file.close();
    }
    expect(descriptors()).toBe(before);
  });

  it('keeps its own list', () => {
    const list = [1, 2];
    const message = cmsg.rights(list);
    list.push(-1);
    expect(message.data.length).toBe(8);
    expect(message.data).not.toBe(message.data);
  });

  it('takes 253, as the kernel does', () => {
    expect(cmsg.rights(new Array(253).fill(0)).data.length).toBe(1012);
    expect(thrown(() => cmsg.rights(new Array(254).fill(0))).code).toBe('ERR_OUT_OF_RANGE');
  });
});

describe('bad input', () => {
  const codes = ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'ERR_OUT_OF_RANGE', 'EBADF'];

  it('is refused by a typed error, or makes a message that can be written', () => {
    const makers = Object.keys(ENCODERS).map(
      (name) => Reflect.get(cmsg, name) as (value: unknown) => cmsg.ControlMessage,
    );
    const anything = fc.anything({
      withBigInt: true,
      withTypedArray: true,
      withNullPrototype: true,
      withDate: true,
    });
    const odd = fc.oneof(
      anything,
      fc.constantFrom(Symbol('x'), -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1n, 2n ** 64n),
      fc.record({ fd: anything, pid: anything, interfaceIndex: anything, local: anything, policy: anything }),
      fc.array(fc.record({ fd: anything })),
    );
    fc.assert(
      fc.property(fc.constantFrom(...makers), odd, (make, value) => {
        try {
          cmsg.writeControl([make(value)]);
        } catch (error) {
          expect(codes, String(error)).toContain((error as { code?: string }).code);
        }
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(odd, (value) => {
        for (const call of [cmsg.decodeControl, cmsg.toDate]) {
          try {
            (call as (value: unknown) => unknown)(value);
          } catch (error) {
            expect(codes).toContain((error as { code?: string }).code);
          }
        }
      }),
    );
  });

  it('is named', () => {
    const cases: [() => unknown, string, string][] = [
      [() => cmsg.ttl(0), 'ttl', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.tos(256), 'tos', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.hopLimit(-2), 'hopLimit', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.segmentSize(65536), 'size', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.flowInfo(0x10000000), 'flowInfo', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.dontFragment(1 as never), 'enabled', 'ERR_INVALID_ARG_TYPE'],
      [() => cmsg.packetInfo({ local: new Uint8Array(16) }), 'options.local', 'ERR_INVALID_ARG_VALUE'],
      [() => cmsg.packetInfo6({ local: '::1' as never }), 'options.local', 'ERR_INVALID_ARG_TYPE'],
      [() => cmsg.packetInfo({ interfaceIndex: -1 }), 'options.interfaceIndex', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.credentials({ uid: -1 }), 'options.uid', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.transmitTime(1 as never), 'time', 'ERR_INVALID_ARG_TYPE'],
      [() => cmsg.transmitTime(-1n), 'time', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.algOperation('toString' as never), 'operation', 'ERR_INVALID_ARG_VALUE'],
      [() => cmsg.sctpDestination(new Uint8Array(5)), 'address', 'ERR_INVALID_ARG_VALUE'],
      [() => cmsg.sctpPartialReliability({} as never), 'options.policy', 'ERR_INVALID_ARG_TYPE'],
      [() => cmsg.rights(3 as never), 'sources', 'ERR_INVALID_ARG_TYPE'],
      [() => cmsg.rights([0, -1]), 'sources[1]', 'ERR_OUT_OF_RANGE'],
      [() => cmsg.rights([{ fd: '3' } as never]).data, 'sources[0].fd', 'ERR_INVALID_ARG_TYPE'],
      [
        () => cmsg.decodeControl({ level: 1, type: 1, data: [] as never }),
        'message.data',
        'ERR_INVALID_ARG_TYPE',
      ],
    ];
    for (const [call, argument, code] of cases) {
      const error = thrown(call);
      expect([error.message.split(' must be ')[0], error.code]).toEqual([argument, code]);
    }
  });
});
