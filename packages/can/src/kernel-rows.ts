import { Batch, constants, type Socket } from '@sockeye/core';
import { controlSpace, decodeControl } from '@sockeye/core/cmsg';
import type { DirectRows } from './batches.ts';
import type { CanDirection } from './bus.ts';
import { readHostU32 } from './layout.ts';

/** struct sockaddr_can: the index of the interface; and how far addresses in a Batch are apart. */
const CAN_IFINDEX = 4;
const STORAGE = 128;

/** How a socket's frames come. */
export interface RowsKind {
  /** Bytes of the largest frame. */
  readonly size: number;
  /** The interface, or 0 where each frame says it. */
  readonly ifindex: number;
  readonly timestamps: 'software' | 'hardware' | false;
}

/** Room for times: struct timespec, or struct scm_timestamping with three. */
const roomFor = (timestamps: RowsKind['timestamps']): number =>
  timestamps === false ? 0 : controlSpace(...(timestamps === 'hardware' ? [48, 16] : [16]));

/** Frames in the memory that recvmmsg(2) fills. */
export class KernelRows implements DirectRows {
  readonly batch: Batch;
  readonly #socket: Socket;
  readonly #kind: RowsKind;
  readonly #usable: () => boolean;
  readonly redirect: () => void;
  readonly #local: number = constants.MSG_DONTROUTE;
  readonly #own: number = constants.MSG_CONFIRM;

  /**
   * @param usable whether what comes may be handed on as it is
   * @param redirect what to do with it where not
   */
  constructor(
    socket: Socket,
    kind: RowsKind,
    capacity: number,
    usable: () => boolean,
    redirect: (rows: KernelRows) => void,
  ) {
    this.#socket = socket;
    this.#kind = kind;
    this.#usable = usable;
    this.redirect = () => redirect(this);
    this.batch = new Batch({
      messages: capacity,
      size: kind.size,
      control: roomFor(kind.timestamps),
      address: kind.ifindex === 0,
    });
  }

  get payload(): Uint8Array {
    return this.batch.payload;
  }

  get size(): number {
    return this.batch.size;
  }

  get lengths(): Uint32Array {
    return this.batch.lengths;
  }

  get length(): number {
    return this.batch.length;
  }

  get generation(): number {
    return this.batch.generation;
  }

  /** Whether what it receives may be handed on as it is. */
  get usable(): boolean {
    return this.#usable();
  }

  receive(signal: AbortSignal | undefined): Promise<unknown> {
    return this.#socket.recvBatch(this.batch, signal === undefined ? undefined : { signal });
  }

  /** linux/can/raw.c: what comes from this host is marked MSG_DONTROUTE, what comes from this socket MSG_CONFIRM too. */
  direction(row: number): CanDirection {
    const flags = this.batch.flags[row]!;
    if ((flags & this.#own) !== 0) return 'own';
    return (flags & this.#local) !== 0 ? 'tx' : 'rx';
  }

  ifindex(row: number): number {
    if (this.#kind.ifindex !== 0 || this.batch.addressLengths[row] === 0) return this.#kind.ifindex;
    return readHostU32(this.batch.addresses, row * STORAGE + CAN_IFINDEX);
  }

  timestampNs(row: number): bigint {
    return this.batch.timestamps[row]!;
  }

  hardwareTimestampNs(row: number): bigint | undefined {
    if (this.#kind.timestamps !== 'hardware') return undefined;
    for (const message of this.batch.controlOf(row)) {
      const control = decodeControl(message);
      if (control.kind === 'timestamping') return control.hardware;
    }
    return undefined;
  }
}
