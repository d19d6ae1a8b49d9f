import { constants as c, errnos, Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { datagrams, thrown } from './support.ts';

describe('options', () => {
  it('integers and bytes, both ways', () => {
    const socket = Socket.create(c.AF_INET, c.SOCK_STREAM);
    expect(socket.getsockopt(c.SOL_SOCKET, c.SO_TYPE)).toBe(c.SOCK_STREAM);
    socket.setsockopt(c.SOL_SOCKET, c.SO_KEEPALIVE, 1);
    expect(socket.getsockopt(c.SOL_SOCKET, c.SO_KEEPALIVE)).toBe(1);
    const linger = Buffer.from([1, 0, 0, 0, 7, 0, 0, 0]);
    socket.setsockopt(c.SOL_SOCKET, c.SO_LINGER, linger);
    expect(socket.getsockopt(c.SOL_SOCKET, c.SO_LINGER, 8)).toEqual(linger);
    expect(socket.getsockopt(c.SOL_SOCKET, c.SO_LINGER, 4)).toEqual(linger.subarray(0, 4));
    socket.setsockopt(c.SOL_SOCKET, c.SO_MARK, 0xffffffff);
    expect(socket.getsockopt(c.SOL_SOCKET, c.SO_MARK)).toBe(-1);
    socket.close();
  });

  it('an option that is not there is ENOPROTOOPT', () => {
    const [one, other] = datagrams();
    expect(thrown(() => one.getsockopt(c.SOL_SOCKET, 0x7ffe))).toMatchObject({
      code: 'ENOPROTOOPT',
      errno: -errnos.ENOPROTOOPT,
      syscall: 'getsockopt',
    });
    one.close();
    other.close();
  });
});
