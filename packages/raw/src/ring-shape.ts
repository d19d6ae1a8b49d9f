import { checkInteger, wrongType, wrongValue } from '@sockeye/addr/check';
import {
  BLOCK,
  encodeBlockRequest,
  encodeFrameRequest,
  FRAME_V2,
  FRAME_V3,
  type FrameLayout,
} from './ring-layout.ts';

/** How large a ring is, and when it hands packets over. */
export interface RingShapeOptions {
  /** Default 64. */
  readonly blocks?: number | undefined;
  /** Bytes of a block, a power of 2 and pages: 4096 or more. No packet is longer. Default 1 MiB. */
  readonly blockSize?: number | undefined;
  /**
   * How long the kernel holds a block back that is not full, in milliseconds from 1 on. Default 10. A ring of low latency holds none back.
   */
  readonly retireMs?: number | undefined;
  /** Hand over each packet when it comes, in frames of one size: quick with few packets, dear with many. Default false. */
  readonly lowLatency?: boolean | undefined;
  /**
   * Bytes of a frame with some 80 of headers, in a ring of low latency: a power of 2 from 256 up to `blockSize`; what is
   * longer is cut. Default 2048.
   */
  readonly frameSize?: number | undefined;
  /** Have {@link RingPacket.rxHash} filled in. Default false. */
  readonly rxHash?: boolean | undefined;
}

/** How a ring's memory is shared out: slots are what has a status. */
export interface RingShape {
  readonly layout: FrameLayout;
  readonly frames: boolean;
  readonly blocks: number;
  readonly blockSize: number;
  readonly slots: number;
  /** From slot to slot. */
  readonly stride: number;
  readonly statusOffset: number;
  /** Slots that are given out together at most. */
  readonly most: number;
  readonly retireMs: number;
  readonly request: Uint8Array;
}

/** The most memory: places in it stay integers of 32 bits. */
const MOST_MEMORY = 2 ** 31;

/** Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE. */
export function shapeOf(options: RingShapeOptions): RingShape {
  const { blocks = 64, blockSize = 1 << 20, retireMs = 10, frameSize = 2048 } = options;
  const { lowLatency = false, rxHash = false } = options;
  checkInteger('blockSize', blockSize, 4096, 2 ** 30);
  if (!isPowerOf2(blockSize)) throw wrongValue('blockSize', 'a power of 2', blockSize);
  checkInteger('blocks', blocks, 1, MOST_MEMORY / blockSize);
  checkInteger('retireMs', retireMs, 1, 60_000);
  for (const [name, value] of Object.entries({ lowLatency, rxHash })) {
    if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  }
  if (!lowLatency) {
    const request = encodeBlockRequest(blockSize, blocks, retireMs, rxHash);
    const slots = { slots: blocks, stride: blockSize, statusOffset: BLOCK.status, most: 1 };
    return { layout: FRAME_V3, frames: false, blocks, blockSize, ...slots, retireMs, request };
  }
  checkInteger('frameSize', frameSize, 256, blockSize);
  if (!isPowerOf2(frameSize)) throw wrongValue('frameSize', 'a power of 2', frameSize);
  const each = blockSize / frameSize;
  const slots = { slots: blocks * each, stride: frameSize, statusOffset: FRAME_V2.status, most: each };
  const request = encodeFrameRequest(blockSize, blocks, frameSize);
  return { layout: FRAME_V2, frames: true, blocks, blockSize, ...slots, retireMs: 0, request };
}

const isPowerOf2 = (value: number): boolean => (value & (value - 1)) === 0;
