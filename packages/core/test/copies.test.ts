/** Two copies of the package in one environment, as when one dependency imports it and another one requires it. */
import { constants as c, Socket } from '@sockeye/core';
import { toDuplex, toWeb } from '@sockeye/core/streams';
import { describe, expect, it, vi } from 'vitest';
import { datagrams, thrown } from './support.ts';

describe('two copies', () => {
  it('take each other’s descriptors, and know what the other one’s streams own', async () => {
    vi.resetModules();
    const other = await import('@sockeye/core');
    const streams = await import('@sockeye/core/streams');
    expect(other.Socket).not.toBe(Socket);
    const [a, b] = datagrams();
    const data = new Uint8Array(Int32Array.of(b.fd).buffer);
    await a.sendMsg(Buffer.from('x'), { control: [{ level: c.SOL_SOCKET, type: c.SCM_RIGHTS, data }] });
    const { descriptors: came } = await b.recvMsg(1, { control: 64 });
    const socket = other.Socket.fromFd(came[0] as never);
    expect(came[0]?.closed).toBe(true);
    expect(socket.type).toBe(c.SOCK_DGRAM);
    for (const open of [a, b, socket]) open.close();
    const [left, right] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const duplex = streams.toDuplex(left as never);
    expect(thrown(() => toDuplex(left)).message).toContain('no other stream or listener');
    expect(thrown(() => toWeb(left)).message).toContain('no other stream or listener');
    duplex.destroy();
    right.close();
  });
});
