import { AddressBuffer, constants, errnos, platform, Socket, SocketError } from '@sockeye/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CanSocket } from '../src/can-socket.ts';
import { decodeFrame, encodeFrame } from '../src/frame.ts';
import { ext, std } from '../src/id.ts';

const refusal = (code: string): object => expect.objectContaining({ code });
const sockets: { close(): void }[] = [];

/** Two ends that carry frames as a bus does, one write one frame: no CAN is needed for them. */
function pair(): [CanSocket, CanSocket, Socket] {
  const [near, far] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_SEQPACKET);
  sockets.push(near, far);
  return [CanSocket.from(near), CanSocket.from(far, 7), near];
}

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

describe('waiting to send', () => {
  it('refuses a timeout that is none', async () => {
    const [near] = pair();
    for (const timeout of [-5, Number.NaN, null, '50']) {
      const options = JSON.parse('{}');
      options.timeout = timeout;
      await expect(near.send({ id: 1 }, options)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/),
      });
      expect(() => near.sendSync({ id: 1 }, options)).toThrow(/^timeout must be/);
    }
  });

  it('ends with ECANCELED when the socket is closed while the queue is full', async () => {
    const [near, , below] = pair();
    vi.spyOn(below, 'trySend').mockReturnValue(-errnos.ENOBUFS);
    const sending = near.send({ id: 1 });
    setTimeout(() => near.close(), 20);
    await expect(sending).rejects.toEqual(refusal('ECANCELED'));
  });
});

describe('frames over a socket', () => {
  const { data } = { data: Uint8Array.of(0xde, 0xad) };

  it('go and come, asynchronously and blocking', async () => {
    const [near, far] = pair();
    const waiting = far.recv();
    await near.send({ id: 0x123, data });
    expect(await waiting).toMatchObject({ fd: false, id: std(0x123), data, ifindex: 7 });
    far.sendSync({
      fd: true,
      id: ext(0x12345678),
      bitRateSwitch: true,
      data: new Uint8Array(64).fill(1),
    });
    const back = near.recvSync({ timeout: 5000 });
    expect(back).toMatchObject({ fd: true, id: ext(0x12345678), bitRateSwitch: true, ifindex: 0 });
    expect([...back.data]).toEqual(Array(64).fill(1));
  });

  it('go and come as bytes, without waiting', () => {
    const [near, far] = pair();
    const bytes = new Uint8Array(72);
    expect(far.socket.tryRecvInto(bytes)).toBe(-errnos.EAGAIN);
    const size = encodeFrame({ id: 5, remote: true, length: 3 }, bytes);
    expect(near.socket.trySend(bytes.subarray(0, size))).toBe(16);
    const into = new Uint8Array(72);
    expect(far.socket.tryRecvFromInto(into, new AddressBuffer())).toBe(16);
    expect(decodeFrame(into.subarray(0, 16))).toMatchObject({ id: std(5), remote: true, length: 3 });
  });

  it('come one after the other until the socket is closed', async () => {
    const [near, far] = pair();
    for (const id of [1, 2, 3]) near.sendSync({ id });
    const ids: number[] = [];
    for await (const { id } of far) {
      ids.push(id.value);
      if (id.value === 3) setImmediate(() => far.close());
    }
    expect(ids).toEqual([1, 2, 3]);
    expect(far.closed).toBe(true);
    await expect(far.recv()).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('that are received at once are not mixed up', async () => {
    const [near, far] = pair();
    const waiting = Array.from({ length: 20 }, () => far.recv({ timeout: 5000 }));
    for (let id = 0; id < 20; id++) near.sendSync({ id, data: Uint8Array.of(id) });
    const frames = await Promise.all(waiting);
    for (const frame of frames) expect(frame.data[0]).toBe(frame.id.value);
    expect(frames.map(({ id }) => id.value).sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
  });

  it('time out, and are aborted', async () => {
    const [near] = pair();
    await expect(near.recv({ timeout: 5 })).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    expect(() => near.recvSync({ timeout: 0 })).toThrow(refusal('ERR_SOCKET_TIMEOUT'));
    const abort = new AbortController();
    const waiting = near.recv({ signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });

  it('that are none are refused before anything is sent', async () => {
    const [near, far] = pair();
    await expect(near.send({ id: 0x800 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(() => near.sendSync({ id: 1, data: new Uint8Array(9) })).toThrow(refusal('ERR_OUT_OF_RANGE'));
    expect(far.socket.tryRecvInto(new Uint8Array(72))).toBe(-errnos.EAGAIN);
  });
});

// The kernel’s own answer is in packages/core/test/full-queue.test.ts.
describe('a full queue of the interface (ENOBUFS)', () => {
  it('is tried again until there is room, and frames keep their order', async () => {
    const [near, far, socket] = pair();
    const send = vi.spyOn(socket, 'trySend');
    for (let i = 0; i < 3; i++) send.mockReturnValueOnce(-errnos.ENOBUFS);
    await Promise.all([1, 2, 3].map((id) => near.send({ id })));
    expect(send).toHaveBeenCalledTimes(6);
    expect([1, 2, 3].map(() => far.recvSync({ timeout: 1000 }).id.value)).toEqual([1, 2, 3]);
    expect(near.socket.counters.noBuffers).toBe(3);
  });

  it('is given up when the time runs out or the signal says so; other errors pass', async () => {
    const [near, , socket] = pair();
    const send = vi.spyOn(socket, 'trySend').mockReturnValue(-errnos.ENOBUFS);
    const cause = refusal('ENOBUFS');
    await expect(near.send({ id: 1 }, { timeout: 20 })).rejects.toMatchObject({
      code: 'ERR_SOCKET_TIMEOUT',
      cause,
    });
    expect(send.mock.calls.length).toBeGreaterThan(1);
    send.mockClear();
    await expect(near.send({ id: 1 }, { timeout: 0 })).rejects.toMatchObject({
      code: 'ERR_SOCKET_TIMEOUT',
      cause,
    });
    expect(send).toHaveBeenCalledTimes(1);
    const abort = new AbortController();
    const waiting = near.send({ id: 1 }, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR' });
    send.mockReturnValueOnce(-errnos.ENETDOWN);
    await expect(near.send({ id: 1 })).rejects.toMatchObject({ code: 'ENETDOWN' });
  });
});

describe('opening', () => {
  it('refuses what is no index, no filter and no mask before any system call', (ctx) => {
    if (platform !== 'linux') ctx.skip('CAN sockets are Linux only');
    expect(() => CanSocket.openSync(-1)).toThrow(refusal('ERR_OUT_OF_RANGE'));
    expect(() => CanSocket.openSync(null as never)).toThrow(refusal('ERR_INVALID_ARG_TYPE'));
    expect(() => CanSocket.openSync(0, { filters: [{ id: 1, mask: 2 ** 32 }] })).toThrow(
      refusal('ERR_OUT_OF_RANGE'),
    );
    expect(() => CanSocket.openSync(0, { errors: ['nonsense' as never] })).toThrow(
      refusal('ERR_INVALID_ARG_VALUE'),
    );
    // Without CAN in the kernel that is what is said, else that there is no such interface.
    expect(() => CanSocket.openSync('nonesuch0')).toThrow(/EAFNOSUPPORT.*modprobe|ENODEV.*nonesuch0/);
  });

  it('works on all interfaces where the kernel has CAN; where not, it says what to do', () => {
    if (platform !== 'linux') {
      expect(() => CanSocket.openSync(0)).toThrow(refusal('ENOTSUP'));
      return;
    }
    let socket: CanSocket;
    try {
      socket = CanSocket.openSync(0, { filters: [], fd: true });
    } catch (error) {
      expect(error).toBeInstanceOf(SocketError);
      expect(error).toMatchObject({
        code: 'EAFNOSUPPORT',
        syscall: 'socket',
        message: expect.stringContaining('can'),
      });
      return;
    }
    sockets.push(socket);
    expect(socket.ifindex).toBe(0);
    expect(socket.socket.tryRecvInto(new Uint8Array(72))).toBe(-errnos.EAGAIN);
  });
});
