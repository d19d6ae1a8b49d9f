import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedPacketError } from '../src/errors.ts';
import { encodeVirtio, VIRTIO_HEADER_LENGTH, VirtioView } from '../src/virtio.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const fields = fc.record({
  flags: fc.integer({ min: 0, max: 255 }),
  segmentation: fc.integer({ min: 0, max: 255 }),
  segmentHeaderLength: u16,
  segmentSize: u16,
  checksumStart: u16,
  checksumOffset: u16,
});

describe('a virtio header', () => {
  it('is read as it was written, wherever it stands, and nothing beside it is touched', () => {
    fc.assert(
      fc.property(fields, fc.nat(7), (header, offset) => {
        const bytes = new Uint8Array(32).fill(0xaa);
        expect(encodeVirtio(header, bytes, offset)).toBe(VIRTIO_HEADER_LENGTH);
        const view = new VirtioView().decode(bytes, offset);
        const { flags, segmentation, segmentHeaderLength, segmentSize, checksumStart, checksumOffset } = view;
        expect({
          flags,
          segmentation,
          segmentHeaderLength,
          segmentSize,
          checksumStart,
          checksumOffset,
        }).toEqual(header);
        expect([view.payloadOffset, view.payloadEnd]).toEqual([offset + 10, 32]);
        for (let at = 0; at < 32; at++) if (at < offset || at >= offset + 10) expect(bytes[at]).toBe(0xaa);
      }),
    );
  });

  it('is as linux/virtio_net.h lays it out', () => {
    const bytes = new Uint8Array(10);
    encodeVirtio(
      {
        flags: 1,
        segmentation: 4,
        segmentHeaderLength: 0x36,
        segmentSize: 1448,
        checksumStart: 34,
        checksumOffset: 16,
      },
      bytes,
    );
    const native = new Uint16Array([0x36, 1448, 34, 16]);
    expect([...bytes]).toEqual([1, 4, ...new Uint8Array(native.buffer)]);
  });

  it('refuses what does not fit', () => {
    expect(() => new VirtioView().decode(new Uint8Array(9))).toThrow(MalformedPacketError);
    expect(() => encodeVirtio({}, new Uint8Array(9))).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() => encodeVirtio({ segmentSize: 65_536 }, new Uint8Array(10))).toThrow(/segmentSize/);
  });
});
