import { checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

/** Bytes of a virtio header: `struct virtio_net_hdr`, or with the number of buffers behind it; 0 for none. */
export type VirtioLength = 0 | 10 | 12;

const FLAGS = 0;
const SEGMENTATION = 1;
const HEADER_LENGTH = 2;
const SEGMENT_SIZE = 4;
const CHECKSUM_START = 6;
const CHECKSUM_OFFSET = 8;

/** Length of a virtio header without the number of buffers. */
export const VIRTIO_HEADER_LENGTH = 10;

/** Bits of a virtio header's flags (linux/virtio_net.h, VIRTIO_NET_HDR_F_). */
export const virtioFlags: {
  readonly NEEDS_CHECKSUM: 1;
  readonly DATA_VALID: 2;
} = { NEEDS_CHECKSUM: 1, DATA_VALID: 2 };

/** How a packet is to be cut into segments (linux/virtio_net.h, VIRTIO_NET_HDR_GSO_); ECN is a bit beside TCP's. */
export const virtioSegmentation: {
  readonly NONE: 0;
  readonly TCPV4: 1;
  readonly UDP: 3;
  readonly TCPV6: 4;
  readonly UDP_L4: 5;
  readonly ECN: 0x80;
} = { NONE: 0, TCPV4: 1, UDP: 3, TCPV6: 4, UDP_L4: 5, ECN: 0x80 };

/** What stands in front of a frame where offload's work is left to the other side (linux/virtio_net.h). */
export interface VirtioHeader {
  /** See {@link virtioFlags}. */
  readonly flags: number;
  /** See {@link virtioSegmentation}. */
  readonly segmentation: number;
  /** Bytes of headers that each segment begins with. */
  readonly segmentHeaderLength: number;
  /** Bytes of payload of each segment. */
  readonly segmentSize: number;
  /** With NEEDS_CHECKSUM: where in the frame the sum begins, see `completeChecksum`. */
  readonly checksumStart: number;
  /** With NEEDS_CHECKSUM: where the sum goes, counted from there. */
  readonly checksumOffset: number;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const LOW = LITTLE_ENDIAN ? 0 : 1;

/** A virtio header; numbers are in the machine's byte order, as packet sockets have them. The payload is the frame. */
export class VirtioView extends HeaderView implements VirtioHeader {
  override readonly kind: 'virtio' = 'virtio';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('virtio', bytes, offset, end, VIRTIO_HEADER_LENGTH);
    this.place.set(bytes, offset, VIRTIO_HEADER_LENGTH, end, end);
    return this;
  }

  get flags(): number {
    return this.place.bytes[this.place.offset + FLAGS]!;
  }

  get segmentation(): number {
    return this.place.bytes[this.place.offset + SEGMENTATION]!;
  }

  get segmentHeaderLength(): number {
    return this.#number(HEADER_LENGTH);
  }

  get segmentSize(): number {
    return this.#number(SEGMENT_SIZE);
  }

  get checksumStart(): number {
    return this.#number(CHECKSUM_START);
  }

  get checksumOffset(): number {
    return this.#number(CHECKSUM_OFFSET);
  }

  #number(field: number): number {
    const at = this.place.offset + field;
    return this.place.bytes[at + LOW]! | (this.place.bytes[at + 1 - LOW]! << 8);
  }
}

/**
 * Writes a virtio header of 10 bytes into `into` at `offset`; what is left out is 0. Returns the bytes written; a socket with
 * headers of 12 takes two more, 0.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodeVirtio(header: Partial<VirtioHeader>, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, VIRTIO_HEADER_LENGTH);
  const number = (name: keyof VirtioHeader, field: number): void => {
    const value = checkUint(name, header[name] ?? 0, 16);
    into[offset + field + LOW] = value & 0xff;
    into[offset + field + 1 - LOW] = value >>> 8;
  };
  into[offset + FLAGS] = checkUint('flags', header.flags ?? 0, 8);
  into[offset + SEGMENTATION] = checkUint('segmentation', header.segmentation ?? 0, 8);
  number('segmentHeaderLength', HEADER_LENGTH);
  number('segmentSize', SEGMENT_SIZE);
  number('checksumStart', CHECKSUM_START);
  number('checksumOffset', CHECKSUM_OFFSET);
  return VIRTIO_HEADER_LENGTH;
}

/** The length that was asked for. Throws ERR_INVALID_ARG_VALUE for what is none. */
export function virtioLength(length: VirtioLength | undefined): VirtioLength {
  if (length === undefined) return 0;
  if (length !== 0 && length !== 10 && length !== 12) throw wrongValue('virtioHeader', '0, 10 or 12', length);
  return length;
}
