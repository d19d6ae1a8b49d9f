import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codec as canCodec } from '../src/can.ts';
import { codec as isotpCodec } from '../src/can-isotp.ts';
import {
  can,
  canIsotp,
  decode,
  FieldView,
  InetView,
  inet,
  inet6,
  type Platform,
  packet,
} from '../src/index.ts';
import { codec as packetCodec } from '../src/packet.ts';
import type { StructCodec } from '../src/struct.ts';
import { codec as vsockCodec } from '../src/vsock.ts';
import { addresses, platforms } from './arbitraries.ts';
import { bundle } from './bundle.ts';

const either = fc.oneof(addresses.inet, addresses.inet6);

describe('InetView', () => {
  it.each(platforms)('shows on %s what decode() makes a value of, address after address', (platform) => {
    const view = new InetView(platform);
    fc.assert(
      fc.property(either, fc.nat(9), fc.nat(9), (value, before, after) => {
        const sockaddr = value.toSockaddr(platform);
        const buffer = new Uint8Array(before + sockaddr.length + after).fill(0xcc);
        buffer.set(sockaddr, before);
        expect(view.decode(buffer, before, sockaddr.length)).toBe(value.family === 'inet' ? 4 : 6);
        expect(view.value()).toStrictEqual(decode(buffer, before, sockaddr.length, platform));
        expect(view.value()).toStrictEqual(value);
        if (value.family !== 'inet' && value.family !== 'inet6') throw new Error(value.family);
        const { family, port, address, bytes } = value;
        expect([view.version, view.port, view.address]).toEqual([family === 'inet' ? 4 : 6, port, address]);
        const rest = value.family === 'inet6' ? [value.scopeId, value.flowInfo] : [0, 0];
        expect([view.scopeId, view.flowInfo]).toEqual(rest);
        const words = new DataView(bytes.buffer);
        const expected =
          family === 'inet' ? [0, 0, 0, words.getUint32(0)] : [0, 4, 8, 12].map((at) => words.getUint32(at));
        expect([0, 1, 2, 3].map((index) => view.word(index))).toEqual(expected);
      }),
    );
  });

  it('keeps what it took when the buffer is used again, and says that it was', () => {
    fc.assert(
      fc.property(either, either, (first, second) => {
        const view = new InetView('linux');
        const buffer = new Uint8Array(28);
        const put = (value: typeof first): number => {
          const bytes = value.toSockaddr('linux');
          buffer.set(bytes);
          return bytes.length;
        };
        view.decode(buffer, 0, put(first));
        expect(view.stale).toBe(false);
        put(second);
        const same = String(first) === String(second);
        expect(view.stale).toBe(!same);
        expect(String(view.value())).toBe(String(first));
        put(first);
        expect(view.stale).toBe(false);
      }),
    );
  });

  it('is stale when the buffer has been transferred away', () => {
    const view = new InetView('linux');
    const memory = new ArrayBuffer(16);
    const buffer = new Uint8Array(memory);
    buffer.set(inet('127.0.0.1', 80).toSockaddr('linux'));
    view.decode(buffer, 0, 16);
    structuredClone(memory, { transfer: [memory] });
    expect([view.stale, view.address, view.port]).toEqual([true, '127.0.0.1', 80]);
  });

  it('tells IPv4 from the IPv6 address that has the same words, in text and in equals()', () => {
    const view = new InetView('linux');
    const other = new InetView('linux');
    const four = inet('1.2.3.4', 80).toSockaddr('linux');
    const six = inet6('::1.2.3.4', 80).toSockaddr('linux');
    view.decode(four, 0, 16);
    expect(view.address).toBe('1.2.3.4');
    view.decode(six, 0, 28);
    expect(view.address).toBe('::1.2.3.4');
    other.decode(four, 0, 16);
    expect(view.equals(other)).toBe(false);
    other.decode(six, 0, 28);
    expect(view.equals(other)).toBe(true);
    six[27] = 9; // the scope
    other.decode(six, 0, 28);
    expect(view.equals(other)).toBe(false);
  });

  it('is empty at first, and after another family or none', () => {
    const view = new InetView('linux');
    const nothing = (): void => {
      expect([view.version, view.address, view.stale, view.value()]).toEqual([0, '', false, undefined]);
    };
    nothing();
    for (const bytes of [packet({ ifindex: 1 }).toSockaddr('linux'), new Uint8Array(0), new Uint8Array(1)]) {
      view.decode(inet('127.0.0.1', 80).toSockaddr('linux'), 0, 16);
      expect(view.decode(bytes, 0, bytes.length)).toBe(0);
      nothing();
    }
  });

  it('refuses what is truncated, and what is no buffer, offset or length', () => {
    const view = new InetView('linux');
    const six = inet6('::1', 80).toSockaddr('linux');
    expect(() => view.decode(six, 0, 27)).toThrow(
      expect.objectContaining({
        name: 'DecodeError',
        offset: 27,
        expected: 'a sockaddr of 28 bytes or more',
      }),
    );
    expect(view.version).toBe(0);
    for (const [args, code] of [
      [['x', 0, 0], 'ERR_INVALID_ARG_TYPE'],
      [[new Uint16Array(20), 0, 16], 'ERR_INVALID_ARG_TYPE'],
      [[six, '0', 16], 'ERR_INVALID_ARG_TYPE'],
      [[six, 0, '16'], 'ERR_INVALID_ARG_TYPE'],
      [[six, 0.5, 16], 'ERR_OUT_OF_RANGE'],
      [[six, -1, 16], 'ERR_OUT_OF_RANGE'],
      [[six, 0, Number.NaN], 'ERR_OUT_OF_RANGE'],
      [[six, 0, 29], 'ERR_OUT_OF_RANGE'],
      [[six, 29, 0], 'ERR_OUT_OF_RANGE'],
    ] as [unknown[], string][]) {
      expect(() => Reflect.apply(view.decode, view, args)).toThrow(expect.objectContaining({ code }));
    }
    expect(() => new InetView('beos' as Platform)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => view.word(4)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });

  it('takes bytes of another realm', () => {
    const foreign = runInNewContext(
      'Uint8Array.of(2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)',
    ) as Uint8Array;
    const view = new InetView('linux');
    expect(view.decode(foreign, 0, 16)).toBe(4);
    expect(view.address).toBe('127.0.0.1');
  });

  it('allocates nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'addr-allocations-'));
    try {
      const built = join(folder, 'addr.mjs');
      writeFileSync(
        built,
        await bundle("export * from '#index.ts'; export { codec as packetCodec } from '#packet.ts';", false),
      );
      const program = fileURLToPath(new URL('programs/allocations.mjs', import.meta.url));
      const flags = ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256'];
      const {
        sum,
        'a value': value,
        ...rest
      } = JSON.parse(
        execFileSync(process.execPath, [...flags, program, built], { encoding: 'utf8' }),
      ) as Record<string, number>;
      expect(sum).not.toBe(0);
      expect(value).toBeGreaterThan(50);
      for (const [name, bytes] of Object.entries(rest)) expect(bytes, name).toBeLessThan(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('FieldView', () => {
  it.each([
    ['packet', packetCodec],
    ['vsock', vsockCodec],
    ['can', canCodec],
    ['can-isotp', isotpCodec],
  ] as const)('shows what decode() makes a value of: %s', (family, codec) => {
    const view = new FieldView<object>(codec as StructCodec<object>, 'linux');
    fc.assert(
      fc.property(addresses[family], fc.nat(9), (value, before) => {
        const sockaddr = value.toSockaddr('linux');
        const buffer = new Uint8Array(before + sockaddr.length).fill(0xcc);
        buffer.set(sockaddr, before);
        expect(view.decode(buffer, before, sockaddr.length)).toBe(true);
        buffer.fill(0xff);
        expect(view.length).toBe(sockaddr.length);
        expect(view.value()).toStrictEqual(value);
        for (const [name, held] of Object.entries(value)) {
          if (name !== 'family') expect(view.get(name as never), name).toBe(held);
        }
      }),
    );
  });

  it('is empty at first, after another family, another kind of it, and what is too short', () => {
    const view = new FieldView(canCodec, 'linux');
    const isotp = canIsotp({ ifindex: 1, rxId: 1, txId: 2 }).toSockaddr('linux');
    const good = can(3).toSockaddr('linux');
    const empty = (): void => {
      expect([view.length, view.value()]).toEqual([0, undefined]);
      expect(() => view.get('ifindex')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    };
    empty();
    for (const bytes of [isotp, good.subarray(0, 7), packet({}).toSockaddr('linux'), new Uint8Array(0)]) {
      expect(view.decode(good, 0, 24)).toBe(true);
      expect(view.get('ifindex')).toBe(3);
      expect(view.decode(bytes, 0, bytes.length)).toBe(false);
      empty();
    }
    expect(() => view.decode(good, 0, 25)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => new FieldView(canCodec, 'darwin')).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
  });
});

describe('views of hostile bytes', () => {
  it('agree with decode(), read nothing outside, and throw nothing but DecodeError', () => {
    const views = [packetCodec, vsockCodec, canCodec, isotpCodec].map(
      (codec) => new FieldView<object>(codec as StructCodec<object>, 'linux'),
    );
    const inetView = new InetView('linux');
    const bytes = fc
      .tuple(fc.constantFrom(2, 10, 17, 29, 40), fc.uint8Array({ maxLength: 60 }))
      .map(([family, rest]) => Uint8Array.of(family, 0, ...rest));
    const attempt = (read: () => unknown): unknown => {
      try {
        return read();
      } catch (error) {
        expect(error).toMatchObject({ name: 'DecodeError' });
        return String(error);
      }
    };
    fc.assert(
      fc.property(bytes, (sockaddr) => {
        const buffer = new Uint8Array(sockaddr.length + 64).fill(0xee);
        buffer.set(sockaddr);
        const expected = attempt(() => decode(sockaddr, 0, sockaddr.length, 'linux'));
        const seen = attempt(() => inetView.decode(buffer, 0, sockaddr.length) && inetView.value());
        if (sockaddr[0] === 2 || sockaddr[0] === 10) expect(seen).toStrictEqual(expected);
        else expect(seen).toBe(0);
        const [packetView, vsockView] = views;
        for (const view of views) view.decode(buffer, 0, sockaddr.length);
        buffer.fill(0x11);
        const kept = sockaddr[0] === 17 ? packetView : sockaddr[0] === 40 ? vsockView : undefined;
        if (kept !== undefined && kept.length > 0) {
          expect(attempt(() => kept.value())).toStrictEqual(expected);
        }
        for (const view of views) attempt(() => view.value());
      }),
      { numRuns: 2000 },
    );
  });
});
