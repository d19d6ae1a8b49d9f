/** What options refuse, before any system call or by the kernel as an ordinary user, and how they say it. */
import { constants as c, Socket } from '@sockeye/core';
import * as o from '@sockeye/core/options';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { formsOf, type HasOptions } from '../ts/sockopt.ts';
import { datagrams, streams, thrown } from './support.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});
const open = (family: number, type: number): Socket => {
  const socket = Socket.create(family, type);
  sockets.push(socket);
  return socket;
};
const udp = (): Socket => open(c.AF_INET, c.SOCK_DGRAM);

/** The error's code, and what of the value it names. */
function refused<S>(option: o.Settable<S>, value: unknown, socket: HasOptions = udp()): string {
  const { code, message } = thrown(() => option.set(socket, value as S));
  return `${code} ${message.split(' must')[0]}`;
}

describe('values of the wrong type or range are named', () => {
  it('integers and flags', () => {
    expect(refused(o.receiveBuffer, '1')).toBe('ERR_INVALID_ARG_TYPE value');
    expect(refused(o.receiveBuffer, -1)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.receiveBuffer, 2 ** 31)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.receiveBuffer, 1.5)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.receiveBuffer, 1n)).toBe('ERR_INVALID_ARG_TYPE value');
    expect(refused(o.mark, 2 ** 32)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.ipTtl, 256)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.keepAlive, 1)).toBe('ERR_INVALID_ARG_TYPE value');
    expect(refused(o.keepAlive, undefined)).toBe('ERR_INVALID_ARG_TYPE value');
    expect(refused(o.maxPacingRate, -1n)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.maxPacingRate, 2n ** 64n)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.maxPacingRate, 2 ** 60)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.maxPacingRate, '1')).toBe('ERR_INVALID_ARG_TYPE value');
    expect(refused(o.receiveTimeout, -1)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.receiveTimeout, Number.NaN)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.ipUnicastInterface, -1)).toBe('ERR_OUT_OF_RANGE value');
  });

  it('words', () => {
    expect(refused(o.ipMtuDiscover, 'never')).toBe('ERR_INVALID_ARG_VALUE value');
    expect(refused(o.ipMtuDiscover, null)).toBe('ERR_INVALID_ARG_TYPE value');
    expect(thrown(() => o.ipMtuDiscover.set(udp(), 'never' as 'do')).message).toContain(
      "'dont', 'want', 'do'",
    );
    expect(refused(o.transmitTimes, { clock: 'wall' })).toBe('ERR_INVALID_ARG_VALUE value.clock');
    expect(refused(o.timestamping, { flags: ['rxSoftware', 'rx'] })).toBe(
      'ERR_INVALID_ARG_VALUE value.flags[1]',
    );
    expect(refused(o.timestamping, { flags: 'rxSoftware' })).toBe('ERR_INVALID_ARG_TYPE value.flags');
    expect(refused(o.timestamping, { flags: [], clock: -1 })).toBe('ERR_OUT_OF_RANGE value.clock');
  });

  it('names: with NULs, too long, by their bytes', () => {
    expect(refused(o.bindToDevice, 'lo\0eth0')).toBe('ERR_INVALID_ARG_VALUE value');
    expect(refused(o.bindToDevice, 'sixteen-letters!')).toBe('ERR_INVALID_ARG_VALUE value');
    expect(refused(o.bindToDevice, 'ünümläuts!')).not.toMatch(/^ERR/);
    expect(refused(o.bindToDevice, 'ünümläüts-ünd')).toBe('ERR_INVALID_ARG_VALUE value');
    expect(refused(o.bindToDevice, 1)).toBe('ERR_INVALID_ARG_TYPE value');
    expect(refused(o.bindToDevice, 'nosuchdevice00')).toMatch(/^ENODEV/);
    expect(refused(o.tcpCongestion, 'a'.repeat(16), open(c.AF_INET, c.SOCK_STREAM))).toMatch(
      /^ERR_INVALID_ARG/,
    );
    expect(refused(o.tcpUpperLayer, 'tls\0')).toBe('ERR_INVALID_ARG_VALUE value');
  });

  it('structs, by the field', () => {
    expect(refused(o.linger, 5)).toBe('ERR_INVALID_ARG_TYPE value');
    expect(refused(o.linger, null)).toBe('ERR_INVALID_ARG_TYPE value');
    expect(refused(o.linger, { on: true })).toBe('ERR_INVALID_ARG_TYPE value.seconds');
    expect(refused(o.linger, { on: 1, seconds: 1 })).toBe('ERR_INVALID_ARG_TYPE value.on');
    expect(refused(o.bufferLock, { send: true })).toBe('ERR_INVALID_ARG_TYPE value.receive');
    expect(refused(o.ipLocalPortRange, { low: 1, high: 65_536 })).toBe('ERR_OUT_OF_RANGE value.high');
    expect(refused(o.tcpFastOpenKey, new Uint8Array(15))).toBe('ERR_INVALID_ARG_VALUE value');
    expect(refused(o.ipOptions, new Uint8Array(41))).toBe('ERR_INVALID_ARG_VALUE value');
    expect(refused(o.filterBpf, -1)).toBe('ERR_OUT_OF_RANGE value');
    expect(refused(o.filterBpf, { fd: 'x' })).toBe('ERR_INVALID_ARG_TYPE value.fd');
    expect(refused(o.tipcJoinGroup, { type: 1, instance: 2, scope: 'world' })).toBe(
      'ERR_INVALID_ARG_VALUE value.scope',
    );
    const crypto = {
      version: '1.2',
      cipher: 'aes-128-gcm',
      iv: new Uint8Array(8),
      key: new Uint8Array(16),
      salt: new Uint8Array(4),
      recordSequence: new Uint8Array(8),
    };
    expect(refused(o.tlsTransmit, { ...crypto, key: new Uint8Array(32) })).toBe(
      'ERR_INVALID_ARG_VALUE value.key',
    );
    expect(refused(o.tlsTransmit, { ...crypto, salt: 'salt' })).toBe('ERR_INVALID_ARG_TYPE value.salt');
    expect(refused(o.tlsTransmit, { ...crypto, cipher: 'rc4' })).toBe('ERR_INVALID_ARG_VALUE value.cipher');
    expect(refused(o.tlsTransmit, { ...crypto, version: 1.2 })).toBe('ERR_INVALID_ARG_TYPE value.version');
  });

  it('any value at all is taken or refused, by a typed error or the kernel’s', () => {
    const socket = open(c.AF_INET, c.SOCK_STREAM);
    const settable = Object.entries(o).flatMap(([name, option]): [string, o.Settable<unknown>][] =>
      typeof option === 'object' && 'set' in option ? [[name, option as o.Settable<unknown>]] : [],
    );
    // What ends the socket's use, or its tests.
    const spared = new Set(['tcpUpperLayer', 'lockFilter', 'tcpRepair', 'debug', 'linger']);
    const anything = fc.oneof(
      fc.anything(),
      fc.uint8Array({ maxLength: 300 }),
      fc.bigInt(),
      fc.integer(),
      fc.string(),
    );
    const option = fc.constantFrom(...settable.filter(([name]) => !spared.has(name)));
    fc.assert(
      fc.property(option, anything, ([name, one], value) => {
        try {
          one.set(socket, value);
        } catch (error) {
          const { code } = error as { code?: unknown };
          expect([name, typeof code === 'string' && /^E[A-Z0-9]+|^ERR_/.test(code)]).toEqual([name, true]);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('errors of the kernel say what mends them', () => {
  it('as an ordinary user: the capability', (context) => {
    const { geteuid, seteuid } = process;
    if (geteuid === undefined || seteuid === undefined) return context.skip('no users here');
    const socket = udp();
    const tcp = open(c.AF_INET, c.SOCK_STREAM);
    const denied = (call: () => void, capability: string): void => {
      const error = thrown(call);
      expect(error).toMatchObject({ code: 'EPERM', syscall: 'setsockopt' });
      expect(error.message).toContain(`it takes the capability ${capability}`);
      expect(error.message).toContain('--cap-add NET_');
    };
    const user = geteuid();
    // 65534 is nobody. The thread's effective capabilities go with the user, and come back.
    if (user === 0) seteuid(65_534);
    try {
      denied(() => o.mark.set(socket, 1), 'CAP_NET_ADMIN');
      denied(() => o.ipTransparent.set(socket, true), 'CAP_NET_ADMIN');
      denied(() => o.priority.set(socket, 7), 'CAP_NET_ADMIN');
      denied(() => o.receiveBufferForce.set(socket, 1 << 20), 'CAP_NET_ADMIN');
      denied(() => o.busyPollBudget.set(socket, 60_000), 'CAP_NET_ADMIN');
      denied(() => o.tcpRepair.set(tcp, 1), 'CAP_NET_ADMIN');
      o.priority.set(socket, 6);
      o.receiveBuffer.set(socket, 1 << 14);
      o.bindToDevice.set(socket, 'lo');
      denied(() => o.bindToDevice.set(socket, ''), 'CAP_NET_RAW');
    } finally {
      if (user === 0) seteuid(user);
    }
    expect(o.bindToDevice.get(socket)).toBe('lo');
  });

  it('an option of another kind of socket: which, and since when there is such', () => {
    const [one, other] = streams();
    sockets.push(one, other);
    const error = thrown(() => o.tcpUserTimeout.get(one));
    expect(error).toMatchObject({ code: 'EOPNOTSUPP', syscall: 'getsockopt' });
    expect(error.message).toMatch(
      /TCP_USER_TIMEOUT is none of this kind of socket, or of this kernel \(it came with Linux 2\.6\.37\)/,
    );
    expect(thrown(() => o.ipv6Only.get(udp())).message).toContain('IPV6_V6ONLY is none of this kind');
  });

  it('a closed socket is EBADF, whatever the option', () => {
    const [one, other] = datagrams();
    one.close();
    other.close();
    for (const call of [
      () => o.receiveBuffer.get(one),
      () => o.receiveBuffer.set(one, 1),
      () => o.cookie.get(one),
      () => o.peerProcess.get(one),
      () => o.filter.set(one, [{ code: 6, jt: 0, jf: 0, k: 0 }]),
      () => o.detachFilter.set(one),
    ])
      expect(thrown(call)).toMatchObject({ code: 'EBADF', message: expect.stringContaining('is closed') });
  });

  it('what has only the two usual calls has no structs to ask for', () => {
    const plain: HasOptions = { getsockopt: () => 7 as number & Uint8Array, setsockopt: () => {} };
    expect(o.receiveBuffer.get(plain)).toBe(7);
    expect(thrown(() => o.cookie.get(plain)).code).toBe('ENOTSUP');
    expect(thrown(() => formsOf(plain)).code).toBe('ENOTSUP');
  });
});
