import { formatMac } from '@sockeye/addr';
import { checkInteger } from '@sockeye/addr/check';
import { Batch, constants, SocketError } from '@sockeye/core';
import { decodeControl } from '@sockeye/core/cmsg';
import { dissect, dissectPayload, linkTypes } from './dissect.ts';
import { Dissection } from './dissection.ts';
import type { VlanTag } from './ethernet.ts';
import { type PacketType, packetTypeOf } from './packet-type.ts';
import { type VirtioLength, VirtioView } from './virtio.ts';

/** Room for control messages: time stamps of both kinds (32, 64), and PACKET_AUXDATA's (40). */
const CONTROL_ROOM = 160;

/** struct cmsghdr: size_t cmsg_len, int cmsg_level, int cmsg_type; places in words of 4 bytes. */
const CMSG_LEVEL = 2;
const CMSG_TYPE = 3;
const CMSG_HEADER = 16;
/** struct tpacket_auxdata behind it: places in words of 4 and of 2 bytes, of the whole message. */
const AUX_SIZE = CMSG_HEADER + 20;
const AUX_STATUS = 4;
const AUX_LENGTH = 5;
const AUX_TCI = 16;
const AUX_TPID = 17;

/** struct sockaddr_ll, each in 128 bytes. */
const ADDRESS = 128;
const LL_PROTOCOL = 2;
const LL_IFINDEX = 4;
const LL_HATYPE = 8;
const LL_PKTTYPE = 10;
const LL_HALEN = 11;
const LL_ADDR = 12;

const MAC_ADDRESSES = 12;
const TAG = 4;

/** Looked up once: a table of all constants is slow to look into for each packet. */
const { SOL_PACKET, PACKET_AUXDATA, ETH_P_8021Q } = constants;
const { TP_STATUS_CSUMNOTREADY, TP_STATUS_CSUM_VALID, TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID } =
  constants;

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const CMSG_LENGTH = LITTLE_ENDIAN ? 0 : 1;

/**
 * What is known of a packet's transport checksum without looking: `valid`, the interface has checked it; `partial`, it is not
 * made yet since the interface would do that; `unknown`.
 */
export type CapturedChecksum = 'valid' | 'partial' | 'unknown';

/** What a {@link PacketBatch} is made for. */
export interface PacketBatchOptions {
  /** Packets: 1 to 1,024. */
  readonly messages: number;
  /** Bytes of each that are kept. */
  readonly snapLength: number;
  readonly virtioHeader: VirtioLength;
  /** Whether frames have their link-layer header, where a VLAN tag is put back. */
  readonly raw: boolean;
}

/** Link-layer headers by ARPHRD_: net/if_arp.h. What has none begins with IP. */
const LINK_TYPES: Readonly<Record<number, number>> = {
  1: linkTypes.ETHERNET,
  512: linkTypes.RAW,
  768: linkTypes.RAW,
  769: linkTypes.RAW,
  772: linkTypes.ETHERNET,
  776: linkTypes.RAW,
  778: linkTypes.RAW,
  65534: linkTypes.RAW,
};

function stale(): SocketError {
  const words = 'the packet is gone: others were received into its memory; keep its copy()';
  return new SocketError(words, { code: 'ERR_SOCKET_STALE' });
}

/**
 * Packets that came with one system call, in memory that the next one fills again. It is read by index, which allocates
 * nothing but what is a view, or packet by packet.
 */
export class PacketBatch implements Iterable<CapturedPacket> {
  /** What they were received into; its flat arrays have lengths with the virtio header, and addresses. */
  readonly slab: Batch;
  /** The walk that `dissect` of its packets uses again and again. */
  readonly dissection: Dissection = new Dissection();
  readonly #snapLength: number;
  readonly #virtio: VirtioLength;
  readonly #raw: boolean;
  /** Where each packet's auxiliary data are, in bytes of the slab's control data; -1 where there are none. */
  readonly #auxiliary: Int32Array;
  readonly #captured: Uint32Array;
  readonly #words: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #addresses: DataView;
  #usual = 0;

  /** Not for callers: a `Capture` makes them. */
  constructor({ messages, snapLength, virtioHeader, raw }: PacketBatchOptions) {
    this.#snapLength = checkInteger('snapLength', snapLength, 1, (1 << 20) - 16);
    const size = snapLength + virtioHeader;
    this.slab = new Batch({ messages, size, control: CONTROL_ROOM });
    this.#virtio = virtioHeader;
    this.#raw = raw;
    const { capacity, control, addresses } = this.slab;
    this.#auxiliary = new Int32Array(capacity);
    this.#captured = new Uint32Array(capacity);
    this.#words = new Uint32Array(control.buffer, control.byteOffset, control.length / 4);
    this.#halves = new Uint16Array(control.buffer, control.byteOffset, control.length / 2);
    this.#addresses = new DataView(addresses.buffer, addresses.byteOffset, addresses.length);
  }

  /** How many packets there are. */
  get length(): number {
    return this.slab.length;
  }

  /** Grows whenever others are received into the memory. */
  get generation(): number {
    return this.slab.generation;
  }

  /** Not for callers: after each receive. Finds the auxiliary data, and puts VLAN tags back. */
  received(): this {
    const { length, slab } = this;
    for (let index = 0; index < length; index++) {
      const at = this.#find(index);
      this.#auxiliary[index] = at;
      const came = slab.lengths[index]! - this.#virtio;
      let kept = came < this.#snapLength ? came : this.#snapLength;
      if (at >= 0 && this.#raw && this.#isTagged(at) && this.#linkType(index) === linkTypes.ETHERNET) {
        kept = this.#restore(index, at, kept);
      }
      this.#captured[index] = kept;
    }
    return this;
  }

  /** Where in `slab.payload` a packet's bytes begin. */
  start(index: number): number {
    return index * this.slab.size + this.#virtio;
  }

  /** Bytes of a packet that are here. */
  capturedLength(index: number): number {
    return this.#captured[this.#check(index)]!;
  }

  /** Bytes of a packet as it was on the wire, with its VLAN tag; a filter may have kept fewer. */
  wireLength(index: number): number {
    const at = this.#auxiliary[this.#check(index)]!;
    if (at < 0) return this.slab.lengths[index]! - this.#virtio;
    const length = this.#words[at / 4 + AUX_LENGTH]!;
    return this.#raw && this.#isTagged(at) ? length + TAG : length;
  }

  /** A packet's bytes: a view. */
  data(index: number): Uint8Array {
    const at = this.start(this.#check(index));
    return this.slab.payload.subarray(at, at + this.#captured[index]!);
  }

  /** When it came, in nanoseconds since 1970; 0 where time stamps were not asked for. */
  timestamp(index: number): bigint {
    return this.slab.timestamps[this.#check(index)]!;
  }

  /** The interface that it passed. */
  ifindex(index: number): number {
    return this.#addresses.getInt32(this.#check(index) * ADDRESS + LL_IFINDEX, LITTLE_ENDIAN);
  }

  /** EtherType, of what is behind a VLAN tag that the kernel took off. */
  protocol(index: number): number {
    return this.#addresses.getUint16(this.#check(index) * ADDRESS + LL_PROTOCOL);
  }

  /** ARPHRD_ of the interface. */
  hardwareType(index: number): number {
    return this.#addresses.getUint16(this.#check(index) * ADDRESS + LL_HATYPE, LITTLE_ENDIAN);
  }

  /** To whom it was, as the kernel sees it, or that it went out. */
  packetType(index: number): PacketType {
    return packetTypeOf(this.#addresses.getUint8(this.#check(index) * ADDRESS + LL_PKTTYPE));
  }

  /** The sender's hardware address: a view, empty where the link has none. */
  hardwareAddress(index: number): Uint8Array {
    const at = this.#check(index) * ADDRESS;
    const length = this.slab.addresses[at + LL_HALEN]!;
    return this.slab.addresses.subarray(at + LL_ADDR, at + LL_ADDR + length);
  }

  /** The VLAN tag that the kernel or the interface took off: raw Ethernet frames have it again. */
  vlan(index: number): VlanTag | undefined {
    const at = this.#auxiliary[this.#check(index)]!;
    if (at < 0 || !this.#isTagged(at)) return undefined;
    const tci = this.#halves[at / 2 + AUX_TCI]!;
    return {
      protocol: this.#tpid(at),
      priority: tci >>> 13,
      dropEligible: (tci & 0x1000) !== 0,
      id: tci & 0xfff,
    };
  }

  /** See {@link CapturedChecksum}. */
  checksum(index: number): CapturedChecksum {
    const at = this.#auxiliary[this.#check(index)]!;
    if (at < 0) return 'unknown';
    const status = this.#words[at / 4 + AUX_STATUS]!;
    if ((status & TP_STATUS_CSUMNOTREADY) !== 0) return 'partial';
    return (status & TP_STATUS_CSUM_VALID) !== 0 ? 'valid' : 'unknown';
  }

  /** The kind of its outermost header (`linkTypes`); undefined where it has none, or one that `dissect` does not know. */
  linkType(index: number): number | undefined {
    return this.#linkType(this.#check(index));
  }

  /** The virtio header in front of it; undefined where they were not asked for. */
  virtio(index: number): VirtioView | undefined {
    if (this.#virtio === 0) return undefined;
    const at = this.#check(index) * this.slab.size;
    return new VirtioView().decode(this.slab.payload, at, at + this.#virtio);
  }

  /** A packet, in a view that throws `ERR_SOCKET_STALE` once others were received into the memory. */
  at(index: number): CapturedPacket {
    return new CapturedPacket(this, this.#check(index));
  }

  *[Symbol.iterator](): Generator<CapturedPacket, void, undefined> {
    const { generation } = this;
    for (let index = 0; index < this.length; index++) {
      if (generation !== this.generation) throw stale();
      yield new CapturedPacket(this, index);
    }
  }

  #check(index: number): number {
    if (index >>> 0 !== index || index >= this.length) checkInteger('index', index, 0, this.length - 1);
    return index;
  }

  /** Where the control message PACKET_AUXDATA is: mostly where the last packet had it. */
  #find(index: number): number {
    const start = index * CONTROL_ROOM;
    const end = start + this.slab.controlLengths[index]!;
    if (this.#isAuxiliary(start + this.#usual, end)) return start + this.#usual;
    for (let at = start; at + CMSG_HEADER <= end; ) {
      const length = this.#words[at / 4 + CMSG_LENGTH]!;
      if (length < CMSG_HEADER) break;
      if (this.#isAuxiliary(at, end)) {
        this.#usual = at - start;
        return at;
      }
      at += (length + 7) & ~7;
    }
    return -1;
  }

  #isAuxiliary(at: number, end: number): boolean {
    const word = at / 4;
    return (
      at + AUX_SIZE <= end &&
      this.#words[word + CMSG_LEVEL] === SOL_PACKET &&
      this.#words[word + CMSG_TYPE] === PACKET_AUXDATA
    );
  }

  #isTagged(at: number): boolean {
    return (this.#words[at / 4 + AUX_STATUS]! & TP_STATUS_VLAN_VALID) !== 0;
  }

  #tpid(at: number): number {
    const typed = (this.#words[at / 4 + AUX_STATUS]! & TP_STATUS_VLAN_TPID_VALID) !== 0;
    return typed ? this.#halves[at / 2 + AUX_TPID]! : ETH_P_8021Q;
  }

  #linkType(index: number): number | undefined {
    return this.#raw ? LINK_TYPES[this.hardwareType(index)] : undefined;
  }

  /** Puts the tag between addresses and EtherType, as it was on the wire: as many bytes are kept, or four more. */
  #restore(index: number, at: number, kept: number): number {
    if (kept < MAC_ADDRESSES) return kept;
    const { payload } = this.slab;
    const start = this.start(index);
    const whole = Math.min(kept + TAG, this.#snapLength);
    const tag = start + MAC_ADDRESSES;
    payload.copyWithin(tag + TAG, tag, start + Math.max(MAC_ADDRESSES, whole - TAG));
    const tpid = this.#tpid(at);
    const tci = this.#halves[at / 2 + AUX_TCI]!;
    const bytes = [tpid >>> 8, tpid & 0xff, tci >>> 8, tci & 0xff];
    for (let i = 0; i < TAG && MAC_ADDRESSES + i < whole; i++) payload[tag + i] = bytes[i]!;
    return whole;
  }
}

/** A captured packet: looks into its batch's memory, as long as nothing else was received there. */
export class CapturedPacket {
  readonly #batch: PacketBatch;
  readonly #index: number;
  readonly #generation: number;

  /** Not for callers: {@link PacketBatch.at} makes them. */
  constructor(batch: PacketBatch, index: number) {
    this.#batch = batch;
    this.#index = index;
    this.#generation = batch.generation;
  }

  /** Whether others were received into its memory: everything else throws `ERR_SOCKET_STALE` then. */
  get stale(): boolean {
    return this.#batch.generation !== this.#generation;
  }

  /** Its bytes: a view. {@link copy} keeps them. */
  get data(): Uint8Array {
    return this.#fresh().data(this.#index);
  }

  /** Bytes that are here. */
  get capturedLength(): number {
    return this.#fresh().capturedLength(this.#index);
  }

  /** Bytes as it was on the wire, with its VLAN tag. */
  get wireLength(): number {
    return this.#fresh().wireLength(this.#index);
  }

  /** Whether fewer bytes are here than were on the wire. */
  get truncated(): boolean {
    return this.wireLength > this.capturedLength;
  }

  /** When it came, in nanoseconds since 1970; 0 where time stamps were not asked for. */
  get timestamp(): bigint {
    return this.#fresh().timestamp(this.#index);
  }

  /** When it came by the interface's own clock, in nanoseconds of that; undefined where it has none or was not asked. */
  get hardwareTimestamp(): bigint | undefined {
    for (const message of this.#fresh().slab.controlOf(this.#index)) {
      const control = decodeControl(message);
      if (control.kind === 'timestamping') return control.hardware;
    }
    return undefined;
  }

  get ifindex(): number {
    return this.#fresh().ifindex(this.#index);
  }

  /** EtherType, of what is behind a VLAN tag that the kernel took off. */
  get protocol(): number {
    return this.#fresh().protocol(this.#index);
  }

  get packetType(): PacketType {
    return this.#fresh().packetType(this.#index);
  }

  /** Whether this host sent it. */
  get outgoing(): boolean {
    return this.packetType === 'outgoing';
  }

  /** ARPHRD_ of the interface (net/if_arp.h): 1 Ethernet, 772 loopback. */
  get hardwareType(): number {
    return this.#fresh().hardwareType(this.#index);
  }

  /** The sender's, in hexadecimal with colons; empty where the link has none. */
  get hardwareAddress(): string {
    return formatMac(this.#fresh().hardwareAddress(this.#index));
  }

  /** The VLAN tag that the kernel or the interface took off; in raw Ethernet frames it is in its place again. */
  get vlan(): VlanTag | undefined {
    return this.#fresh().vlan(this.#index);
  }

  get checksum(): CapturedChecksum {
    return this.#fresh().checksum(this.#index);
  }

  /** The virtio header in front of it; undefined where they were not asked for. */
  get virtio(): VirtioView | undefined {
    return this.#fresh().virtio(this.#index);
  }

  /**
   * Walks its headers, as `dissect` does: into the batch's own `Dissection`, which the next packet's walk lays anew, unless
   * another is given.
   */
  dissect(into: Dissection = this.#fresh().dissection): Dissection {
    const batch = this.#fresh();
    const linkType = batch.linkType(this.#index);
    if (linkType === undefined) return dissectPayload(this.data, this.protocol, into);
    return dissect(this.data, linkType, into);
  }

  /** Its bytes, to keep. */
  copy(): Buffer {
    return Buffer.from(this.data);
  }

  #fresh(): PacketBatch {
    if (this.stale) throw stale();
    return this.#batch;
  }
}
