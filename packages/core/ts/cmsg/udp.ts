/** Control messages of UDP, level SOL_UDP: udp(7). */
import { checkInteger } from '../check.ts';
import { type Decoder, decoder, message } from './codec.ts';
import { readInt, readUint16, uint16Bytes } from './fields.ts';
import type { ControlMessage } from './header.ts';

/** UDP_GRO, received after the option of that name, 5.0; UDP_SEGMENT, sent, 4.18. */
export interface SegmentSize {
  readonly kind: 'segment-size';
  /** Bytes of each datagram but the last, of those that the data hold one after the other. */
  readonly size: number;
}

export const udpDecoders: readonly Decoder<SegmentSize>[] = [
  decoder('segment-size', 'SOL_UDP', 'UDP_GRO', 4, (data) => ({
    kind: 'segment-size',
    size: readInt(data, 0),
  })),
  decoder('segment-size', 'SOL_UDP', 'UDP_SEGMENT', 2, (data) => ({
    kind: 'segment-size',
    size: readUint16(data, 0),
  })),
];

/**
 * UDP_SEGMENT, since 4.18: the kernel sends the data as datagrams of so many bytes, the last with what is left: 64 of
 * them at most (128 on newer kernels), 65,535 bytes with their headers, none longer than the path's MTU.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function segmentSize(size: number): ControlMessage {
  return message('SOL_UDP', 'UDP_SEGMENT', uint16Bytes(checkInteger('size', size, 1, 0xffff)));
}
