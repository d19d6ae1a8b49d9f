/** Captures on the loopback interface; rigs/specs/raw-capture.spec.ts has those that take two hosts. */
import { constants, Socket } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CaptureOptions, capture } from '../src/capture.ts';
import type { CapturedPacket } from '../src/captured-packet.ts';
import { PacketSocket } from '../src/packet-socket.ts';
import { PRIVATE, privateFrame, whyNot } from './packets.ts';

const reason = whyNot();
const text = (packet: { data: Uint8Array }): string => Buffer.from(packet.data.subarray(14)).toString();

describe('a capture', () => {
  const open: { close(): void }[] = [];
  const begin = async (options: CaptureOptions = {}) => {
    const cap = await capture('lo', { protocol: PRIVATE, ...options });
    open.push(cap);
    return cap;
  };
  let sender: PacketSocket;

  beforeEach((context) => {
    if (reason !== undefined) context.skip(reason);
    sender = PacketSocket.open({ interface: 'lo', protocol: 0 });
    open.push(sender);
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });
  const send = (...texts: string[]): void => {
    for (const each of texts) sender.sendSync(privateFrame(each));
  };

  it('brings packets in order, with all that is known of them', async () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const cap = await begin();
    send('one', 'two', 'three');
    const texts: string[] = [];
    let last = before;
    for await (const packet of cap.packets({ timeout: 5000 })) {
      texts.push(text(packet));
      expect(packet).toMatchObject({
        capturedLength: packet.data.length,
        wireLength: packet.data.length,
        truncated: false,
        ifindex: cap.socket.ifindex,
        protocol: PRIVATE,
        packetType: 'host',
        outgoing: false,
        hardwareType: constants.ARPHRD_LOOPBACK,
        hardwareAddress: '00:00:00:00:00:00',
        hardwareTimestamp: undefined,
        vlan: undefined,
        virtio: undefined,
        checksum: 'unknown',
      });
      expect(packet.timestamp >= last).toBe(true);
      last = packet.timestamp;
      if (texts.length === 3) break;
    }
    expect(texts).toEqual(['one', 'two', 'three']);
    expect(cap.statistics()).toEqual({ packets: 3, drops: 0 });
    send('four');
    expect(cap.statistics()).toEqual({ packets: 4, drops: 0 });
  });

  it('loses nothing when a loop is left and begun again, nor between both ways of reading', async () => {
    const cap = await begin({ messages: 4 });
    const texts: string[] = [];
    const some = async (count: number): Promise<void> => {
      let taken = 0;
      for await (const packet of cap.packets({ timeout: 5000 })) {
        texts.push(text(packet));
        if (++taken === count) return;
      }
    };
    send('a', 'b', 'c', 'd', 'e', 'f', 'g');
    await some(1);
    await some(2);
    // The fourth is still in the memory of the loop.
    const batch = await cap.recvBatch({ timeout: 5000 });
    expect([...(batch ?? [])].map(text)).toEqual(['e', 'f', 'g']);
    await some(1);
    expect(texts).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps as many bytes as it is told, and says how many there were', async () => {
    const cap = await begin({ snapLength: 20 });
    send('0123456789', 'short');
    const batch = await cap.recvBatch({ timeout: 5000 });
    if (batch === undefined) throw new Error('the interface went down');
    expect([0, 1].map((index) => [batch.capturedLength(index), batch.wireLength(index)])).toEqual([
      [20, 24],
      [19, 19],
    ]);
    expect([...batch].map((packet) => [text(packet), packet.truncated])).toEqual([
      ['012345', true],
      ['short', false],
    ]);
    // A filter keeps less, and the length is told all the same.
    cap.setFilter([{ code: 6, jt: 0, jf: 0, k: 17 }]);
    send('0123456789');
    await cap.recvBatch({ timeout: 5000 });
    expect([text(batch.at(0)), batch.wireLength(0), batch.at(0).truncated]).toEqual(['012', 24, true]);
    expect(() => batch.at(1)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => batch.wireLength(-1)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });

  it('a packet is gone once others are in its place; its copy is not', async () => {
    const cap = await begin();
    send('old');
    const kept: CapturedPacket[] = [];
    const copies: Buffer[] = [];
    for await (const packet of cap.packets({ timeout: 5000 })) {
      kept.push(packet);
      copies.push(packet.copy());
      if (kept.length === 1) send('new');
      else break;
    }
    const [old, recent] = kept as [CapturedPacket, CapturedPacket];
    expect([old.stale, recent.stale]).toEqual([true, false]);
    for (const key of ['data', 'wireLength', 'timestamp', 'packetType', 'vlan'] as const)
      expect(() => old[key]).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_STALE' }));
    expect(() => old.dissect()).toThrow(/keep its copy\(\)/);
    expect(copies.map((data) => text({ data }))).toEqual(['old', 'new']);
  });

  it('dissects, raw and cooked', async () => {
    const udp = Socket.create(constants.AF_INET, constants.SOCK_DGRAM);
    open.push(udp);
    const to = Uint8Array.of(2, 0, 0xab, 0xcd, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    for (const mode of ['raw', 'cooked'] as const) {
      const cap = await begin({ protocol: constants.ETH_P_IP, mode });
      udp.sendToSync(Buffer.from(mode), to);
      for await (const packet of cap.packets({ timeout: 5000 })) {
        const { udp: header, ethernet, layers } = packet.dissect();
        if (header?.destinationPort !== 0xabcd) continue;
        expect(ethernet === undefined).toBe(mode === 'cooked');
        expect(layers.map(({ kind }) => kind).slice(-2)).toEqual(['ipv4', 'udp']);
        expect(Buffer.from(header.payload).toString()).toBe(mode);
        expect(packet.checksum).toBe('partial');
        break;
      }
    }
  });

  it('tells what goes out from what comes in', async () => {
    const cap = await begin({ protocol: constants.ETH_P_ALL, fanout: { mode: 'hash' } });
    send('both ways');
    const seen: unknown[] = [];
    for await (const packet of cap.packets({ timeout: 5000 })) {
      if (packet.protocol !== PRIVATE) continue;
      seen.push([packet.packetType, packet.outgoing]);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([
      ['outgoing', true],
      ['host', false],
    ]);
  });

  it('ends when it is closed, and a signal or a timeout ends a wait', async () => {
    const cap = await begin();
    const loop = (async () => {
      for await (const batch of cap.batches()) expect(batch.length).toBe(0);
      return 'ended';
    })();
    const packets = (async () => {
      for await (const packet of cap.packets()) expect(packet).toBe('none');
      return 'ended';
    })();
    await expect(cap.recvBatch({ timeout: 10 })).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    const abort = new AbortController();
    const waiting = cap.recvBatch({ signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR' });
    cap.close();
    expect(await Promise.all([loop, packets])).toEqual(['ended', 'ended']);
    expect(cap.end).toBeUndefined();
    await expect(cap.recvBatch()).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('counts what its reader was too slow for', async () => {
    const cap = await begin({ receiveBuffer: 4096 });
    for (let n = 0; n < 200; n++) send('x'.repeat(1000));
    const { packets, drops } = cap.statistics();
    expect(packets).toBe(200);
    expect(drops).toBeGreaterThan(100);
    let delivered = 0;
    for (;;) {
      try {
        delivered += (await cap.recvBatch({ timeout: 0 }))?.length ?? 0;
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
        break;
      }
    }
    expect(delivered).toBe(packets - drops);
  });

  it('has a virtio header beside the packet where it is asked for', async () => {
    const cap = await begin({ virtioHeader: 10, timestamps: 'none' });
    send('virtual');
    const batch = await cap.recvBatch({ timeout: 5000 });
    const packet = batch?.at(0);
    expect(text(packet as CapturedPacket)).toBe('virtual');
    expect(packet?.virtio?.flags).toBe(0);
    expect([packet?.wireLength, packet?.timestamp]).toEqual([21, 0n]);
  });

  it('is of an interface by its index, or of all', async () => {
    for (const target of [1, undefined]) {
      const cap = await capture(target, { protocol: PRIVATE });
      open.push(cap);
      send('here');
      for await (const packet of cap.packets({ timeout: 5000 })) {
        expect([packet.ifindex, text(packet)]).toEqual([1, 'here']);
        break;
      }
    }
  });

  it('leaves no descriptor behind when it cannot begin', async () => {
    const first = await capture('lo');
    const { fd } = first.socket.socket;
    first.close();
    await expect(capture('nonesuch0')).rejects.toMatchObject({ code: 'ENODEV' });
    await expect(capture({} as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(capture('lo', { snapLength: 0 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(capture('lo', { timestamps: 'x' as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(capture('lo', { messages: 1025 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    const again = await capture('lo');
    expect(again.socket.socket.fd).toBe(fd);
    again.close();
  });
});
