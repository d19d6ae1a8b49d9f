/** Messages with their addresses, control data and descriptors: what recvmsg(2) tells beside the bytes. */
import { AddressBuffer } from './address.ts';
import { checkInteger, checkOptions, wrongType } from './check.ts';
import { type ControlMessage, readControl } from './cmsg/header.ts';
import { constants } from './constants.ts';
import { closeAll, closeQuietly, Descriptor } from './descriptor.ts';

/** The most control data that one call takes: net.core.optmem_max is far below. */
export const MOST_CONTROL: number = 1 << 20;

/** Where the parts stand in the memory that the native part fills; `sys/message.rs` has the same numbers. */
const FLAGS = 0;
const CONTROL_LENGTH = 1;
const DESCRIPTORS = 2;
const ASKED = 3;
const ADDRESS = 16;
const CONTROL = 152;

/** Under this name every copy of this module (CommonJS and ES modules have one each) finds the envelope. */
const ENVELOPE: unique symbol = Symbol.for('@sockeye/core: MessageBuffer');

/** The memory behind a {@link MessageBuffer}, and the descriptors that nobody has taken yet. */
export class Envelope {
  readonly whole: Uint8Array;
  readonly address: AddressBuffer;
  /** Bytes of control data that were asked for. */
  readonly asked: number;
  readonly #numbers: Uint32Array;
  readonly #control: Uint8Array;
  readonly #handles: Uint32Array;
  #untaken: Descriptor[] | undefined;

  constructor(room: number) {
    this.asked = room;
    // The native part gives each byte of control data two more, for slots and generations.
    const aligned = (room + 7) & ~7;
    const memory = new ArrayBuffer(CONTROL + 3 * aligned);
    this.whole = new Uint8Array(memory);
    this.address = new AddressBuffer({ memory, at: ADDRESS });
    this.#numbers = new Uint32Array(memory, 0, 4);
    this.#numbers[ASKED] = room;
    this.#control = new Uint8Array(memory, CONTROL, aligned);
    this.#handles = new Uint32Array(memory, CONTROL + aligned, aligned / 2);
  }

  get flags(): number {
    return this.#numbers[FLAGS] as number;
  }

  /** To be called after each message: descriptors get an owner in JavaScript, those of the last message are closed. */
  received(): void {
    if (this.#untaken !== undefined) closeQuietly(this.take());
    const count = this.#numbers[DESCRIPTORS] as number;
    if (count > 0) this.#untaken = descriptorsAt(this.#handles, 0, count);
  }

  /** Writes what the native part writes of a message, for sockets that have none. Control data must fit. */
  fill(flags: number, address: Uint8Array, control: Uint8Array): void {
    this.#numbers.set([flags, control.length, 0]);
    this.address.bytes.set(address);
    this.address.length = address.length;
    this.#control.set(control);
  }

  take(): Descriptor[] {
    const taken = this.#untaken ?? [];
    this.#untaken = undefined;
    return taken;
  }

  closeUntaken(): void {
    closeAll(this.take());
  }

  /** The control data of the last message: a view. */
  controlBytes(): Uint8Array {
    return this.#control.subarray(0, this.#numbers[CONTROL_LENGTH]);
  }
}

/** The descriptors whose slots and generations stand in `handles` from `at`. */
export function descriptorsAt(handles: Uint32Array, at: number, count: number): Descriptor[] {
  const descriptors: Descriptor[] = [];
  for (let index = at; index < at + 2 * count; index += 2) {
    descriptors.push(new Descriptor(handles[index] as number, handles[index + 1] as number));
  }
  return descriptors;
}

/** What a {@link MessageBuffer} is made for. */
export interface MessageBufferOptions {
  /** Bytes of room for control data, 0 unless given: `controlSpace()` of `@sockeye/core/cmsg` counts them. */
  control?: number | undefined;
}

/**
 * What comes with a message beside its bytes, in memory that is made once and used again: address, flags, control data,
 * descriptors. All of it is the last message's, until the next call that receives into it.
 */
export class MessageBuffer {
  /** The sender's address. */
  readonly address: AddressBuffer;

  constructor(options?: MessageBufferOptions) {
    const envelope = new Envelope(checkRoom(checkOptions(options).control));
    Object.defineProperty(this, ENVELOPE, { value: envelope });
    this.address = envelope.address;
  }

  /** `msg_flags`: `constants.MSG_TRUNC`, `MSG_CTRUNC`, `MSG_EOR`, `MSG_OOB`, `MSG_ERRQUEUE` … */
  get flags(): number {
    return envelopeOf(this).flags;
  }

  /** Whether the message was longer than the room for it; the rest is gone. */
  get truncated(): boolean {
    return (this.flags & constants.MSG_TRUNC) !== 0;
  }

  /** Whether control data were cut or left out for want of room; descriptors among them are closed. */
  get controlTruncated(): boolean {
    return (this.flags & constants.MSG_CTRUNC) !== 0;
  }

  /** The control messages: views of this buffer. `decodeControl()` of `@sockeye/core/cmsg` reads them. */
  control(): ControlMessage[] {
    return readControl(envelopeOf(this).controlBytes());
  }

  /**
   * The descriptors that came, the caller's from now on; a second call gives none. Those that nobody asked for are closed
   * when the next message comes, or by {@link close}.
   */
  descriptors(): Descriptor[] {
    return envelopeOf(this).take();
  }

  /** Closes the descriptors that nobody has taken. The buffer can be used again. */
  close(): void {
    envelopeOf(this).closeUntaken();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A message, with all that came along. Disposing of it closes its descriptors, save those that were given away. */
export class Message {
  readonly data: Buffer;
  /** The sender's, a sockaddr; empty when the kernel had none to tell. */
  readonly address: Uint8Array;
  readonly control: readonly ControlMessage[];
  readonly descriptors: readonly Descriptor[];
  /** `msg_flags`: `constants.MSG_TRUNC`, `MSG_CTRUNC`, `MSG_EOR`, `MSG_OOB`, `MSG_ERRQUEUE` … */
  readonly flags: number;

  constructor(data: Buffer, envelope: Envelope) {
    this.data = data;
    this.address = envelope.address.copy();
    const bytes = envelope.controlBytes();
    this.control = bytes.length === 0 ? NONE : readControl(bytes.slice());
    this.descriptors = envelope.take();
    this.flags = envelope.flags;
  }

  /** Whether the message was longer than the room for it; the rest is gone. */
  get truncated(): boolean {
    return (this.flags & constants.MSG_TRUNC) !== 0;
  }

  /** Whether control data were cut or left out for want of room; descriptors among them are closed. */
  get controlTruncated(): boolean {
    return (this.flags & constants.MSG_CTRUNC) !== 0;
  }

  /** Closes the descriptors that were not given away. */
  close(): void {
    closeAll(this.descriptors);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const NONE: readonly ControlMessage[] = Object.freeze([]);

/** The envelope of a MessageBuffer, of whichever copy of this module. */
export function envelopeOf(message: MessageBuffer): Envelope {
  const envelope = (message as { [ENVELOPE]?: Envelope } | null | undefined)?.[ENVELOPE];
  if (envelope === undefined) throw wrongType('message', 'a MessageBuffer', message);
  return envelope;
}

export function checkRoom(room: unknown): number {
  return room === undefined ? 0 : checkInteger('control', room, 0, MOST_CONTROL);
}

let spare: Envelope | undefined;

/** An envelope with exactly this room, for one call whose message is a copy of what it holds. */
export function envelopeFor(room: number): Envelope {
  if (spare?.asked !== room) spare = new Envelope(room);
  return spare;
}
