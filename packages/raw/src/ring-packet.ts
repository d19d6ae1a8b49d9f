import type { CapturedChecksum } from './captured-packet.ts';
import { dissect, dissectPayload, linkTypes } from './dissect.ts';
import type { Dissection } from './dissection.ts';
import { etherTypes, type VlanTag } from './ethernet.ts';
import { decodePacketAddress } from './packet-socket.ts';
import { type PacketType, packetTypeOf } from './packet-type.ts';
import {
  ADDRESS_HARDWARE_TYPE,
  ADDRESS_IFINDEX,
  ADDRESS_LENGTH,
  ADDRESS_PACKET_TYPE,
  ADDRESS_PROTOCOL,
  type FrameLayout,
  type RingMemory,
  RX_HASH,
  statusBits,
  TPACKET_V3,
} from './ring-layout.ts';
import { VIRTIO_HEADER_LENGTH, VirtioView } from './virtio.ts';

/** ARPHRD_ of net/if_arp.h → LINKTYPE_, for those that {@link dissect} knows. */
const LINK_TYPES: Readonly<Record<number, number>> = {
  1: linkTypes.ETHERNET,
  512: linkTypes.PPP,
  768: linkTypes.RAW,
  769: linkTypes.RAW,
  772: linkTypes.ETHERNET,
  776: linkTypes.RAW,
  778: linkTypes.RAW,
  65534: linkTypes.RAW,
};

/** Where a VLAN tag was in an Ethernet frame, and how long it is. */
const TAG_OFFSET = 12;
const TAG_LENGTH = 4;

/** The block that a packet is in. */
export interface PacketBlock {
  /** Throws ERR_SOCKET_STALE when it has gone back. */
  readonly memory: RingMemory;
  readonly layout: FrameLayout;
  readonly cooked: boolean;
  /** Whether a virtio header is in front of each packet. */
  readonly virtio: boolean;
  readonly released: boolean;
}

/** What {@link RingPacket.copy} keeps. */
export interface RingPacketCopy {
  /** The packet, or as much of it as was kept, and with its VLAN tag, where that was asked for. */
  readonly data: Uint8Array;
  /** Bytes of the packet on the wire, without a VLAN tag that was taken out. */
  readonly wireLength: number;
  /** Nanoseconds since the epoch. */
  readonly timestamp: bigint;
  readonly ifindex: number;
  /** EtherType. */
  readonly protocol: number;
  readonly packetType: PacketType;
  /** ARPHRD_ of the interface. */
  readonly hardwareType: number;
  /** The sender's, in hexadecimal with colons; empty where the link has none. */
  readonly hardwareAddress: string;
  /** The tag that the kernel or the card took out. */
  readonly vlan: VlanTag | undefined;
  /** What stood in front of it, where virtio headers were asked for. */
  readonly virtio: VirtioView | undefined;
}

/**
 * A packet in a ring: a view of memory that the kernel fills anew once the block has gone back. Each of its fields throws
 * ERR_SOCKET_STALE from then on; {@link copy} keeps a packet.
 */
export class RingPacket {
  readonly #block: PacketBlock;
  readonly #at: number;

  /** Not for callers: the iterator of a block makes them. `at` is where the header is. */
  constructor(block: PacketBlock, at: number) {
    this.#block = block;
    this.#at = at;
  }

  #word(field: number): number {
    return this.#block.memory.words[(this.#at + field) >>> 2]!;
  }

  #half(field: number): number {
    return this.#block.memory.halves[(this.#at + field) >>> 1]!;
  }

  /** Whether its block has gone back: everything else throws then. */
  get stale(): boolean {
    return this.#block.released;
  }

  /** Bytes of the packet on the wire, as the kernel had it: more than {@link capturedLength} when it was cut. */
  get wireLength(): number {
    return this.#word(this.#block.layout.wireLength);
  }

  /** Bytes that were kept. */
  get capturedLength(): number {
    return this.#word(this.#block.layout.length);
  }

  /** Whether the packet was longer than what was kept. */
  get truncated(): boolean {
    return this.wireLength > this.capturedLength;
  }

  /** The memory that the packet is in: with {@link offset} and {@link end}, for views of headers, without allocating. */
  get bytes(): Uint8Array {
    return this.#block.memory.bytes;
  }

  /** Where in {@link bytes} the packet begins. */
  get offset(): number {
    return this.#at + this.#half(this.#block.layout.mac);
  }

  /** Where in {@link bytes} what was kept ends. */
  get end(): number {
    return this.offset + this.capturedLength;
  }

  /** Where in {@link bytes} the network layer's header begins, as the kernel knows it. */
  get networkOffset(): number {
    return this.#at + this.#half(this.#block.layout.net);
  }

  /**
   * What was kept, a view that is made at each call. A view cannot tell when its block has gone back: its bytes change then,
   * and are none when the ring is closed.
   */
  get data(): Uint8Array {
    const { offset } = this;
    return this.#block.memory.bytes.subarray(offset, offset + this.capturedLength);
  }

  /** Since the epoch: whole seconds. */
  get seconds(): number {
    return this.#word(this.#block.layout.seconds) >>> 0;
  }

  /** The rest of a second. */
  get nanoseconds(): number {
    return this.#word(this.#block.layout.nanoseconds);
  }

  /** Nanoseconds since the epoch, as records of captures have them. */
  get timestamp(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds);
  }

  /** Whether the time is the card's. */
  get hardwareTime(): boolean {
    return (this.status & statusBits.HARDWARE_TIME) !== 0;
  }

  /** TP_STATUS_, joined by `|`: see {@link statusBits}. */
  get status(): number {
    return this.#word(this.#block.layout.status);
  }

  /** Whether packets had been dropped when this one came. */
  get losing(): boolean {
    return (this.status & statusBits.LOSING) !== 0;
  }

  /** What the kernel knows of the packet's transport checksum. */
  get checksum(): CapturedChecksum {
    const { status } = this;
    if ((status & statusBits.CHECKSUM_NOT_READY) !== 0) return 'partial';
    return (status & statusBits.CHECKSUM_VALID) === 0 ? 'unknown' : 'valid';
  }

  /** The flow's hash, where `rxHash` asked for it; 0 otherwise. */
  get rxHash(): number {
    return this.#block.layout.version === TPACKET_V3 ? this.#word(RX_HASH) >>> 0 : 0;
  }

  /** The VLAN tag that the card or the kernel took out of the packet. */
  get vlan(): VlanTag | undefined {
    const { status } = this;
    if ((status & statusBits.VLAN_VALID) === 0) return undefined;
    const { layout } = this.#block;
    const tag =
      layout.version === TPACKET_V3 ? this.#word(layout.vlanTag) & 0xffff : this.#half(layout.vlanTag);
    const told = (status & statusBits.VLAN_PROTOCOL_VALID) !== 0;
    return {
      protocol: told ? this.#half(layout.vlanProtocol) : etherTypes.VLAN,
      priority: tag >>> 13,
      dropEligible: (tag & 0x1000) !== 0,
      id: tag & 0x0fff,
    };
  }

  /**
   * The virtio header in front of it; undefined where they were not asked for. A view that is made at each call, of bytes that change
   * when the block has gone back.
   * @throws MalformedPacketError when it does not lie within the memory: something wrote into the ring
   */
  get virtio(): VirtioView | undefined {
    const { virtio, memory } = this.#block;
    if (!virtio) return undefined;
    const { offset } = this;
    // Ten bytes right in front, also where 12 were asked for: the kernel leaves two free before them.
    return new VirtioView().decode(memory.bytes, offset - VIRTIO_HEADER_LENGTH, offset);
  }

  #address(field: number): number {
    return this.#at + this.#block.layout.address + field;
  }

  get packetType(): PacketType {
    return packetTypeOf(this.#block.memory.bytes[this.#address(ADDRESS_PACKET_TYPE)]!);
  }

  /** Whether this host sent it. */
  get outgoing(): boolean {
    return this.packetType === 'outgoing';
  }

  /** EtherType. */
  get protocol(): number {
    const { bytes } = this.#block.memory;
    const at = this.#address(ADDRESS_PROTOCOL);
    return (bytes[at]! << 8) | bytes[at + 1]!;
  }

  get ifindex(): number {
    return this.#block.memory.words[this.#address(ADDRESS_IFINDEX) >>> 2]!;
  }

  /** ARPHRD_ of the interface (net/if_arp.h): 1 Ethernet, 772 loopback. */
  get hardwareType(): number {
    return this.#block.memory.halves[this.#address(ADDRESS_HARDWARE_TYPE) >>> 1]!;
  }

  /** The sender's, in hexadecimal with colons; empty where the link has none. */
  get hardwareAddress(): string {
    return this.#source().hardwareAddress;
  }

  #source(): ReturnType<typeof decodePacketAddress> {
    const at = this.#address(0);
    // A copy: the kernel says 8 bytes of address, of which fewer count.
    return decodePacketAddress(this.#block.memory.bytes.slice(at, at + ADDRESS_LENGTH));
  }

  /** Keeps the packet: a copy that owns its bytes. `restoreVlan` puts the tag back that was taken out of an Ethernet frame. */
  copy(options?: { readonly restoreVlan?: boolean | undefined }): RingPacketCopy {
    const { vlan, wireLength, timestamp, offset } = this;
    const header = this.#block.virtio ? offset - VIRTIO_HEADER_LENGTH : offset;
    const virtio = header === offset ? undefined : new VirtioView().decode(this.bytes.slice(header, offset));
    const tagged = options?.restoreVlan === true && vlan !== undefined && this.capturedLength >= TAG_OFFSET;
    const data = tagged ? withTag(this.data, vlan) : this.data.slice();
    return { data, wireLength, timestamp, ...this.#source(), vlan, virtio };
  }

  /**
   * Copies what was kept to `offset` of `into`; how many bytes.
   * @throws RangeError when `into` has no room for it.
   */
  copyInto(into: Uint8Array, offset = 0): number {
    into.set(this.data, offset);
    return this.capturedLength;
  }

  /** The headers: see {@link dissect}. They are views of the ring, and go with the block. */
  dissect(into?: Dissection): Dissection {
    const link = this.#block.cooked ? undefined : LINK_TYPES[this.hardwareType];
    if (link !== undefined) return dissect(this.data, link, into);
    return dissectPayload(
      this.#block.memory.bytes.subarray(this.networkOffset, this.end),
      this.protocol,
      into,
    );
  }
}

function withTag(frame: Uint8Array, { protocol, priority, dropEligible, id }: VlanTag): Uint8Array {
  const tagged = new Uint8Array(frame.length + TAG_LENGTH);
  tagged.set(frame.subarray(0, TAG_OFFSET));
  const tag = (priority << 13) | (dropEligible ? 0x1000 : 0) | id;
  tagged.set([protocol >>> 8, protocol & 0xff, tag >>> 8, tag & 0xff], TAG_OFFSET);
  tagged.set(frame.subarray(TAG_OFFSET), TAG_OFFSET + TAG_LENGTH);
  return tagged;
}
