import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as address from '../src/address.ts';
import * as alg from '../src/alg.ts';
import * as btHci from '../src/bt-hci.ts';
import * as btL2cap from '../src/bt-l2cap.ts';
import * as btRfcomm from '../src/bt-rfcomm.ts';
import * as btSco from '../src/bt-sco.ts';
import * as can from '../src/can.ts';
import * as canIsotp from '../src/can-isotp.ts';
import * as canJ1939 from '../src/can-j1939.ts';
import { DecodeError, NotSupportedError, ParseError } from '../src/errors.ts';
import * as hyperv from '../src/hyperv.ts';
import * as inet from '../src/inet.ts';
import * as inet6 from '../src/inet6.ts';
import { parseIPv4, parseIPv6 } from '../src/ip.ts';
import * as llc from '../src/llc.ts';
import { parseMac } from '../src/mac.ts';
import * as netlink from '../src/netlink.ts';
import * as packet from '../src/packet.ts';
import * as qipcrtr from '../src/qipcrtr.ts';
import * as system from '../src/system.ts';
import * as tipcRange from '../src/tipc-range.ts';
import * as tipcService from '../src/tipc-service.ts';
import * as tipcSocket from '../src/tipc-socket.ts';
import * as unix from '../src/unix.ts';
import * as unknown from '../src/unknown.ts';
import * as vsock from '../src/vsock.ts';
import * as xdp from '../src/xdp.ts';
import { anyAddress, home, platforms, protocolOf } from './arbitraries.ts';
import { expectLinear } from './linear.ts';

const modules = {
  address,
  inet,
  inet6,
  unix,
  packet,
  unknown,
  alg,
  'bt-hci': btHci,
  'bt-l2cap': btL2cap,
  'bt-rfcomm': btRfcomm,
  'bt-sco': btSco,
  can,
  'can-isotp': canIsotp,
  'can-j1939': canJ1939,
  hyperv,
  llc,
  netlink,
  qipcrtr,
  system,
  'tipc-range': tipcRange,
  'tipc-service': tipcService,
  'tipc-socket': tipcSocket,
  vsock,
  xdp,
};
const names = Object.keys(modules) as (keyof typeof modules)[];
const own: readonly string[] = ['address', 'inet', 'inet6', 'unix', 'packet', 'unknown'];
const shared: readonly string[] = names.filter((name) => !own.includes(name));

/** Family numbers of all platforms, so that random bytes get past the first field. */
const sockaddrBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(
      fc.constantFrom(
        [1, 0],
        [2, 0],
        [10, 0],
        [17, 0],
        [29, 0],
        [23, 0],
        [0, 1],
        [0, 2],
        [0, 28],
        [0, 30],
        [16, 2],
        [16, 0],
        [26, 0],
        [30, 0],
        [30, 0, 1],
        [30, 0, 2],
        [30, 0, 3],
        [31, 0],
        [32, 0],
        [34, 0],
        [38, 0],
        [40, 0],
        [42, 0],
        [44, 0],
        [0, 29],
        [0, 31],
        [0, 32, 2, 0],
        [0, 36],
        [0, 38],
        [0, 40],
      ),
      fc.uint8Array({ maxLength: 300 }),
    )
    .map(([head, rest]) => Uint8Array.from([...head, ...rest])),
);

/** Protocols of the families that have several kinds of addresses, and none. */
const told = fc.constantFrom(undefined, 0, 1, 2, 3, 6, 7);

describe.each(names)('%s.decode', (name) => {
  const decode: typeof address.decode = modules[name].decode;
  // The families of plain fields share one decoder, which all of them together try often enough.
  const runs = shared.includes(name) ? 300 : 2000;

  it('gives a value or a typed error for random, truncated and oversized bytes, and reads nothing outside', () => {
    fc.assert(
      fc.property(
        sockaddrBytes,
        fc.constantFrom(...platforms),
        fc.nat(5),
        told,
        (bytes, platform, before, protocol) => {
          const run = (fill: number): unknown => {
            const buffer = new Uint8Array(before + bytes.length + 40).fill(fill);
            buffer.set(bytes, before);
            try {
              return decode(buffer, before, bytes.length, platform, { protocol });
            } catch (error) {
              if (error instanceof NotSupportedError) return error.message;
              if (!(error instanceof DecodeError)) throw error;
              expect(error.code).toBe('ERR_INVALID_ARG_VALUE');
              expect(error.offset).toBeGreaterThanOrEqual(before);
              expect(error.offset).toBeLessThanOrEqual(before + bytes.length);
              expect(error.message).toContain(error.expected);
              expect(error.message.length).toBeLessThan(200);
              return error.message;
            }
          };
          // What lies around the sockaddr makes no difference.
          expect(run(0x00)).toStrictEqual(run(0xff));
        },
      ),
      { numRuns: runs },
    );
  });

  it('never changes what it reads, and what it read encodes and decodes to itself', () => {
    fc.assert(
      fc.property(sockaddrBytes, fc.constantFrom(...platforms), told, (bytes, platform, protocol) => {
        const before = bytes.slice();
        let value: address.SocketAddress;
        try {
          value = decode(bytes, 0, bytes.length, platform, { protocol });
        } catch {
          return;
        } finally {
          expect(bytes).toEqual(before);
        }
        const again = value.toSockaddr(platform);
        expect(decode(again, 0, again.length, platform, { protocol })).toStrictEqual(value);
        expect(modules[name].parse(String(value))).toStrictEqual(value);
      }),
      { numRuns: runs / 2 },
    );
  });
});

describe.each(names)('%s', (name) => {
  const functions: Readonly<Record<string, unknown>> = { ...modules[name] };
  const call = (method: string, ...args: unknown[]): unknown =>
    Reflect.apply(functions[method] as (...args: unknown[]) => unknown, undefined, args);

  const platform = name === 'hyperv' ? 'win32' : name === 'system' ? 'darwin' : 'linux';

  it('refuses what is no value, no text and no buffer by type', () => {
    const refused = expect.objectContaining({
      code: expect.stringMatching(/^ERR_INVALID_ARG_(TYPE|VALUE)$/),
    });
    for (const odd of [undefined, null, 0, 'x', [], {}, { family: name }, () => 0]) {
      expect(() => call('format', odd)).toThrow(refused);
      expect(() => call('encode', odd, new Uint8Array(256), 0, platform)).toThrow(refused);
      if (typeof odd !== 'string') expect(() => call('parse', odd)).toThrow(refused);
      expect(() => call('decode', odd, 0, 28, platform)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
  });

  it('refuses an offset and a length outside the buffer', () => {
    for (const [offset, length] of [
      [0, 33],
      [1, 32],
      [33, 0],
      [-1, 16],
      [0, -1],
      [0.5, 16],
      [0, Number.NaN],
    ]) {
      for (const family of [1, 2, 10, 16, 17, 26, 29, 30, 31, 38, 40, 42, 44]) {
        const buffer = new Uint8Array(32);
        buffer[0] = family;
        expect(() => call('decode', buffer, offset, length, platform)).toThrow(
          expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
        );
      }
    }
  });
});

describe('truncation', () => {
  it('of a good sockaddr at every length gives a typed error or a value that fits those bytes', () => {
    fc.assert(
      fc.property(anyAddress, (value) => {
        const platform = home(value);
        const bytes = value.toSockaddr(platform);
        for (let length = 0; length < bytes.length; length++) {
          try {
            const shorter = address.decode(bytes, 0, length, platform, {
              protocol: protocolOf(value, platform),
            });
            // A name, a hardware address within the struct or bytes may just end earlier.
            expect(['unix', 'packet', 'can', 'can-isotp', 'unknown', 'alg']).toContain(shorter.family);
            const again = shorter.toSockaddr(platform);
            const shared = Math.min(again.length, length);
            expect(again.subarray(0, shared)).toEqual(bytes.subarray(0, shared));
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        }
      }),
    );
  });
});

describe('encode into too short a buffer', () => {
  it('throws ERR_OUT_OF_RANGE and writes nothing', () => {
    fc.assert(
      fc.property(
        anyAddress,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (value, part) => {
          const buffer = new Uint8Array(3 + Math.floor(part * address.size(value, home(value)))).fill(7);
          expect(() => address.encode(value, buffer, 3, home(value))).toThrow(
            expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
          );
          expect(buffer.every((byte) => byte === 7)).toBe(true);
        },
      ),
    );
  });
});

const parsers: Record<string, (text: string) => unknown> = {
  ...Object.fromEntries(names.map((name) => [`${name}.parse`, modules[name].parse])),
  parseIPv4,
  parseIPv6,
  parseMac,
};

/** Good text with a piece cut out, put in or doubled, so that every branch of the grammars is reached. */
const nearlyGood = fc
  .tuple(
    anyAddress,
    fc.nat(60),
    fc.nat(3),
    fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom(':', '::', '%', '/', '[', ']', '.', '0', '@', '%00', '\ud800'),
    ),
  )
  .map(([value, at, cut, put]) => {
    const text = String(value);
    return text.slice(0, at) + put + text.slice(at + cut);
  });

describe.each(Object.keys(parsers))('%s', (name) => {
  const parse = parsers[name]!;
  const family = name.replace(/\.parse$/, '');

  it('gives a value or a typed error with offset for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), nearlyGood), (text) => {
        try {
          parse(text);
        } catch (error) {
          if (!(error instanceof ParseError)) throw error;
          expect(error.code).toBe('ERR_INVALID_ARG_VALUE');
          expect(error.offset).toBeGreaterThanOrEqual(0);
          expect(error.offset).toBeLessThanOrEqual(text.length);
          expect(error.message).toContain(error.expected);
          expect(error.message.length).toBeLessThan(600);
        }
      }),
      { numRuns: shared.includes(family) ? 300 : 2000 },
    );
  });

  it('takes no quadratic time on a million characters', () => {
    const long = [
      '0',
      '1.',
      '1:',
      ':',
      '::',
      '%',
      '[',
      ']',
      '[]',
      'a',
      '00:',
      '/',
      '@',
      '\0',
      'é',
      '\ud800',
      '/flowinfo=1',
    ];
    const heads = [
      '',
      '[',
      '[::1%',
      '[::1]:',
      '[::1]:1',
      'unix:',
      'unix:@',
      'packet:',
      'packet:1/',
      'alg:a:',
      'alg:a:b/feat=',
      'bt-sco:',
      'bt-l2cap:00:00:00:00:00:00:',
      'can-isotp:1:',
      'hyperv:',
      'netlink:',
      'vsock:1:',
      'can:',
      'sockaddr:',
      '::1%',
    ];
    const prefix = `${family.replace('tipc-', 'tipc:')}:`;
    expectLinear((length) => {
      for (const head of heads) {
        // The others are refused at their first character.
        if (shared.includes(family) && !head.startsWith(prefix)) continue;
        for (const piece of long) {
          const text = head + piece.repeat(Math.ceil(length / piece.length));
          expect(() => parse(text)).toThrow(ParseError);
        }
      }
    });
  });
});
