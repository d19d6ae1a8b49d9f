/** Frames in memory that is used again: nothing is made per frame. */

import { CanBusError } from './bus-error.ts';
import { CANFD_BRS, CANFD_ESI, decodeFdFrame } from './fd.ts';
import { type CanFrame, type CanFrameFields, decodeClassicFrame, encodeFrame } from './frame.ts';
import { CAN_ERR_FLAG, CAN_RTR_FLAG, CAN_SFF_MASK, type CanId, idOfCanId } from './id.ts';
import {
  CAN_MAX_DLEN,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  CANXL_HDR_SIZE,
  CANXL_MAX_DLEN,
  CANXL_XLF,
  DATA,
  FD_FLAGS,
  LEN,
  LEN8_DLC,
  readHostU16,
  readHostU32,
  XL_AF,
  XL_FLAGS,
  XL_LEN,
  XL_SDT,
} from './layout.ts';
import type { CanDirection, ReceivedFrame, Reception } from './reception.ts';
import { CANXL_RRS, CANXL_SEC, CANXL_VCID_OFFSET, decodeXlFrame } from './xl.ts';

/** Memory of many frames, a row each, and what is known of them. */
export interface FrameRows {
  readonly payload: Uint8Array;
  /** Bytes of a row: 16, 72 or 2,060; a multiple of four. */
  readonly size: number;
  /** Bytes of each frame. */
  readonly lengths: Uint32Array;
  /** Frames that are there. */
  readonly length: number;
  /** Grows when the memory is used again. */
  readonly generation: number;
  direction(row: number): CanDirection;
  ifindex(row: number): number;
  timestampNs(row: number): bigint;
  hardwareTimestampNs(row: number): bigint | undefined;
}

const NONE = new Uint8Array(0);

/**
 * A frame of a batch: one object that is laid over frame after frame. What it says holds until the loop goes on; {@link copy}
 * keeps the frame. Its fields are those of a `ReceivedFrame`, of every kind: those that a kind does not have are 0 or false.
 */
export class FrameView implements Reception {
  readonly #rows: FrameRows;
  readonly #payload: Uint8Array;
  readonly #words: Uint32Array;
  /** Views of data, kept: frames of one length come in the same place again. Those of XL begin elsewhere. */
  readonly #kept: (Uint8Array | undefined)[];
  readonly #keptXl: (Uint8Array | undefined)[];
  #row = 0;
  #at = 0;
  #generation = -1;

  /** Not for callers: a batch makes it. */
  constructor(rows: FrameRows) {
    this.#rows = rows;
    this.#payload = rows.payload;
    this.#words = new Uint32Array(rows.payload.buffer, rows.payload.byteOffset, rows.payload.length >>> 2);
    this.#kept = new Array(rows.lengths.length).fill(undefined);
    this.#keptXl = [];
  }

  /** Not for callers: lays it over a frame. */
  over(row: number): this {
    this.#row = row;
    this.#at = row * this.#rows.size;
    this.#generation = this.#rows.generation;
    return this;
  }

  /** Whether the memory was used again since: everything else throws `ERR_SOCKET_STALE` then. */
  get stale(): boolean {
    return this.#generation !== this.#rows.generation;
  }

  get #start(): number {
    if (this.#generation !== this.#rows.generation) throw staleError();
    return this.#at;
  }

  get #canId(): number {
    return this.#words[this.#start >>> 2]!;
  }

  get xl(): boolean {
    return (this.#payload[this.#start + XL_FLAGS]! & CANXL_XLF) !== 0;
  }

  get fd(): boolean {
    return this.#rows.lengths[this.#row] === CANFD_MTU && !this.xl;
  }

  get id(): CanId {
    const at = this.#start;
    const canId = this.#words[at >>> 2]!;
    return idOfCanId((this.#payload[at + XL_FLAGS]! & CANXL_XLF) === 0 ? canId : canId & CAN_SFF_MASK);
  }

  get remote(): boolean {
    return (this.#canId & CAN_RTR_FLAG) !== 0 && !this.xl;
  }

  get error(): boolean {
    return (this.#canId & CAN_ERR_FLAG) !== 0 && !this.xl;
  }

  /** The length field: of a remote frame what it asks for, otherwise that of {@link data}. */
  get length(): number {
    const at = this.#start;
    const length = this.#payload[at + LEN]!;
    if ((length & CANXL_XLF) !== 0) return Math.min(readHostU16(this.#payload, at + XL_LEN), CANXL_MAX_DLEN);
    return Math.min(length, this.#rows.lengths[this.#row] === CANFD_MTU ? CANFD_MAX_DLEN : CAN_MAX_DLEN);
  }

  /** The data length code as it was on the bus where that was 9 to 15 with 8 bytes of data, on classic frames; else 0. */
  get len8Dlc(): number {
    const dlc = this.#payload[this.#start + LEN8_DLC]!;
    return dlc > CAN_MAX_DLEN && dlc <= 15 && !this.fd && !this.xl && this.length === CAN_MAX_DLEN ? dlc : 0;
  }

  get bitRateSwitch(): boolean {
    return this.fd && (this.#payload[this.#start + FD_FLAGS]! & CANFD_BRS) !== 0;
  }

  get errorStateIndicator(): boolean {
    return this.fd && (this.#payload[this.#start + FD_FLAGS]! & CANFD_ESI) !== 0;
  }

  get sdt(): number {
    return this.xl ? this.#payload[this.#start + XL_SDT]! : 0;
  }

  get vcid(): number {
    return this.xl ? (this.#canId >>> CANXL_VCID_OFFSET) & 0xff : 0;
  }

  get acceptance(): number {
    return this.xl ? readHostU32(this.#payload, this.#start + XL_AF) : 0;
  }

  get sec(): boolean {
    return this.xl && (this.#payload[this.#start + XL_FLAGS]! & CANXL_SEC) !== 0;
  }

  get rrs(): boolean {
    return this.xl && (this.#payload[this.#start + XL_FLAGS]! & CANXL_RRS) !== 0;
  }

  /** A view of the memory. */
  get data(): Uint8Array {
    const at = this.#start;
    const row = this.#row;
    if ((this.#payload[at + LEN]! & CANXL_XLF) !== 0)
      return this.#keep(this.#keptXl, row, at + CANXL_HDR_SIZE);
    if ((this.#words[at >>> 2]! & CAN_RTR_FLAG) !== 0) return NONE;
    const known = this.#kept[row];
    if (known !== undefined && known.length === this.#payload[at + LEN]!) return known;
    return this.#keep(this.#kept, row, at + DATA);
  }

  #keep(kept: (Uint8Array | undefined)[], row: number, from: number): Uint8Array {
    const { length } = this;
    const known = kept[row];
    if (known !== undefined && known.length === length) return known;
    const data = this.#payload.subarray(from, from + length);
    kept[row] = data;
    return data;
  }

  get ifindex(): number {
    this.#start;
    return this.#rows.ifindex(this.#row);
  }

  get direction(): CanDirection {
    this.#start;
    return this.#rows.direction(this.#row);
  }

  get timestampNs(): bigint {
    this.#start;
    return this.#rows.timestampNs(this.#row);
  }

  get hardwareTimestampNs(): bigint | undefined {
    this.#start;
    return this.#rows.hardwareTimestampNs(this.#row);
  }

  /** The frame in the form that sockets have: a view of 16, 72, or 12 and more bytes. */
  get bytes(): Uint8Array {
    const at = this.#start;
    return this.#payload.subarray(at, at + this.#rows.lengths[this.#row]!);
  }

  /** The frame, to keep. @throws MalformedFrameError where the bytes are none. */
  copy(): ReceivedFrame {
    const rows = this.#rows;
    const row = this.#row;
    const frame = keep(this.bytes.slice());
    return receivedFrame(
      frame,
      rows.ifindex(row),
      rows.direction(row),
      rows.timestampNs(row),
      rows.hardwareTimestampNs(row),
    );
  }
}

function keep(bytes: Uint8Array): CanFrame {
  if ((bytes[XL_FLAGS]! & CANXL_XLF) !== 0) return decodeXlFrame(bytes);
  return bytes.length === CANFD_MTU ? decodeFdFrame(bytes) : decodeClassicFrame(bytes);
}

const staleError = (): CanBusError =>
  new CanBusError(
    'ERR_SOCKET_STALE',
    'this frame is gone: its batch was received into again; copy() keeps one',
  );

/** A frame with what is known of it. */
export function receivedFrame(
  frame: CanFrame,
  ifindex: number,
  direction: CanDirection,
  timestampNs: bigint,
  hardwareTimestampNs?: bigint,
): ReceivedFrame {
  return hardwareTimestampNs === undefined
    ? { ...frame, ifindex, direction, timestampNs }
    : { ...frame, ifindex, direction, timestampNs, hardwareTimestampNs };
}

/** An iterator that allocates nothing: it is used again, as the view is, and its results are one object. */
class Rows implements Iterator<FrameView, undefined> {
  readonly #rows: FrameRows;
  readonly #view: FrameView;
  readonly #result: { done: false; value: FrameView };
  #row = 0;

  constructor(rows: FrameRows, view: FrameView) {
    this.#rows = rows;
    this.#view = view;
    this.#result = { done: false, value: view };
  }

  again(): this {
    this.#row = 0;
    return this;
  }

  next(): IteratorResult<FrameView, undefined> {
    if (this.#row >= this.#rows.length) return ENDED;
    this.#view.over(this.#row);
    this.#row += 1;
    return this.#result;
  }
}

const ENDED: IteratorResult<FrameView, undefined> = Object.freeze({ done: true, value: undefined });

/** The frames of one system call, or of one turn. It is used again for the next. */
export class FrameBatch implements Iterable<FrameView> {
  readonly #rows: FrameRows;
  readonly #view: FrameView;
  readonly #walk: Rows;

  /** Not for callers: `batches()` makes it. */
  constructor(rows: FrameRows) {
    this.#rows = rows;
    this.#view = new FrameView(rows);
    this.#walk = new Rows(rows, this.#view);
  }

  get length(): number {
    return this.#rows.length;
  }

  /** Frame after frame, in one view: a batch is gone through by one loop at a time. */
  [Symbol.iterator](): Iterator<FrameView, undefined> {
    return this.#walk.again();
  }

  /**
   * As iterating, without an iterator's cost per frame.
   * @param each must not keep the view
   */
  forEach(each: (frame: FrameView) => void): void {
    const rows = this.#rows;
    const view = this.#view;
    for (let row = 0; row < rows.length; row++) each(view.over(row));
  }
}

/** Rows that frames are written into one by one. */
export class WrittenRows implements FrameRows {
  readonly payload: Uint8Array;
  readonly size: number;
  readonly lengths: Uint32Array;
  readonly #known: ReceivedFrame[] = [];
  generation = 0;

  constructor(capacity: number, size: number) {
    this.size = size;
    this.payload = new Uint8Array(capacity * size);
    this.lengths = new Uint32Array(capacity);
  }

  get length(): number {
    return this.#known.length;
  }

  clear(): void {
    this.generation += 1;
    this.#known.length = 0;
  }

  /** Adds a frame; there must be room. */
  add(frame: ReceivedFrame): void {
    const row = this.#known.push(frame) - 1;
    this.lengths[row] = encodeFrame(frame as CanFrameFields, this.payload, row * this.size);
  }

  direction(row: number): CanDirection {
    return this.#known[row]!.direction;
  }

  ifindex(row: number): number {
    return this.#known[row]!.ifindex;
  }

  timestampNs(row: number): bigint {
    return this.#known[row]!.timestampNs;
  }

  hardwareTimestampNs(row: number): bigint | undefined {
    return this.#known[row]!.hardwareTimestampNs;
  }
}
