import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AttributeWriter } from '../src/attributes.ts';
import { decodeCanParameters, decodeCanStatistics, encodeCanSettings } from '../src/can.ts';
import { decodeGatewayRule, encodeGatewayRule } from '../src/can-gateway.ts';
import { CTRL_ATTR, CTRL_CMD, decodeGeneric, encodeGeneric } from '../src/generic.ts';
import { decodeInterfaceAddress, encodeInterfaceAddress } from '../src/interface-address.ts';
import { decodeLink, encodeLinkSettings, encodeNewLink, IFLA, IFLA_INFO } from '../src/link.ts';
import { decodeMessages, encodeMessage } from '../src/message.ts';
import { decodeNeighbour, encodeNeighbour } from '../src/neighbour.ts';
import { decodeRoute, encodeRoute } from '../src/route.ts';
import {
  decodeInetDiag,
  decodePacketDiag,
  decodeUnixDiag,
  encodeInetDiag,
  encodePacketDiag,
  encodeUnixDiag,
} from '../src/sock-diag.ts';
import { ours } from './numbers.ts';

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));
const text = readFileSync(join(folder, 'linux.json'), 'utf8');
const recorded: {
  byteOrder: 'little' | 'big';
  vectors: Record<string, string>;
  numbers: Record<string, number>;
} = JSON.parse(text);
const host = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big';

const bytes = (name: string): Uint8Array => Uint8Array.from(Buffer.from(recorded.vectors[name] ?? '', 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

/** Newer than the headers that the numbers were recorded with. */
const NEWER = ['NL_ATTR_TYPE_SINT', 'NL_ATTR_TYPE_UINT'];

describe('what the kernel headers say', () => {
  it('is still what vectors/record.c records', (context) => {
    if (process.platform !== 'linux') context.skip('linux/netlink.h is there on Linux only');
    if (host !== recorded.byteOrder)
      context.skip(`the vectors are from a ${recorded.byteOrder}-endian machine`);
    const probe = spawnSync('cc', ['-E', '-include', 'linux/can/netlink.h', '-x', 'c', '/dev/null']);
    if (probe.error !== undefined) context.skip('there is no C compiler (cc)');
    if (probe.status !== 0) context.skip("there are no kernel headers (Debian's linux-libc-dev)");
    const scratch = mkdtempSync(join(tmpdir(), 'sockeye-netlink-'));
    try {
      const program = join(scratch, 'record');
      const made = spawnSync('cc', ['-Wall', '-Werror', '-o', program, join(folder, 'record.c')], {
        encoding: 'utf8',
      });
      expect(made.stderr).toBe('');
      expect(spawnSync(program, { encoding: 'utf8' }).stdout).toBe(text);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it('is what our numbers are', () => {
    const all = ours();
    expect(
      Object.keys(all)
        .filter((name) => !(name in recorded.numbers))
        .sort(),
    ).toEqual(NEWER);
    for (const name of NEWER) delete all[name];
    expect(all).toEqual(recorded.numbers);
  });
});

describe('what C lays out', () => {
  const frame = new Uint8Array(16);
  frame.set([0x56, 0x04]);
  frame.set([1, 2, 3, 4, 5, 6, 7, 8], 8);
  const rule = {
    source: 3,
    destination: 4,
    echo: true,
    hops: 5,
    filter: { id: 0x123, mask: 0x7ff },
    modifications: [{ operation: 'set', fields: ['id', 'data'], frame }],
    xor: { from: 0, to: -2, result: -1, initial: 0x11 },
    crc8: {
      from: 1,
      to: 2,
      result: 3,
      initial: 4,
      final: 5,
      table: Uint8Array.from({ length: 256 }, (_, index) => index),
      profile: 2,
      profileData: Uint8Array.from({ length: 20 }, (_, index) => 100 + index),
    },
  } as const;

  it.each<[string, () => Uint8Array]>([
    [
      'message',
      () =>
        encodeMessage({ type: 16, flags: 5, sequence: 0x01020304, port: 0x05060708 }, Buffer.from('hello')),
    ],
    ['link', () => encodeLinkSettings(7, { name: 'can7', mtu: 72, queueLength: 100, kind: 'can', up: true })],
    ['veth', () => encodeNewLink({ name: 'a', kind: 'veth', peer: { name: 'b' } })],
    [
      'address',
      () =>
        encodeInterfaceAddress(3, {
          address: '10.1.0.1',
          peer: '10.1.0.9',
          prefixLength: 24,
          broadcast: '10.1.0.255',
          label: 'eth0:a',
          scope: 'link',
          flags: ['NOPREFIXROUTE'],
          preferredLifetime: 500,
          validLifetime: 1000,
        }),
    ],
    [
      'route',
      () =>
        encodeRoute({
          destination: '10.9.0.0/16',
          table: 1000,
          interfaceIndex: 3,
          gateway: 'fe80::1',
          preferredSource: '10.1.0.1',
          priority: 7,
          protocol: 'static',
          onLink: true,
          metrics: { mtu: 1234, rtoMin: 5 },
        }),
    ],
    [
      'multipath',
      () =>
        encodeRoute({
          destination: 'default',
          nextHops: [{ gateway: '10.1.0.2', weight: 3, interfaceIndex: 3 }, { interfaceIndex: 4 }],
        }),
    ],
    [
      'neighbour',
      () =>
        encodeNeighbour(3, {
          address: 'fe80::7',
          linkLayerAddress: '02:00:00:00:00:07',
          state: 'STALE',
          flags: ['ROUTER'],
        }),
    ],
    [
      'generic',
      () =>
        encodeGeneric({
          command: CTRL_CMD.GETFAMILY,
          version: 2,
          attributes: new AttributeWriter().text(CTRL_ATTR.FAMILY_NAME, 'nlctrl').bytes(),
        }),
    ],
    [
      'canSettings',
      () =>
        encodeCanSettings({
          timing: { bitrate: 500_000, samplePoint: 0.875, sjw: 2 },
          dataTiming: { tq: 25, propSeg: 3, phaseSeg1: 4, phaseSeg2: 5, sjw: 1 },
          modes: { fd: true, oneShot: false },
          restartMs: 100,
          termination: 120,
          tdc: { value: 1, offset: 2, filter: 3 },
        }),
    ],
    ['gateway', () => encodeGatewayRule(rule)],
    ['inetDiagRequest', () => encodeInetDiag({ family: 'inet6', states: ['LISTEN'] })],
    ['unixDiagRequest', () => encodeUnixDiag()],
    ['packetDiagRequest', () => encodePacketDiag()],
  ])('%s is what we encode', (name, encode) => {
    // Elsewhere the numbers have the other order; what is decoded below is skipped aloud.
    if (host === recorded.byteOrder) expect(hex(encode())).toBe(recorded.vectors[name]);
    else expect(encode().length).toBe(bytes(name).length);
  });

  it('is what we decode', (context) => {
    if (host !== recorded.byteOrder)
      context.skip(`the vectors are from a ${recorded.byteOrder}-endian machine`);
    expect(decodeMessages(bytes('message'))).toEqual([
      {
        type: 16,
        flags: 5,
        sequence: 0x01020304,
        port: 0x05060708,
        body: Uint8Array.from(Buffer.from('hello')),
      },
    ]);
    expect(decodeLink(bytes('link'))).toMatchObject({
      index: 7,
      name: 'can7',
      mtu: 72,
      queueLength: 100,
      kind: 'can',
      up: true,
      flags: ['UP'],
    });
    const peer = decodeLink(bytes('veth')).attributes.nested(IFLA.LINKINFO)?.nested(IFLA_INFO.DATA)?.bytes(1);
    expect(decodeLink(peer ?? new Uint8Array(0)).name).toBe('b');
    expect(decodeInterfaceAddress(bytes('address'))).toEqual({
      family: 'inet',
      interfaceIndex: 3,
      address: '10.1.0.1',
      peer: '10.1.0.9',
      prefixLength: 24,
      broadcast: '10.1.0.255',
      label: 'eth0:a',
      scope: 'link',
      flags: ['NOPREFIXROUTE'],
      preferredLifetime: 500,
      validLifetime: 1000,
    });
    expect(decodeRoute(bytes('route'))).toMatchObject({
      destination: '10.9.0.0/16',
      table: 1000,
      interfaceIndex: 3,
      gateway: 'fe80::1',
      preferredSource: '10.1.0.1',
      priority: 7,
      protocol: 'static',
      flags: ['ONLINK'],
      metrics: { mtu: 1234, rtoMin: 5 },
    });
    expect(decodeRoute(bytes('multipath'))).toMatchObject({
      destination: 'default',
      nextHops: [
        { gateway: '10.1.0.2', weight: 3, interfaceIndex: 3 },
        { gateway: undefined, weight: 1, interfaceIndex: 4 },
      ],
    });
    expect(decodeNeighbour(bytes('neighbour'))).toMatchObject({
      family: 'inet6',
      interfaceIndex: 3,
      address: 'fe80::7',
      linkLayerAddress: '02:00:00:00:00:07',
      state: ['STALE'],
      flags: ['ROUTER'],
    });
    const generic = decodeGeneric(bytes('generic'));
    expect([generic.command, generic.version, generic.attributes.text(CTRL_ATTR.FAMILY_NAME)]).toEqual([
      CTRL_CMD.GETFAMILY,
      2,
      'nlctrl',
    ]);
    expect(decodeCanParameters(bytes('canParameters'))).toEqual({
      state: 'error-passive',
      timing: {
        bitrate: 500_000,
        samplePoint: 0.875,
        tq: 125,
        propSeg: 6,
        phaseSeg1: 7,
        phaseSeg2: 2,
        sjw: 1,
        brp: 1,
      },
      limits: {
        name: 'sja1000',
        tseg1Min: 1,
        tseg1Max: 16,
        tseg2Min: 2,
        tseg2Max: 8,
        sjwMax: 4,
        brpMin: 3,
        brpMax: 64,
        brpIncrement: 5,
      },
      dataTiming: undefined,
      dataLimits: undefined,
      clock: 8_000_000,
      bitrates: [125_000, 500_000],
      dataBitrates: [],
      bitrateMax: 8_000_000,
      modes: ['fd'],
      supportedModes: ['loopback', 'tdcManual'],
      restartMs: undefined,
      errorCounters: { tx: 130, rx: 7 },
      termination: 120,
      terminations: [0, 120],
      tdc: {
        value: undefined,
        offset: 9,
        filter: undefined,
        limits: {
          valueMin: undefined,
          valueMax: undefined,
          offsetMin: 0,
          offsetMax: 127,
          filterMin: undefined,
          filterMax: undefined,
        },
      },
    });
    expect(decodeCanStatistics(bytes('canStatistics'))).toEqual({
      busErrors: 1,
      errorWarnings: 2,
      errorPassives: 3,
      busOffs: 4,
      arbitrationsLost: 5,
      restarts: 6,
    });
    expect(decodeGatewayRule(bytes('gateway'))).toMatchObject(rule);
    expect(decodeInetDiag(bytes('inetDiag'))).toMatchObject({
      family: 'inet',
      state: 'ESTABLISHED',
      local: '10.0.0.1',
      localPort: 5001,
      remote: '10.0.0.2',
      remotePort: 5002,
      interfaceIndex: 3,
      cookie: 0x22_0000_0011n,
      receiveQueue: 4,
      sendQueue: 5,
      uid: 6,
      inode: 7,
      congestion: 'cubic',
      info: undefined,
    });
    expect(decodeUnixDiag(bytes('unixDiag'))).toMatchObject({
      type: 'seqpacket',
      state: 'LISTEN',
      inode: 7,
      cookie: 1n,
      name: '\0abstract',
      peer: 8,
      receiveQueue: 2,
      sendQueue: 3,
      uid: 1000,
    });
    expect(decodePacketDiag(bytes('packetDiag'))).toMatchObject({
      type: 'raw',
      protocol: 3,
      inode: 9,
      cookie: 0x2_0000_0001n,
      interfaceIndex: 4,
    });
  });
});
