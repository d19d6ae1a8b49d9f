/** The receiver of ISO 15765-2 as a state machine: pure, times are arguments. */
import {
  CONTINUE,
  encodeFlow,
  type Layout,
  OVERFLOW,
  type PaddingCheck,
  type Pci,
  paddingIsRight,
  WAIT,
} from './pci.ts';
import type { IsoTpResult } from './result.ts';

/** How a receiver goes about it; times in milliseconds. */
export interface ReceptionSettings {
  /** Of the flow control frames that it sends. */
  readonly layout: Layout;
  readonly blockSize: number;
  /** The byte. */
  readonly stMin: number;
  /** How often in a row it says "wait" before it refuses a message that there is no room for; 0: it refuses at once. */
  readonly maxWaits: number;
  /** Between two of those. */
  readonly waitEvery: number;
  /** For the next consecutive frame to come, N_Cr. */
  readonly frameWithin: number;
  /** Consecutive frames that follow sooner are ignored. */
  readonly forceRxStMin: number | undefined;
  /** Sends no flow control. */
  readonly listen: boolean;
  /** Messages longer than that are refused. */
  readonly maxLength: number;
  readonly check: PaddingCheck;
  /** Whether there is room for a message of so many bytes now. */
  readonly room: (length: number) => boolean;
}

/** What came of a frame, or of time. */
export type Received =
  | { readonly message: Uint8Array }
  | { readonly fault: IsoTpResult; readonly got: number; readonly length: number };

/** What is claimed at first for a message whose end may never come. */
const AT_FIRST = 4096;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * `heard` and `tick` call `told` with what is complete or has failed, and `reply` with flow control frames to send, in the order
 * in which they arise.
 */
export class Reception {
  /** When {@link tick} is to be called. */
  due: number = NEVER;
  readonly #settings: ReceptionSettings;
  readonly #told: (received: Received) => void;
  readonly #reply: (frame: Uint8Array) => void;
  #state: 'idle' | 'data' | 'holding' = 'idle';
  #buffer: Uint8Array = new Uint8Array(0);
  #got = 0;
  #length = 0;
  #frameLength = 0;
  #sequence = 0;
  #inBlock = 0;
  #waits = 0;
  #last: number = -NEVER;

  constructor(
    settings: ReceptionSettings,
    told: (received: Received) => void,
    reply: (frame: Uint8Array) => void,
  ) {
    this.#settings = settings;
    this.#told = told;
    this.#reply = reply;
  }

  /** Whether a message is on its way. */
  get busy(): boolean {
    return this.#state !== 'idle';
  }

  /** A frame came that is no flow control. It may have come in time and be read late: {@link tick} alone looks at the time. */
  heard(data: Uint8Array, pci: Exclude<Pci, { kind: 'flow' }>, now: number): void {
    switch (pci.kind) {
      case 'single':
        this.#single(data, pci.at, pci.length);
        break;
      case 'first':
        this.#first(data, pci.at, pci.length, now);
        break;
      case 'consecutive':
        if (this.#state === 'data') this.#consecutive(data, pci.at, pci.sequence, now);
    }
  }

  /** Looks whether a time has run out. */
  tick(now: number): void {
    if (now < this.due) return;
    if (this.#state === 'data') this.#fault('N_TIMEOUT_Cr');
    else if (this.#state === 'holding') this.#answer(now);
  }

  /** There may be room now for a message that was held back. */
  roomier(now: number): void {
    if (this.#state === 'holding' && this.#settings.room(this.#length)) this.#answer(now);
  }

  /** Gives up what is on its way. */
  fail(result: IsoTpResult): void {
    if (this.#state !== 'idle') this.#fault(result);
  }

  #fault(fault: IsoTpResult): void {
    const got = this.#got;
    this.#end();
    this.#told({ fault, got, length: this.#length });
  }

  #end(): void {
    this.#state = 'idle';
    this.#buffer = new Uint8Array(0);
    this.#got = 0;
    this.due = NEVER;
  }

  #single(data: Uint8Array, at: number, length: number): void {
    if (this.#state !== 'idle') this.#fault('N_UNEXP_PDU');
    const { check, room } = this.#settings;
    if (!paddingIsRight(data, at + length, check)) this.#told({ fault: 'N_ERROR', got: 0, length });
    // No flow control can hold it back.
    else if (!room(length)) this.#told({ fault: 'N_BUFFER_OVFLW', got: length, length });
    else this.#told({ message: data.slice(at, at + length) });
  }

  #first(data: Uint8Array, at: number, length: number, now: number): void {
    if (this.#state !== 'idle') this.#fault('N_UNEXP_PDU');
    const { maxLength } = this.#settings;
    this.#length = length;
    if (length > maxLength) {
      this.#flow(OVERFLOW);
      this.#fault('N_BUFFER_OVFLW');
      return;
    }
    this.#frameLength = data.length;
    this.#buffer = new Uint8Array(Math.min(length, AT_FIRST));
    this.#got = 0;
    this.#append(data, at);
    this.#sequence = 1;
    this.#waits = 0;
    this.#state = 'holding';
    this.#answer(now);
  }

  /** Says to a message that has begun that it may go on, is to wait, or is refused. */
  #answer(now: number): void {
    const { room, maxWaits, waitEvery, frameWithin } = this.#settings;
    if (room(this.#length)) {
      this.#state = 'data';
      this.#inBlock = 0;
      this.#last = -NEVER;
      this.due = now + frameWithin;
      this.#flow(CONTINUE);
    } else if (this.#waits < maxWaits) {
      this.#waits += 1;
      this.due = now + waitEvery;
      this.#flow(WAIT);
    } else {
      this.#flow(OVERFLOW);
      this.#fault('N_BUFFER_OVFLW');
    }
  }

  #flow(status: number): void {
    const { layout, blockSize, stMin, listen } = this.#settings;
    if (!listen) this.#reply(encodeFlow(layout, status, blockSize, stMin));
  }

  #append(data: Uint8Array, at: number): number {
    const taken = Math.min(this.#length - this.#got, data.length - at);
    if (this.#got + taken > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#length, 2 * (this.#got + taken)));
      grown.set(this.#buffer.subarray(0, this.#got));
      this.#buffer = grown;
    }
    const buffer = this.#buffer;
    const got = this.#got;
    for (let from = 0; from < taken; from++) buffer[got + from] = data[at + from] as number;
    this.#got = got + taken;
    return at + taken;
  }

  #consecutive(data: Uint8Array, at: number, sequence: number, now: number): void {
    const { forceRxStMin, blockSize, frameWithin, check } = this.#settings;
    if (forceRxStMin !== undefined && now - this.#last < forceRxStMin) return;
    this.#last = now;
    // No frame is longer than the first, and only the last is shorter.
    if (data.length > this.#frameLength) return;
    if (data.length < this.#frameLength && data.length - at < this.#length - this.#got) return;
    if (sequence !== this.#sequence) {
      this.#fault('N_WRONG_SN');
      return;
    }
    this.#sequence = (sequence + 1) & 0x0f;
    const end = this.#append(data, at);
    if (this.#got === this.#length) {
      const message = this.#buffer;
      const right = paddingIsRight(data, end, check);
      if (right) {
        this.#end();
        this.#told({ message });
      } else this.#fault('N_ERROR');
      return;
    }
    this.due = now + frameWithin;
    this.#inBlock += 1;
    if (blockSize === 0 || this.#inBlock < blockSize) return;
    this.#inBlock = 0;
    this.#last = -NEVER;
    this.#flow(CONTINUE);
  }
}
