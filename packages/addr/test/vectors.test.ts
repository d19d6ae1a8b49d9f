import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  can,
  decode,
  encode,
  format,
  formatIPv4,
  formatIPv6,
  formatMac,
  inet,
  inet6,
  isIPv4,
  isIPv6,
  packet,
  parse,
  parseIPv4,
  parseIPv6,
  parseMac,
  type SocketAddress,
  size,
  unix,
  unixAbstract,
  unixAutobind,
  unixUnnamed,
  unknown,
} from '../src/index.ts';
import * as inetAt from '../src/inet.ts';
import * as inet6At from '../src/inet6.ts';
import { HEADER_SIZE } from '../src/layout.ts';
import { codec as packetCodec } from '../src/packet.ts';
import { eachField, type StructCodec } from '../src/struct.ts';
import { layouts as unixLayouts } from '../src/unix.ts';
import { hex, unhex } from './hex.ts';

interface Vectors {
  byteOrder: string;
  libc: string;
  layout: Record<string, Record<string, number>>;
  inet: { address: string; port: number; bytes: string }[];
  inet6: { address: string; port: number; flowInfo: number; scopeId: number; bytes: string }[];
  unix: { kind: string; name: string; bytes: string }[];
  unixKernel: { kind: string; name: string; bytes: string }[];
  packet: {
    ifindex: number;
    protocol: number;
    hatype: number;
    pkttype: number;
    address: string;
    bytes: string;
  }[];
  can: { ifindex: number; bytes: string }[];
  unknown: { number: number; bytes: string }[];
  structs: Record<string, { family: number; size: number; at: Record<string, number> }>;
  forms: { text: string; protocol: number; bytes: string }[];
  /** Recorded where BlueZ's headers are. */
  bluetooth?: { text: string; protocol: number; bytes: string }[];
  unixAutobind: { asked: string; length: number; digits: number };
  pton4: { text: string; bytes: string | null; ntop?: string }[];
  pton6: { text: string; bytes: string | null; ntop?: string }[];
}

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));
const vectors = JSON.parse(readFileSync(join(folder, 'linux.json'), 'utf8')) as Vectors;

const unixValue = (kind: string, name: Uint8Array): SocketAddress =>
  kind === 'path' ? unix(name) : kind === 'abstract' ? unixAbstract(name) : unixUnnamed();

/** Encoding gives C's bytes, and C's bytes decode to the value, also from the middle of a dirty buffer. */
function both(value: SocketAddress, bytes: string): void {
  expect(hex(value.toSockaddr('linux')), String(value)).toBe(bytes);
  const expected = unhex(bytes);
  const buffer = new Uint8Array(expected.length + 8).fill(0xaa);
  expect(size(value, 'linux')).toBe(expected.length);
  expect(encode(value, buffer, 3, 'linux')).toBe(expected.length);
  expect(hex(buffer)).toBe(`aaaaaa${bytes}aaaaaaaaaa`);
  expect(decode(buffer, 3, expected.length, 'linux')).toStrictEqual(value);
}

/** Where Linux has the fields; the one that is in no bytes left out. */
function offsets(codec: Pick<StructCodec<never>, 'fields' | 'layouts'>): Record<string, number | undefined> {
  const all: [string, number | undefined][] = [];
  eachField(codec.fields, codec.layouts.linux!, (name, _kind, at) => {
    if (at !== 0) all.push([name, at]);
  });
  return Object.fromEntries(all);
}

describe('recorded from C on Linux', () => {
  it('is not empty', () => {
    for (const family of [
      'inet',
      'inet6',
      'unix',
      'unixKernel',
      'packet',
      'can',
      'unknown',
      'forms',
      'pton4',
      'pton6',
    ] as const) {
      expect(vectors[family].length, family).toBeGreaterThan(2);
    }
  });

  it('has the offsets, sizes and numbers of layout.ts', () => {
    const { layout } = vectors;
    const inet = inetAt.layouts.linux!;
    expect(layout.inet).toEqual({
      family: inet[0],
      size: inet[1],
      sin_port: inetAt.PORT,
      sin_addr: inetAt.ADDR,
    });
    const inet6 = inet6At.layouts.linux!;
    expect(layout.inet6).toEqual({
      family: inet6[0],
      size: inet6[1],
      sin6_port: inet6At.PORT,
      sin6_flowinfo: inet6At.FLOWINFO,
      sin6_addr: inet6At.ADDR,
      sin6_scope_id: inet6At.SCOPE_ID,
    });
    const unix = unixLayouts.linux!;
    expect(layout.unix).toEqual({
      family: unix[0],
      size: unix[1],
      sun_path: HEADER_SIZE,
      sun_path_size: unix[1] - HEADER_SIZE,
    });
    const packet = packetCodec.layouts.linux!;
    const { address, protocol, ifindex, hatype, pkttype } = offsets(packetCodec);
    expect(layout.packet).toEqual({
      family: packet[0],
      size: packet[1],
      sll_protocol: protocol,
      sll_ifindex: ifindex,
      sll_hatype: hatype,
      sll_pkttype: pkttype,
      sll_halen: address! - 1,
      sll_addr: address,
    });
  });

  it('has the offsets, sizes and numbers of the families of plain fields', async () => {
    expect(Object.keys(vectors.structs).length).toBe(16);
    for (const [family, expected] of Object.entries(vectors.structs)) {
      const { codec } = (await import(`../src/${family}.ts`)) as { codec: StructCodec<unknown> };
      expect(codec.layouts.linux?.slice(0, 2), family).toEqual([expected.family, expected.size]);
      expect(offsets(codec), family).toEqual(expected.at);
    }
  });

  it('inet', () => {
    for (const { address, port, bytes } of vectors.inet) both(inet(address, port), bytes);
  });

  it('inet6', () => {
    for (const { address, port, bytes, ...options } of vectors.inet6)
      both(inet6(address, port, options), bytes);
  });

  it('unix', () => {
    for (const { kind, name, bytes } of vectors.unix) both(unixValue(kind, unhex(name)), bytes);
  });

  it('unix as the kernel names bound sockets', () => {
    for (const { kind, name, bytes } of vectors.unixKernel) {
      const sockaddr = unhex(bytes);
      expect(decode(sockaddr, 0, sockaddr.length, 'linux')).toStrictEqual(unixValue(kind, unhex(name)));
    }
    // The full path comes back one byte longer than the struct.
    const pathSize = unixLayouts.linux![1] - HEADER_SIZE;
    expect(Math.max(...vectors.unixKernel.map(({ bytes }) => bytes.length / 2))).toBe(
      HEADER_SIZE + pathSize + 1,
    );
  });

  it('packet', () => {
    for (const { bytes, address, ...fields } of vectors.packet) {
      both(packet({ ...fields, address: unhex(address) }), bytes);
      const value = packet({ ...fields, address: formatMac(unhex(address)) });
      expect(hex(parseMac(value.address))).toBe(address);
      // recvfrom(2) and getsockname(2) may give no more than the hardware address needs.
      const short = vectors.layout.packet!.sll_addr! + address.length / 2;
      expect(decode(unhex(bytes), 0, short, 'linux')).toStrictEqual(value);
    }
  });

  it('can', () => {
    for (const { ifindex, bytes } of vectors.can) {
      both(can(ifindex), bytes);
      // CAN_REQUIRED_SIZE(struct sockaddr_can, can_ifindex) is what the kernel gives.
      expect(decode(unhex(bytes), 0, vectors.layout.can!.minimum!, 'linux')).toStrictEqual(can(ifindex));
    }
  });

  it.each(['forms', 'bluetooth'] as const)('%s', (list) => {
    for (const { text, protocol: told, bytes } of vectors[list]!) {
      const value = parse(text);
      expect(format(value), text).toBe(text);
      expect(hex(value.toSockaddr('linux')), text).toBe(bytes);
      const protocol = told < 0 ? undefined : told;
      const sockaddr = unhex(bytes);
      const read = decode(sockaddr, 0, sockaddr.length, 'linux', { protocol });
      expect(read, text).toStrictEqual(value);
      // Without the protocol nothing is taken for what it is not, and nothing is lost.
      const blind = decode(sockaddr, 0, sockaddr.length, 'linux');
      expect(hex(blind.toSockaddr('linux')), text).toBe(bytes);
    }
  });

  it('autobind is asked for by the unnamed address', () => {
    const { asked, length, digits } = vectors.unixAutobind;
    expect(hex(unixAutobind().toSockaddr('linux'))).toBe(asked);
    expect([length, digits]).toEqual([8, 5]);
  });

  it('families without a codec', () => {
    for (const { bytes } of vectors.unknown) both(unknown(unhex(bytes)), bytes);
  });

  it('inet_pton and inet_ntop, AF_INET', () => {
    for (const { text, bytes, ntop } of vectors.pton4) {
      expect(isIPv4(text), text).toBe(bytes !== null);
      if (bytes === null) continue;
      expect(hex(parseIPv4(text)), text).toBe(bytes);
      expect(formatIPv4(unhex(bytes)), text).toBe(ntop);
    }
  });

  it('inet_pton and inet_ntop, AF_INET6', () => {
    for (const { text, bytes, ntop } of vectors.pton6) {
      if (text.includes('%')) continue; // a zone is getaddrinfo's, not inet_pton's
      expect(isIPv6(text), text).toBe(bytes !== null);
      if (bytes === null) continue;
      expect(parseIPv6(text), text).toEqual({ bytes: unhex(bytes), zone: undefined });
      expect(formatIPv6(unhex(bytes)), text).toBe(ntop);
    }
  });

  it('is still what C says', (ctx) => {
    if (process.platform !== 'linux') ctx.skip(`the vectors are Linux's, this is ${process.platform}`);
    if (endianness() !== 'LE') ctx.skip('the vectors are little-endian');
    const cc = process.env.CC ?? 'cc';
    if (spawnSync(cc, ['--version']).error) ctx.skip(`no C compiler (${cc})`);
    const build = mkdtempSync(join(tmpdir(), 'addr-vectors-'));
    try {
      const program = join(build, 'record');
      execFileSync(cc, [
        '-std=gnu11',
        '-Wall',
        '-Wextra',
        '-Werror',
        '-o',
        program,
        join(folder, 'record.c'),
      ]);
      const now = JSON.parse(execFileSync(program, { encoding: 'utf8' })) as Vectors;
      if (now.libc !== vectors.libc) ctx.skip(`the vectors are ${vectors.libc}'s, this C library is another`);
      if (now.bluetooth === undefined) {
        // No <bluetooth/…> here: what was recorded of it cannot be compared.
        now.bluetooth = vectors.bluetooth!;
        for (const [family, struct] of Object.entries(vectors.structs)) {
          if (family.startsWith('bt-')) now.structs[family] = struct;
        }
      }
      expect(now).toEqual(vectors);
    } finally {
      rmSync(build, { recursive: true });
    }
  });
});
