import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedPacketError } from '../src/errors.ts';
import { RingBlock } from '../src/ring-block.ts';
import { ADDRESS_LENGTH, BLOCK, FRAME_V2, FRAME_V3, RingMemory } from '../src/ring-layout.ts';
import type { RingPacket } from '../src/ring-packet.ts';

const SIZE = 4096;

/** A frame's fields that say where it is. */
interface Frame {
  at: number;
  step: number;
  mac: number;
  length: number;
}

/** A block in the middle of a memory, with these frames. */
function block(first: number, packets: number, frames: readonly Frame[], given: RingBlock[] = []): RingBlock {
  const memory = new RingMemory(new ArrayBuffer(3 * SIZE));
  const start = SIZE;
  memory.words[(start + BLOCK.packets) >>> 2] = packets;
  memory.words[(start + BLOCK.firstOffset) >>> 2] = first;
  for (const { at, step, mac, length } of frames) {
    memory.words[(start + at) >>> 2] = step;
    memory.words[(start + at + FRAME_V3.length) >>> 2] = length;
    memory.words[(start + at + FRAME_V3.wireLength) >>> 2] = length + 1;
    memory.halves[(start + at + FRAME_V3.address) >>> 1] = 17; // AF_PACKET of Linux
    memory.halves[(start + at + FRAME_V3.mac) >>> 1] = mac;
  }
  const place = {
    memory,
    layout: FRAME_V3,
    cooked: false,
    virtio: false,
    index: 1,
    start,
    end: start + SIZE,
    frames: 0,
    frameSize: 0,
  };
  return new RingBlock(place, (one) => given.push(one));
}

/** The packets of a block, or the error that ended them. */
function walk(one: RingBlock): { packets: RingPacket[]; error: unknown } {
  const packets: RingPacket[] = [];
  try {
    for (const packet of one) packets.push(packet);
    return { packets, error: undefined };
  } catch (error) {
    return { packets, error };
  }
}

describe('a block of a ring', () => {
  it('gives its packets, each where its header says', () => {
    const one = block(48, 2, [
      { at: 48, step: 256, mac: 80, length: 100 },
      { at: 304, step: 0, mac: 82, length: SIZE - 304 - 82 },
    ]);
    const { packets, error } = walk(one);
    expect(error).toBeUndefined();
    expect(
      packets.map(({ offset, end, capturedLength, wireLength, truncated }) => [
        offset,
        end,
        capturedLength,
        wireLength,
        truncated,
      ]),
    ).toEqual([
      [SIZE + 128, SIZE + 228, 100, 101, true],
      [SIZE + 386, 2 * SIZE, SIZE - 386, SIZE - 385, true],
    ]);
    expect(walk(one).packets).toHaveLength(2);
  });

  it('goes back once, and its packets with it', () => {
    const given: RingBlock[] = [];
    const one = block(48, 1, [{ at: 48, step: 0, mac: 80, length: 10 }], given);
    const [packet] = walk(one).packets as [RingPacket];
    const kept = packet.copy();
    one.release();
    one[Symbol.dispose]();
    expect([given.length, one.released]).toEqual([1, true]);
    const stale = expect.objectContaining({ code: 'ERR_SOCKET_STALE' });
    const reads: (() => unknown)[] = [
      () => packet.data,
      () => packet.bytes,
      () => packet.capturedLength,
      () => packet.wireLength,
      () => packet.timestamp,
      () => packet.vlan,
      () => packet.packetType,
      () => packet.ifindex,
      () => packet.protocol,
      () => packet.hardwareAddress,
      () => packet.offset,
      () => packet.copy(),
      () => packet.copyInto(new Uint8Array(100)),
      () => packet.dissect(),
      () => one.packets,
      () => one[Symbol.iterator](),
    ];
    for (const read of reads) {
      let thrown: unknown;
      try {
        read();
      } catch (error) {
        thrown = error;
      }
      expect(thrown, String(read)).toEqual(stale);
    }
    expect([kept.data.length, kept.wireLength]).toEqual([10, 11]);
  });

  it('puts back the VLAN tag that was taken out', () => {
    const one = block(48, 1, [{ at: 48, step: 0, mac: 80, length: 16 }]);
    const [packet] = walk(one).packets as [RingPacket];
    const header = SIZE + 48;
    const memory = one.memory;
    memory.bytes.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 0xaa, 0xbb], header + 80);
    memory.words[(header + FRAME_V3.status) >>> 2] = (1 << 4) | (1 << 6);
    memory.words[(header + FRAME_V3.vlanTag) >>> 2] = 0xb064;
    memory.halves[(header + FRAME_V3.vlanProtocol) >>> 1] = 0x88a8;
    const vlan = { protocol: 0x88a8, priority: 5, dropEligible: true, id: 100 };
    expect(packet.vlan).toEqual(vlan);
    const { data, wireLength } = packet.copy({ restoreVlan: true });
    expect([...data.subarray(12)]).toEqual([0x88, 0xa8, 0xb0, 0x64, 0x08, 0x00, 0xaa, 0xbb]);
    expect(wireLength).toBe(17);
    expect(packet.copy().data).toHaveLength(16);
    memory.words[(header + FRAME_V3.status) >>> 2] = 1 << 4;
    expect(packet.vlan?.protocol).toBe(0x8100);
    memory.words[(header + FRAME_V3.status) >>> 2] = 0;
    expect(packet.vlan).toBeUndefined();
  });

  const liar = fc.oneof(
    fc.constantFrom(0, 1, 2, 48, 67, 68, 80, SIZE - 68, SIZE - 67, SIZE, -1, -4, 2 ** 31 - 1, -(2 ** 31)),
    fc.integer({ min: 0, max: SIZE }).map((value) => value & ~3),
    fc.integer(),
  );

  it('gives no packet that is not all in it, whatever its headers say', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            at: fc.nat(SIZE / 4 - 1).map((word) => word * 4),
            step: liar,
            mac: fc.nat(0xffff),
            length: liar,
          }),
          { maxLength: 6 },
        ),
        liar,
        liar,
        (frames, first, packets) => {
          const one = block(
            first,
            packets,
            frames.filter(({ at }) => at >= BLOCK.size),
          );
          const found = walk(one);
          if (found.error !== undefined) expect(found.error).toBeInstanceOf(MalformedPacketError);
          // Each is at least as far from the last as its header is long: no walk is long.
          expect(found.packets.length).toBeLessThanOrEqual(SIZE / 68);
          for (const packet of found.packets) {
            expect(packet.offset).toBeGreaterThanOrEqual(SIZE);
            expect(packet.end).toBeLessThanOrEqual(2 * SIZE);
            expect(packet.data).toHaveLength(packet.capturedLength);
            packet.dissect();
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('of frames: each is held to its own place', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(0xffff), liar), { minLength: 1, maxLength: 8 }), (frames) => {
        const memory = new RingMemory(new ArrayBuffer(SIZE));
        for (const [index, [mac, length]] of frames.entries()) {
          memory.halves[(index * 512 + FRAME_V2.mac) >>> 1] = mac;
          memory.words[(index * 512 + FRAME_V2.length) >>> 2] = length;
        }
        const count = frames.length;
        const place = {
          memory,
          layout: FRAME_V2,
          cooked: false,
          virtio: false,
          index: 0,
          start: 0,
          end: count * 512,
          frames: count,
          frameSize: 512,
        };
        const found = walk(new RingBlock(place, () => {}));
        const right = frames.findIndex(([mac, length]) => length < 0 || mac + length > 512);
        expect(found.packets).toHaveLength(right < 0 ? count : right);
        expect(found.error === undefined).toBe(right < 0);
        for (const [index, packet] of found.packets.entries()) {
          expect(Math.floor(packet.offset / 512) === index || packet.capturedLength === 0).toBe(true);
          expect(packet.end).toBeLessThanOrEqual((index + 1) * 512);
        }
      }),
    );
    expect(FRAME_V2.address + ADDRESS_LENGTH).toBe(52);
  });
});
