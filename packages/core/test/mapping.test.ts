import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { constants as c, errnos, Socket } from '@sockeye/core';
import { Mapping } from '@sockeye/core/mapping';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { native } from '../ts/binding.ts';
import { datagrams, thrown } from './support.ts';

const RING = 65_536;
/** linux/if_packet.h: TPACKET_V2, and struct tpacket_req: block size and number, frame size and number. */
const TPACKET_V2 = 1;
const REQUEST = new Uint8Array(Uint32Array.of(RING / 2, 2, RING / 4, 4).buffer);

/** A packet socket with a ring, which receives nothing: its protocol is 0. */
function ringed(): Socket {
  const socket = Socket.create(c.AF_PACKET, c.SOCK_RAW, 0);
  socket.setsockopt(c.SOL_PACKET, c.PACKET_VERSION, TPACKET_V2);
  socket.setsockopt(c.SOL_PACKET, c.PACKET_RX_RING, REQUEST);
  return socket;
}

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'rings are Linux’s';
  try {
    ringed().close();
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EPERM') return 'packet sockets need CAP_NET_RAW';
    throw error;
  }
}
const reason = whyNot();

/** The sockets whose memory this process has mapped. */
const mapped = (): string[] =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('socket:['));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const dist = new URL('../dist/', import.meta.url).href;

describe('what has no memory to map', () => {
  it('says so', () => {
    const [socket, other] = datagrams();
    expect(thrown(() => new Mapping(socket, 4096))).toMatchObject({ code: 'ENODEV', syscall: 'mmap' });
    other.close();
    socket.close();
    expect(thrown(() => new Mapping(socket, 4096))).toMatchObject({ code: 'EBADF', syscall: 'mmap' });
  });

  it('and what is no socket or length is named', () => {
    const [socket, other] = datagrams();
    try {
      expect(() => Reflect.construct(Mapping, [7, 4096])).toThrow(/^socket must be a Socket; got 7/);
      expect(thrown(() => new Mapping(socket, 0))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(() => Reflect.construct(Mapping, [socket, '1'])).toThrow(/^length must be a number; got '1'/);
    } finally {
      socket.close();
      other.close();
    }
  });
});

describe('the memory of a ring', () => {
  let socket: Socket;
  let before: number;

  beforeEach((context) => {
    if (reason !== undefined) context.skip(reason);
    before = mapped().length;
    socket = ringed();
  });

  afterEach(async () => {
    socket?.close();
    // The runtime gives the memory of a buffer back a turn of the event loop later.
    for (let turns = 0; turns < 1000 && mapped().length > before; turns++) await turn();
  });

  it('is read and written by bytes and words, which the buffer shows', () => {
    using mapping = new Mapping(socket, RING);
    expect(mapped().length).toBe(before + 1);
    const bytes = new Uint8Array(mapping.buffer() ?? new ArrayBuffer(0));
    expect([bytes.length, mapping.length]).toEqual([RING, RING]);
    expect(mapping.buffer()).toBe(bytes.buffer);
    mapping.write(RING - 5, Buffer.from('works'));
    expect(Buffer.from(bytes.subarray(-5)).toString()).toBe('works');
    bytes.set([1, 2, 3], 100);
    const copy = new Uint8Array(3);
    mapping.read(100, copy);
    expect([...copy]).toEqual([1, 2, 3]);
    // Three words in a row, and bits beside those that are looked at.
    mapping.store(0, RING / 4, 3, 0x80000001);
    expect(mapping.match(0, RING / 4, 4, 1, 1)).toBe(3);
    expect(mapping.match(0, RING / 4, 4, 0xffffffff, 0x80000001)).toBe(3);
    expect(mapping.match(0, RING / 4, 4, 1, 0)).toBe(0);
    expect(mapping.match(RING - 4, 4, 1, 0, 0)).toBe(1);
    expect(mapping.match(0, RING / 4, 1, 1, 0)).toBe(0);
    expect(new Uint32Array(bytes.buffer)[RING / 16]).toBe(0x80000001);
  });

  it('ends where it ends', () => {
    using mapping = new Mapping(socket, RING);
    const refused = (call: () => unknown): unknown => (thrown(call) as { code?: unknown }).code;
    const outside: (() => unknown)[] = [
      () => mapping.match(RING, 4, 1, 1, 1),
      () => mapping.match(RING - 4, 4, 2, 1, 1),
      () => mapping.match(0, RING / 4, 5, 1, 1),
      () => mapping.match(-4, 4, 1, 1, 1),
      () => mapping.match(0, -4, 2, 1, 1),
      () => mapping.match(2 ** 53, 4, 1, 1, 1),
      () => mapping.store(RING - 8, 4, 3, 1),
      () => mapping.store(0, 2 ** 32 - 4, 2 ** 32 - 1, 1),
      () => mapping.read(RING - 2, new Uint8Array(3)),
      () => mapping.write(RING + 1, new Uint8Array(1)),
      () => mapping.write(2 ** 53, new Uint8Array(1)),
    ];
    for (const call of outside) expect(refused(call), String(call)).toBe('ERR_OUT_OF_RANGE');
    for (const call of [() => mapping.match(2, 4, 1, 1, 1), () => mapping.store(0, 6, 2, 1)])
      expect(refused(call), String(call)).toBe('ERR_INVALID_ARG_VALUE');
    expect(refused(() => Reflect.apply(mapping.read, mapping, [0, 'x']))).toBe('ERR_INVALID_ARG_TYPE');
    expect(refused(() => mapping.read(0, new Uint8Array(RING + 1)))).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => new Mapping(socket, RING * 2))).toMatchObject({ code: 'EINVAL' });
  });

  it('is unmapped by close, after which views are empty and calls are refused', async () => {
    const mapping = new Mapping(socket, RING);
    const bytes = new Uint8Array(mapping.buffer() ?? new ArrayBuffer(0));
    mapping.close();
    expect([bytes.length, bytes[0], mapping.closed]).toEqual([0, undefined, true]);
    for (let turns = 0; turns < 10 && !mapping.close(); turns++) await turn();
    expect([mapping.close(), mapped().length]).toEqual([true, before]);
    // Another one gets its place, and is not touched by the first.
    using other = new Mapping(socket, RING);
    for (const call of [
      () => mapping.match(0, 4, 1, 0, 0),
      () => mapping.store(0, 4, 1, 0),
      () => mapping.read(0, new Uint8Array(1)),
      () => mapping.write(0, new Uint8Array(1)),
      () => mapping.buffer(),
    ])
      expect(thrown(call)).toMatchObject({ code: 'EBADF' });
    mapping.close();
    expect(other.match(0, 4, 1, 0, 0)).toBe(1);
  });

  it('outlives its socket', () => {
    using mapping = new Mapping(socket, RING);
    socket.close();
    mapping.write(0, Uint8Array.of(7));
    expect(new Uint8Array(mapping.buffer() ?? new ArrayBuffer(0))[0]).toBe(7);
  });

  it('stays while somebody has taken the buffer for himself', async (context) => {
    const mapping = new Mapping(socket, RING);
    const buffer = mapping.buffer() as ArrayBuffer & { transfer?: () => ArrayBuffer };
    const transfer = buffer.transfer?.bind(buffer);
    if (transfer === undefined) return context.skip('this runtime has no ArrayBuffer.prototype.transfer');
    let taken: Uint8Array;
    try {
      taken = new Uint8Array(transfer());
    } catch {
      // It may not be taken at all.
      expect(buffer.byteLength).toBe(RING);
      mapping.close();
      return;
    }
    expect(mapping.close()).toBe(false);
    await turn();
    taken[5] = 1;
    expect([taken.length, taken[5], mapping.close()]).toEqual([RING, 1, false]);
  });

  it('is read and written by calls where the runtime allows no buffer over it', () => {
    using mapping = new Mapping(socket, RING);
    const refusing = vi.spyOn(native, 'mappingBuffer').mockReturnValue(-errnos.ENOTSUP);
    try {
      expect(mapping.buffer()).toBeUndefined();
      mapping.write(8, Uint8Array.of(9));
      const copy = new Uint8Array(1);
      mapping.read(8, copy);
      expect(copy[0]).toBe(9);
    } finally {
      refusing.mockRestore();
    }
  });

  /** What a worker does with a mapping: it tells that it has one, and goes on with it. */
  const WORKER = `
    import { constants as c, Socket } from '${dist}index.js';
    import { Mapping } from '${dist}mapping/index.js';
    import { parentPort } from 'node:worker_threads';
    const socket = Socket.create(c.AF_PACKET, c.SOCK_RAW, 0);
    socket.setsockopt(c.SOL_PACKET, c.PACKET_VERSION, 1);
    socket.setsockopt(c.SOL_PACKET, c.PACKET_RX_RING, new Uint8Array(Uint32Array.of(32768, 2, 16384, 4).buffer));
    const mapping = new Mapping(socket, 65536);
    const bytes = new Uint8Array(mapping.buffer());
    parentPort.postMessage('mapped');
  `;
  const start = async (lines: string): Promise<Worker> => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(WORKER + lines)}`));
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    return worker;
  };

  it('is unmapped when a worker ends, in the midst of using it', async () => {
    const worker = await start(
      'for (let n = 0; ; n++) { bytes[n % 60000] += 1; mapping.match(0, 4, 1, 0, 0); }',
    );
    expect(mapped().length).toBe(before + 1);
    await worker.terminate();
    expect(mapped().length).toBe(before);
  });

  it('belongs to one environment: another one has its own, and ends alone', async () => {
    using mapping = new Mapping(socket, RING);
    mapping.write(0, Uint8Array.of(1));
    const worker = await start('mapping.write(0, Uint8Array.of(2)); setInterval(() => bytes[0], 1000);');
    const other = await start('process.exit();');
    await new Promise((resolve) => other.once('exit', resolve));
    expect(mapped().length).toBe(before + 2);
    await worker.terminate();
    const copy = new Uint8Array(1);
    mapping.read(0, copy);
    expect([copy[0], mapped().length]).toEqual([1, before + 1]);
  });

  it('is unmapped when it is dropped, but not before its views are', () => {
    const program = `
      import { readFileSync } from 'node:fs';
      import { constants as c, Socket } from '${dist}index.js';
      import { Mapping } from '${dist}mapping/index.js';
      process.removeAllListeners('warning');
      const count = () => readFileSync('/proc/self/maps', 'utf8').split('\\n').filter((line) => line.includes('socket:[')).length;
      const collect = async () => { for (let n = 0; n < 5; n++) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); } };
      let view;
      (() => {
        const socket = Socket.create(c.AF_PACKET, c.SOCK_RAW, 0);
        socket.setsockopt(c.SOL_PACKET, c.PACKET_VERSION, 1);
        socket.setsockopt(c.SOL_PACKET, c.PACKET_RX_RING, new Uint8Array(Uint32Array.of(32768, 2, 16384, 4).buffer));
        for (let n = 0; n < 3; n++) new Uint8Array(new Mapping(socket, 65536).buffer()).fill(n);
        view = new Mapping(socket, 65536);
        socket.close();
      })();
      const before = count();
      await collect();
      view.write(0, Uint8Array.of(5));
      const held = new Uint8Array(view.buffer());
      console.log(before, count(), held[0]);
      view = undefined;
      await collect();
      // The mapping was dropped, which ends it for its views too: they are empty, not dangling.
      console.log(count(), held.length);
    `;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--expose-gc', '--input-type=module', '-e', program],
      { encoding: 'utf8', timeout: 20_000 },
    );
    expect({ stdout, stderr, status }).toEqual({ stdout: '4 1 5\n0 0\n', stderr: '', status: 0 });
  });
});
