import { constants as c, errnos, Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { native } from '../ts/binding.ts';
import { datagrams, thrown } from './support.ts';

/** Where the native part has a socket. */
function slot(socket: Socket): [number, number] {
  const { slot, generation } = Reflect.get(socket, 'handle') as { slot: number; generation: number };
  return [slot, generation];
}

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

  it('a filter is read in instructions, and nothing beyond the room for it is written', () => {
    const [one, other] = datagrams();
    // BPF_RET | BPF_K of everything, four times: what follows the first is never reached, and is kept.
    const program = new Uint8Array(32);
    for (let at = 0; at < 32; at += 8) program.set([0x06, 0, 0, 0, 0xff, 0xff, 0, 0], at);
    const held = program.slice();
    // struct sock_fprog points to them; the typed option makes it.
    native.setsockoptProgram(...slot(one), c.SOL_SOCKET, c.SO_ATTACH_FILTER, program);
    const arena = new Uint8Array(64).fill(0xaa);
    const room = arena.subarray(16, 24);
    expect(native.getsockoptBytes(...slot(one), c.SOL_SOCKET, c.SO_GET_FILTER, room)).toBe(-errnos.EINVAL);
    expect(arena).toEqual(new Uint8Array(64).fill(0xaa));
    expect(one.getsockopt(c.SOL_SOCKET, c.SO_GET_FILTER, 36)).toEqual(Buffer.from(held));
    // An int has no room for an instruction.
    expect(one.getsockopt(c.SOL_SOCKET, c.SO_GET_FILTER)).toBe(0);
    one.close();
    other.close();
  });

  it('a descriptor is made only by options that make one', () => {
    const [one, other] = datagrams();
    const out = new Int32Array(2);
    const result = native.getsockoptDescriptor(...slot(one), c.SOL_SOCKET, c.SO_RCVBUF, out);
    expect(result).toBe(-errnos.ENOPROTOOPT);
    one.close();
    other.close();
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
