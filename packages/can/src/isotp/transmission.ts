/** The sender of ISO 15765-2 for one message, as a state machine: pure, times are arguments. */
import {
  CONTINUE,
  decodeStMin,
  encodeConsecutive,
  encodeFirst,
  encodeSingle,
  type Layout,
  OVERFLOW,
  type Pci,
  singleFrameRoom,
  WAIT,
} from './pci.ts';
import type { IsoTpResult } from './result.ts';

/** How a sender goes about it; times in milliseconds. */
export interface TransmissionSettings {
  readonly layout: Layout;
  /** For a frame to be on the bus, N_As. */
  readonly sendWithin: number;
  /** For flow control to come, N_Bs. */
  readonly flowControlWithin: number;
  /** Added to the receiver's STmin. */
  readonly frameTxTime: number;
  /** In place of the receiver's STmin. */
  readonly forceTxStMin: number | undefined;
  /** Block size and STmin of every flow control count, not of a message's first only. */
  readonly dynamicFlowControl: boolean;
  /** How often the receiver may say "wait" in a row. */
  readonly waitLimit: number;
  /** Consecutive frames follow at once, without flow control: 1 to n. */
  readonly noFlowControl: boolean;
}

/**
 * - `ready`: {@link Transmission.next} has a frame, from `due` on
 * - `sending`: a frame is out, and `sent` is to be called; at `due` it took too long
 * - `flow`: flow control is awaited, until `due`
 * - `done`, `failed`
 */
export type TransmissionState = 'ready' | 'sending' | 'flow' | 'done' | 'failed';

export class Transmission {
  state: TransmissionState = 'ready';
  /** When something is to be done: a frame to be sent, or a time has run out. */
  due: number;
  failure: IsoTpResult | undefined;
  readonly #settings: TransmissionSettings;
  readonly #message: Uint8Array;
  #offset = 0;
  #sequence = 0;
  #blockSize = 0;
  #inBlock = 0;
  #gap = 0;
  #waits = 0;
  #begun = false;
  /** The first flow control of the message has said block size and STmin. */
  #agreed = false;
  /** The frame before the one that flow control is awaited for has not been confirmed. */
  #unconfirmed = false;

  /** @param message 1 to 0xffffffff bytes, which stay as they are until the end */
  constructor(settings: TransmissionSettings, message: Uint8Array, now: number) {
    this.#settings = settings;
    this.#message = message;
    this.due = now;
  }

  /** The frame to send now, if one is due; afterwards {@link sent} is to be called. Ends what has taken too long. */
  next(now: number): Uint8Array | undefined {
    if (now < this.due || this.state === 'done' || this.state === 'failed') return undefined;
    if (this.state === 'ready') return this.#frame(now);
    this.fail(this.state === 'flow' && !this.#unconfirmed ? 'N_TIMEOUT_Bs' : 'N_TIMEOUT_A');
    return undefined;
  }

  #frame(now: number): Uint8Array {
    const { layout, sendWithin, flowControlWithin, noFlowControl } = this.#settings;
    const message = this.#message;
    this.due = now + sendWithin;
    this.state = 'sending';
    if (!this.#begun) {
      this.#begun = true;
      if (message.length <= singleFrameRoom(layout)) {
        this.#offset = message.length;
        return encodeSingle(layout, message);
      }
      const [data, taken] = encodeFirst(layout, message);
      this.#offset = taken;
      this.#sequence = 1;
      if (noFlowControl) this.#gap = this.#ownGap();
      else this.#await(now + sendWithin + flowControlWithin);
      return data;
    }
    const [data, taken] = encodeConsecutive(layout, message, this.#offset, this.#sequence);
    this.#offset += taken;
    this.#sequence = (this.#sequence + 1) & 0x0f;
    this.#inBlock += 1;
    const more = this.#offset < message.length;
    // Flow control may come before this side hears that its frame was sent.
    if (more && this.#inBlock === this.#blockSize) this.#await(now + sendWithin + flowControlWithin);
    return data;
  }

  /** The frame that {@link next} gave last may be followed by the next one at once, without waiting for anything but its being sent. */
  get gapless(): boolean {
    return this.state === 'sending' && this.#gap === 0 && this.#offset < this.#message.length;
  }

  #ownGap(): number {
    const { forceTxStMin, frameTxTime } = this.#settings;
    return forceTxStMin ?? frameTxTime;
  }

  #await(until: number): void {
    this.state = 'flow';
    this.#unconfirmed = true;
    this.#waits = 0;
    this.due = until;
  }

  /** The frame that {@link next} gave last is on the bus. */
  sent(now: number): void {
    if (this.state === 'flow' && this.#unconfirmed) {
      this.#unconfirmed = false;
      this.due = now + this.#settings.flowControlWithin;
    } else if (this.state === 'sending') {
      if (this.#offset === this.#message.length) {
        this.state = 'done';
        this.due = Number.POSITIVE_INFINITY;
        return;
      }
      this.state = 'ready';
      this.due = now + this.#gap;
    }
  }

  /** A flow control frame came. One that is not awaited means nothing. */
  heard(flow: Extract<Pci, { kind: 'flow' }>, now: number): void {
    if (this.state !== 'flow') return;
    const { dynamicFlowControl, forceTxStMin, frameTxTime, flowControlWithin, waitLimit } = this.#settings;
    if (flow.status === CONTINUE || flow.status === WAIT) {
      if (!this.#agreed || dynamicFlowControl) {
        this.#agreed = true;
        this.#blockSize = flow.blockSize;
        this.#gap = (forceTxStMin ?? decodeStMin(flow.stMin)) + frameTxTime;
      }
    }
    switch (flow.status) {
      case CONTINUE:
        this.#inBlock = 0;
        this.#unconfirmed = false;
        this.state = 'ready';
        this.due = now;
        break;
      case WAIT:
        this.#unconfirmed = false;
        this.#waits += 1;
        if (this.#waits > waitLimit) this.fail('N_WFT_OVRN');
        else this.due = now + flowControlWithin;
        break;
      case OVERFLOW:
        this.fail('N_BUFFER_OVFLW');
        break;
      default:
        this.fail('N_INVALID_FS');
    }
  }

  /** Ends it. */
  fail(result: IsoTpResult): void {
    if (this.state === 'done' || this.state === 'failed') return;
    this.state = 'failed';
    this.failure = result;
    this.due = Number.POSITIVE_INFINITY;
  }
}
