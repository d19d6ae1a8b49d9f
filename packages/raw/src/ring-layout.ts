/** What a packet socket's ring is laid out by: linux/if_packet.h, Documentation/networking/packet_mmap.rst. */

/** PACKET_VERSION. Version 3 has blocks of frames, version 2 frames of one size. */
export const TPACKET_V2 = 1;
export const TPACKET_V3 = 2;

/** Whose a frame or a block is that the kernel fills: TP_STATUS_KERNEL, TP_STATUS_USER. */
export const KERNEL = 0;
export const USER = 1;

/** What else the status of a received frame or block says: TP_STATUS_. */
export const statusBits: {
  readonly LOSING: number;
  readonly CHECKSUM_NOT_READY: number;
  readonly VLAN_VALID: number;
  readonly BLOCK_TIMED_OUT: number;
  readonly VLAN_PROTOCOL_VALID: number;
  readonly CHECKSUM_VALID: number;
  readonly SOFTWARE_TIME: number;
  readonly HARDWARE_TIME: number;
} = {
  LOSING: 1 << 2,
  CHECKSUM_NOT_READY: 1 << 3,
  VLAN_VALID: 1 << 4,
  BLOCK_TIMED_OUT: 1 << 5,
  VLAN_PROTOCOL_VALID: 1 << 6,
  CHECKSUM_VALID: 1 << 7,
  SOFTWARE_TIME: 1 << 29,
  HARDWARE_TIME: 1 << 31,
};

/** Whose a frame is that the kernel sends: TP_STATUS_AVAILABLE, _SEND_REQUEST, _SENDING, _WRONG_FORMAT; and their bits. */
export const AVAILABLE = 0;
export const SEND_REQUEST = 1;
export const WRONG_FORMAT = 4;
export const SEND_STATUS = 7;

/** Where the fields of a received frame's header are, from its first byte. */
export interface FrameLayout {
  readonly version: number;
  /** u32; version 2 begins with it. */
  readonly status: number;
  /** u32: bytes of the packet, and those that were kept. */
  readonly wireLength: number;
  readonly length: number;
  /** u16: from the header to the link layer's, and to the network layer's. */
  readonly mac: number;
  readonly net: number;
  /** u32. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** u16 in version 2, u32 in version 3. */
  readonly vlanTag: number;
  /** u16. */
  readonly vlanProtocol: number;
  /** struct sockaddr_ll, behind the header. */
  readonly address: number;
}

/** struct tpacket2_hdr. */
export const FRAME_V2: FrameLayout = {
  version: TPACKET_V2,
  status: 0,
  wireLength: 4,
  length: 8,
  mac: 12,
  net: 14,
  seconds: 16,
  nanoseconds: 20,
  vlanTag: 24,
  vlanProtocol: 26,
  address: 32,
};

/** struct tpacket3_hdr, which begins with u32 tp_next_offset; tp_rxhash is its own. */
export const FRAME_V3: FrameLayout = {
  version: TPACKET_V3,
  seconds: 4,
  nanoseconds: 8,
  length: 12,
  wireLength: 16,
  status: 20,
  mac: 24,
  net: 26,
  vlanTag: 32,
  vlanProtocol: 36,
  address: 48,
};
export const RX_HASH = 28;

/** struct sockaddr_ll. */
export const ADDRESS_LENGTH = 20;
export const ADDRESS_PROTOCOL = 2;
export const ADDRESS_IFINDEX = 4;
export const ADDRESS_HARDWARE_TYPE = 8;
export const ADDRESS_PACKET_TYPE = 10;

/** struct tpacket_block_desc of version 3, with its struct tpacket_hdr_v1. */
export const BLOCK: {
  readonly status: number;
  readonly packets: number;
  readonly firstOffset: number;
  readonly length: number;
  readonly sequence: number;
  readonly firstTime: number;
  readonly lastTime: number;
  readonly size: number;
} = {
  status: 8,
  packets: 12,
  firstOffset: 16,
  length: 20,
  sequence: 24,
  firstTime: 32,
  lastTime: 40,
  size: 48,
};

/** struct tpacket2_hdr of a frame to be sent: its status and length; its bytes come right behind it. */
export const SEND_LENGTH = 4;
export const SEND_DATA = 32;

/** TP_FT_REQ_FILL_RXHASH. */
const FILL_RX_HASH = 1;

/** struct tpacket_req3: blocks of version 3, each a place for one frame at least. `retireMs` 0 has the kernel choose. */
export function encodeBlockRequest(
  blockSize: number,
  blocks: number,
  retireMs: number,
  rxHash: boolean,
): Uint8Array {
  const feature = rxHash ? FILL_RX_HASH : 0;
  return new Uint8Array(Uint32Array.of(blockSize, blocks, blockSize, blocks, retireMs, 0, feature).buffer);
}

/** struct tpacket_req: frames of version 2. `frameSize` divides `blockSize`. */
export function encodeFrameRequest(blockSize: number, blocks: number, frameSize: number): Uint8Array {
  const frames = blocks * (blockSize / frameSize);
  return new Uint8Array(Uint32Array.of(blockSize, blocks, frameSize, frames).buffer);
}

/** A ring's memory, or a copy of a part of it, in the machine's byte order. */
export class RingMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
  readonly halves: Uint16Array<ArrayBuffer>;

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.halves = new Uint16Array(buffer);
  }
}
