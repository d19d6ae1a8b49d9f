/** The structs of options, against what C recorded: ../vectors/option. No kernel is asked here. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants as c } from '@sockeye/core';
import * as options from '@sockeye/core/options';
import { describe, expect, it } from 'vitest';
import { ANSWER, type HasOptions, MAKE, type OptionForms, PROGRAM } from '../ts/sockopt.ts';

interface Struct {
  size: number;
  at: { [field: string]: [offset: number, size: number] };
}
const folder = fileURLToPath(new URL('../vectors/option/', import.meta.url));
const vectors = JSON.parse(readFileSync(join(folder, 'linux.json'), 'utf8')) as {
  [name: string]: Struct & { bytes: string };
};
const recorded = (name: string): Buffer => Buffer.from(vectors[name]?.bytes ?? '', 'hex');

/** Gives what C recorded, and keeps what it is given. */
class Paper implements HasOptions, OptionForms {
  level = 0;
  name = 0;
  written: Uint8Array = new Uint8Array();
  readonly answers: Uint8Array;

  constructor(answers: Uint8Array = new Uint8Array()) {
    this.answers = answers;
  }
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, length: number): Uint8Array;
  getsockopt(level: number, name: number, length = 4): number | Uint8Array {
    this.#asked(level, name);
    return this.answers.subarray(0, length);
  }
  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    this.#asked(level, name);
    this.written = typeof value === 'number' ? new Uint8Array(Int32Array.of(value).buffer) : value;
  }
  [ANSWER](level: number, name: number, value: Uint8Array): number {
    this.#asked(level, name);
    const length = Math.min(value.length, this.answers.length);
    value.set(this.answers.subarray(0, length));
    return length;
  }
  [MAKE](): never {
    throw new Error('paper makes no descriptors');
  }
  [PROGRAM](level: number, name: number, program: Uint8Array): void {
    this.setsockopt(level, name, program);
  }
  #asked(level: number, name: number): void {
    this.level = level;
    this.name = name;
  }
}

/** What an option writes for a value. */
function written<S>(option: options.Settable<S>, value: S): string {
  const paper = new Paper();
  option.set(paper, value);
  return Buffer.from(paper.written).toString('hex');
}
const bytesOf = (name: string): string => recorded(name).toString('hex');
const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Bytes in which each field has a value of its own, and those values. */
function filled({ size, at }: Struct): { bytes: Buffer; values: Map<string, number | bigint> } {
  const bytes = Buffer.alloc(size);
  const values = new Map<string, number | bigint>();
  let value = 0;
  for (const [field, [offset, width]] of Object.entries(at)) {
    value += 1;
    if (width === 8) bytes.writeBigUInt64LE(0x8000000000000000n + BigInt(value), offset);
    else bytes.writeUIntLE(value, offset, width);
    values.set(camel(field), width === 8 ? 0x8000000000000000n + BigInt(value) : value);
  }
  return { bytes, values };
}

const inet = (last: number, group = false): Uint8Array =>
  Uint8Array.of(2, 0, 0, 0, ...(group ? [0xe8, 1, 2, 3] : [127, 0, 0, last]), ...new Uint8Array(8));

describe('structs of options', () => {
  it('are as the C compiler lays them out', (context) => {
    const work = mkdtempSync(join(tmpdir(), 'sockeye-options-'));
    try {
      const program = join(work, 'record');
      const { error, status, stderr } = spawnSync('cc', ['-o', program, join(folder, 'record.c')], {
        encoding: 'utf8',
      });
      if (error !== undefined) return context.skip('there is no C compiler named cc');
      if (/linux\/\w+\.h: No such file/.test(stderr)) return context.skip(`a header is missing: ${stderr}`);
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(JSON.parse(execFileSync(program, { encoding: 'utf8' }))).toEqual(vectors);
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  it('struct tcp_info: every field of C’s, at its place', () => {
    const packed = new Set(['state', 'caState', 'options']);
    const { bytes, values } = filled(vectors.tcp_info as Struct);
    const info: { [name: string]: unknown } = { ...options.tcpInfo.get(new Paper(bytes)) };
    for (const [name, value] of values)
      if (!packed.has(name)) expect([name, info[name]]).toEqual([name, value]);
    const bits = ['sndWscale', 'rcvWscale', 'deliveryRateAppLimited', 'fastopenClientFail', 'ecnMode'];
    const more = ['accecnOptSeen', 'accecnFailMode', 'options2'];
    expect(Object.keys(info).sort()).toEqual([...values.keys(), ...bits, ...more].sort());
  });

  it('struct tcp_info: the bits', () => {
    expect(options.tcpInfo.get(new Paper(recorded('tcp_info bits')))).toMatchObject({
      state: 'CLOSE_WAIT',
      caState: 'recovery',
      options: { timestamps: true, sack: false, wscale: true, ecn: false, ecnSeen: false, synData: true },
      sndWscale: 7,
      rcvWscale: 10,
      deliveryRateAppLimited: true,
      fastopenClientFail: 'data-not-acked',
      ecnMode: 'accecn',
      accecnOptSeen: 1,
      accecnFailMode: 9,
      options2: 0xabcdef,
    });
  });

  it('struct tcp_info: what an older kernel does not give is undefined, and no more than that', () => {
    const { bytes } = filled(vectors.tcp_info as Struct);
    for (let length = 232; length < bytes.length; length++) {
      const info: { [name: string]: unknown } = {
        ...options.tcpInfo.get(new Paper(bytes.subarray(0, length))),
      };
      for (const [field, [at, size]] of Object.entries((vectors.tcp_info as Struct).at))
        expect([field, length, info[camel(field)] === undefined]).toEqual([
          field,
          length,
          at + size > length,
        ]);
      expect(info.ecnMode).toBe(undefined);
    }
  });

  it('union tcp_cc_info', () => {
    const bbr = { kind: 'bbr', bw: 0x511223344n, minRtt: 77, pacingGain: 739, cwndGain: 512 };
    expect(options.tcpCongestionInfo.get(new Paper(recorded('bbr')))).toEqual(bbr);
    const vegas = { kind: 'vegas', enabled: 1, rttcnt: 2, rtt: 3, minrtt: 4 };
    expect(options.tcpCongestionInfo.get(new Paper(recorded('vegas')))).toEqual(vegas);
    const dctcp = new (class extends Paper {
      override getsockopt(level: number, name: number, length?: number): never;
      override getsockopt(_: number, name: number): Uint8Array {
        expect(name).toBe(c.TCP_CONGESTION);
        return Buffer.from('dctcp\0');
      }
    })(recorded('dctcp'));
    const expected = { kind: 'dctcp', enabled: 1, ceState: 2, alpha: 3, abEcn: 4, abTot: 5 };
    expect(options.tcpCongestionInfo.get(dctcp)).toEqual(expected);
    expect(options.tcpCongestionInfo.get(new Paper())).toBe(undefined);
  });

  it('struct mptcp_info: every field of C’s, at its place', () => {
    const { bytes, values } = filled(vectors.mptcp_info as Struct);
    const info: { [name: string]: unknown } = { ...options.mptcpInfo.get(new Paper(bytes)) };
    values.delete('flags');
    for (const [name, value] of values) expect([name, info[name]]).toEqual([name, value]);
    expect(Object.keys(info).sort()).toEqual([...values.keys(), 'fallback', 'remoteKeyReceived'].sort());
  });

  it('of SOL_SOCKET', () => {
    expect(written(options.linger, { on: true, seconds: 7 })).toBe(bytesOf('linger'));
    expect(options.linger.get(new Paper(recorded('linger')))).toEqual({ on: true, seconds: 7 });
    expect(written(options.receiveTimeout, 12_345.678)).toBe(bytesOf('timeval'));
    expect(options.sendTimeout.get(new Paper(recorded('timeval')))).toBe(12_345.678);
    const times = { clock: 'tai', deadline: true, reportErrors: true } as const;
    expect(written(options.transmitTimes, times)).toBe(bytesOf('sock_txtime'));
    expect(options.transmitTimes.get(new Paper(recorded('sock_txtime')))).toEqual(times);
    const stamping = { flags: ['rxSoftware', 'software', 'bindPhc'], clock: 3 } as const;
    expect(written(options.timestamping, stamping)).toBe(bytesOf('so_timestamping'));
    expect(options.timestamping.get(new Paper(recorded('so_timestamping')))).toEqual(stamping);
    const who = { pid: 1234, uid: 1000, gid: 100 };
    expect(options.peerCredentials.get(new Paper(recorded('ucred')))).toEqual(who);
    const program = [
      { code: 0x28, jt: 0, jf: 0, k: 12 },
      { code: 0x15, jt: 1, jf: 2, k: 0x800 },
      { code: 0x06, jt: 0, jf: 0, k: 0xffffffff },
    ];
    expect(written(options.filter, program)).toBe(bytesOf('sock_filter'));
    expect(written(options.filter, recorded('sock_filter'))).toBe(bytesOf('sock_filter'));
    expect(options.filter.get(new Paper(recorded('sock_filter')))).toEqual(program);
  });

  it('of multicast, each at the level of its group', () => {
    expect(written(options.ipMulticastInterface, 0x01020304)).toBe(bytesOf('ip_mreqn'));
    const group6 = Buffer.alloc(28);
    group6.writeUInt16LE(c.AF_INET6, 0);
    group6.set([0xff, 0x15], 8);
    group6[23] = 9;
    const paper = new Paper();
    options.joinGroup.set(paper, { group: group6, interfaceIndex: 5 });
    expect(Buffer.from(paper.written).toString('hex')).toBe(bytesOf('group_req'));
    expect([paper.level, paper.name]).toEqual([c.IPPROTO_IPV6, c.MCAST_JOIN_GROUP]);
    const from = { group: inet(0, true), interfaceIndex: 6, source: inet(1) };
    options.blockSource.set(paper, from);
    expect(Buffer.from(paper.written).toString('hex')).toBe(bytesOf('group_source_req'));
    expect([paper.level, paper.name]).toEqual([c.IPPROTO_IP, c.MCAST_BLOCK_SOURCE]);
    const filter = {
      group: inet(0, true),
      interfaceIndex: 7,
      mode: 'exclude',
      sources: [inet(1), inet(2)],
    } as const;
    expect(written(options.groupFilter, filter)).toBe(bytesOf('group_filter'));
    expect(options.groupFilter.get(new Paper(recorded('group_filter')), filter)).toEqual(filter);
  });

  it('of TCP, TLS, TIPC and packet sockets', () => {
    const key = {
      address: inet(2),
      key: Buffer.from('secret'),
      prefixLength: 24,
      interfaceIndex: 3,
    };
    expect(written(options.tcpMd5Key, key)).toBe(bytesOf('tcp_md5sig'));
    const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
    const gcm: options.TlsCrypto = {
      version: '1.3',
      cipher: 'aes-256-gcm',
      iv: fill(8, 1),
      key: fill(32, 2),
      salt: fill(4, 3),
      recordSequence: fill(8, 4),
    };
    expect(written(options.tlsTransmit, gcm)).toBe(bytesOf('tls aes-256-gcm'));
    expect(options.tlsReceive.get(new Paper(recorded('tls aes-256-gcm')))).toEqual(gcm);
    const chacha: options.TlsCrypto = {
      version: '1.2',
      cipher: 'chacha20-poly1305',
      iv: fill(12, 1),
      key: fill(32, 2),
      salt: fill(0, 0),
      recordSequence: fill(8, 4),
    };
    expect(written(options.tlsReceive, chacha)).toBe(bytesOf('tls chacha20-poly1305'));
    const sizes = Object.entries((vectors.tls as Struct).at);
    expect(sizes.length).toBe(8);
    for (const [cipher, [, size]] of sizes as [options.TlsCipher, [number, number]][]) {
      const long = cipher.includes('256') || cipher.startsWith('chacha') ? 32 : 16;
      const [iv, salt] = cipher.startsWith('chacha') ? [12, 0] : [8, 4];
      const crypto = { ...gcm, cipher, iv: fill(iv, 1), key: fill(long, 2), salt: fill(salt, 3) };
      expect([cipher, written(options.tlsTransmit, crypto).length / 2]).toEqual([cipher, size]);
    }
    const group = { type: 4711, instance: 17, scope: 'node', loopback: true, memberEvents: true } as const;
    expect(written(options.tipcJoinGroup, group)).toBe(bytesOf('tipc_group_req'));
    const stats = { packets: 1, drops: 2 };
    expect(options.packetStatistics.get(new Paper(recorded('tpacket_stats')))).toEqual(stats);
    const rollover = new Paper(recorded('tpacket_rollover_stats'));
    expect(options.packetRolloverStatistics.get(rollover)).toEqual({ all: 1n, huge: 2n, failed: 3n });
  });

  it('of ICMP', () => {
    expect(written(options.icmpFilter, [8, 31])).toBe(bytesOf('icmp_filter'));
    expect(options.icmpFilter.get(new Paper(recorded('icmp_filter')))).toEqual([8, 31]);
    expect(written(options.icmp6Filter, [0, 128, 255])).toBe(bytesOf('icmp6_filter'));
    expect(options.icmp6Filter.get(new Paper(recorded('icmp6_filter')))).toEqual([0, 128, 255]);
    for (const wrong of [[32], [-1], [1.5], ['8' as never]])
      expect(() => options.icmpFilter.set(new Paper(), wrong)).toThrow(/value\[0\]/);
    expect(() => options.icmp6Filter.set(new Paper(), 8 as never)).toThrow(/an array of ICMP types/);
  });

  it('of SCTP', () => {
    const init = { outStreams: 1, maxInStreams: 2, maxAttempts: 3, maxInitTimeout: 4 };
    expect(written(options.sctpInitMessage, init)).toBe(bytesOf('sctp_initmsg'));
    expect(options.sctpInitMessage.get(new Paper(recorded('sctp_initmsg')))).toEqual(init);
    const rto = { associationId: 1, initial: 2, max: 3, min: 4 };
    expect(written(options.sctpRtoInfo, rto)).toBe(bytesOf('sctp_rtoinfo'));
    expect(options.sctpRtoInfo.get(new Paper(recorded('sctp_rtoinfo')), { associationId: 1 })).toEqual(rto);
    const association = {
      associationId: 1,
      maxRetransmits: 2,
      peerDestinations: 3,
      peerWindow: 4,
      localWindow: 5,
      cookieLife: 6,
    };
    expect(written(options.sctpAssociationInfo, association)).toBe(bytesOf('sctp_assocparams'));
    const send = { stream: 1, flags: 2, payloadProtocol: 3, context: 4, associationId: 5 };
    expect(written(options.sctpSendDefaults, send)).toBe(bytesOf('sctp_sndinfo'));
    for (const option of [options.sctpMaxSegment, options.sctpMaxBurst, options.sctpContext])
      expect(written(option, { associationId: 1, value: 2 })).toBe(bytesOf('sctp_assoc_value'));
    const sack = { associationId: 1, delay: 2, frequency: 3 };
    expect(written(options.sctpDelayedSack, sack)).toBe(bytesOf('sctp_sack_info'));
    const adaptation = { indication: 0x12345678 };
    expect(written(options.sctpAdaptationLayer, adaptation)).toBe(bytesOf('sctp_setadaptation'));
    const events = ['association', 'shutdown', 'streamChange'] as const;
    expect(written(options.sctpEvents, events)).toBe(bytesOf('sctp_event_subscribe'));
    expect(options.sctpEvents.get(new Paper(recorded('sctp_event_subscribe')))).toEqual(events);
    const parameters = {
      associationId: 1,
      address: inet(2),
      heartbeats: true,
      heartbeatInterval: 2,
      pathMaxRetransmits: 3,
      pathMtuDiscovery: false,
      pathMtu: 4,
      sackDelay: 5,
      flowLabel: 6,
      dscp: 7,
    };
    expect(written(options.sctpPeerParameters, parameters)).toBe(bytesOf('sctp_paddrparams'));
    const answered = options.sctpPeerParameters.get(new Paper(recorded('sctp_paddrparams')), parameters);
    expect(answered).toEqual(parameters);
    expect(options.sctpStatus.get(new Paper(recorded('sctp_status')))).toEqual({
      associationId: 1,
      state: 'established',
      receiverWindow: 2,
      unackedData: 3,
      pendingData: 4,
      inStreams: 5,
      outStreams: 6,
      fragmentationPoint: 7,
      primary: { address: inet(2), state: 'active', cwnd: 8, srtt: 9, rto: 10, mtu: 11 },
    });
  });
});
