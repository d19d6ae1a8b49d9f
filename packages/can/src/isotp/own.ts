/** ISO-TP of our own, over the frames of any bus. */
import { wrongValue } from '@sockeye/addr/check';
import type { CanBus, CanWaitOptions } from '../bus.ts';
import type { CanFrame, CanFrameFields } from '../frame.ts';
import { type CanId, sameId } from '../id.ts';
import { afterReading } from '../turns.ts';
import { Connection } from './connection.ts';
import { canceledError, IsoTpError } from './error.ts';
import type { Settings } from './options.ts';
import { decodePci, type Pci, paddingIsRight, singleFrameRoom } from './pci.ts';
import { Reception } from './reception.ts';
import { Transmission } from './transmission.ts';
import type { Patience } from './waiting.ts';

/** As much of a bus as ISO-TP needs. */
export interface IsoTpBus extends Pick<CanBus, 'send' | 'frames'> {
  /**
   * Sends many frames in order by one call, and says how many; an error's `messagesSent` says how many went before. Left out: they
   * are sent one by one.
   */
  readonly sendAll?:
    | ((frames: Iterable<CanFrameFields>, options?: CanWaitOptions) => Promise<number>)
    | undefined;
}

/** A bus that nobody else has, which is closed with the connection. It was opened for the frames to receive, and no others. */
export interface OwnBus extends IsoTpBus, Pick<CanBus, 'batches' | 'close'> {}

/** What is looked at of a frame. */
type Heard = Pick<CanFrame, 'id' | 'fd' | 'xl' | 'data'> & {
  readonly remote?: boolean;
  readonly error?: boolean;
};

/**
 * Consecutive frames that are sent by one call; then the event loop has its turn. A raw socket has room for some 200, and who receives
 * may be this very process.
 */
const AT_ONCE = 64;
/** Frames that are read by one call. */
const READ_AT_ONCE = 64;

/** Messages that did not arrive and nobody has heard of yet; of more the oldest are forgotten. */
const FAULTS = 64;
const now = (): number => performance.now();

/** A bus that is down so often, with no frame between, does not come back. */
const DOWNS = 16;
const isDown = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENETDOWN';

type Outcome = { readonly message: Uint8Array } | { readonly error: unknown };

export class OwnIsoTp extends Connection {
  readonly implementation = 'own';
  readonly #bus: IsoTpBus;
  readonly #owned: OwnBus | undefined;
  readonly #stop = new AbortController();
  readonly #reception: Reception;
  readonly #queue: Outcome[] = [];
  #queued = 0;
  #faults = 0;
  readonly #receivers: {
    readonly take: (outcome: Outcome) => void;
    readonly fail: (error: unknown) => void;
  }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #transmission: Transmission | undefined;
  #wake: (() => void) | undefined;
  #interrupt: ((error: unknown) => void) | undefined;
  #replies: Promise<void> = Promise.resolve();
  /** Why the bus gives no more frames. */
  #broken: { readonly error: unknown } | undefined;
  readonly #listening: Promise<void>;

  /** @param owned the same bus, where nobody else has it */
  constructor(bus: IsoTpBus, settings: Settings, owned?: OwnBus) {
    super(settings);
    if (settings.waitTxDone)
      throw wrongValue('waitTxDone', "left out with implementation 'own': nothing blocks a thread", true);
    this.#bus = bus;
    this.#owned = owned;
    const {
      layout,
      blockSize,
      stMin,
      maxWaits,
      timeouts,
      forceRxStMin,
      listen,
      maxLength,
      maxQueued,
      check,
    } = settings;
    this.#reception = new Reception(
      {
        layout,
        blockSize,
        stMin,
        maxWaits,
        waitEvery: timeouts.flowControl / 2,
        frameWithin: timeouts.consecutive,
        forceRxStMin,
        listen,
        maxLength,
        check,
        room: (length) => this.#queued + length <= maxQueued,
      },
      (received) => {
        if ('message' in received) this.#put(received);
        else {
          const { fault, got, length } = received;
          this.#put({ error: new IsoTpError(fault, 'recv', 'own', ` (${got} of ${length} bytes)`) });
        }
      },
      (frame) => this.#reply(frame),
    );
    this.#listening =
      settings.rx === undefined || settings.functional || settings.noFlowControl
        ? Promise.resolve()
        : this.#listen(settings.rx);
  }

  async #listen(rx: CanId): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; ; ) {
      try {
        if (this.#owned === undefined) {
          for await (const frame of this.#bus.frames({ signal, filters: [rx] })) {
            failures = 0;
            this.#heard(frame, rx, now());
          }
        } else {
          for await (const batch of this.#owned.batches({ max: READ_AT_ONCE })) {
            failures = 0;
            const at = now();
            for (const frame of batch) this.#heard(frame, rx, at);
          }
        }
        if (!signal.aborted) this.#break(canceledError('recv'));
        return;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (!isDown(error) || failures === DOWNS) {
          this.#break(error);
          return;
        }
        this.#down(error);
      }
    }
  }

  /** The interface went down, and may come up again: who waits is told, or who asks next. */
  #down(error: unknown): void {
    this.#interrupt?.(error);
    const receivers = this.#receivers.splice(0);
    if (receivers.length === 0) this.#put({ error });
    for (const { fail } of receivers) fail(error);
  }

  /** The bus has ended: nothing comes any more. */
  #break(error: unknown): void {
    this.#broken = { error };
    this.#interrupt?.(error);
    for (const { fail } of this.#receivers.splice(0)) fail(error);
  }

  #heard(frame: Heard, rx: CanId, at: number): void {
    const { rxAddress, halfDuplex, fd } = this.settings;
    if (frame.fd !== fd || frame.xl || frame.remote || frame.error || !sameId(frame.id, rx)) return;
    const { data } = frame;
    if (rxAddress !== undefined && data[0] !== rxAddress) return;
    const pci = decodePci(data, rxAddress === undefined ? 0 : 1);
    if (pci === undefined) return;
    if (pci.kind === 'flow') {
      if (!halfDuplex || !this.#reception.busy) this.#flow(data, pci, at);
    } else if (!halfDuplex || this.#transmission === undefined) {
      this.#reception.heard(data, pci, at);
      this.#arm();
    }
  }

  #flow(data: Uint8Array, pci: Extract<Pci, { kind: 'flow' }>, at: number): void {
    const transmission = this.#transmission;
    if (transmission?.state !== 'flow') return;
    if (pci.status >= 0 && !paddingIsRight(data, pci.at, this.settings.check)) transmission.fail('N_ERROR');
    else transmission.heard(pci, at);
    this.#wake?.();
  }

  #reply(data: Uint8Array): void {
    const options = { timeout: this.settings.timeouts.frame, signal: this.#stop.signal };
    // A bus keeps the order of the calls.
    const sent = this.#bus.send(this.#frame(data), options).catch(() => {
      // Why is told to whoever reads the bus, or sends.
      this.#reception.fail('N_TIMEOUT_A');
    });
    this.#replies = this.#replies.then(() => sent);
  }

  #frame(data: Uint8Array): CanFrameFields {
    const { tx, fd, bitRateSwitch } = this.settings;
    return fd ? { id: tx, data, fd, bitRateSwitch } : { id: tx, data };
  }

  /**
   * Has the reception look at the time when it has to. A timer that runs out too soon is set anew then; one that runs out since
   * the event loop was busy has what came meanwhile read first.
   */
  #arm(): void {
    const { due } = this.#reception;
    if (due >= this.#timerDue || due === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    const look = (): void => {
      this.#timerDue = Number.POSITIVE_INFINITY;
      this.#reception.tick(now());
      this.#arm();
    };
    this.#timer = setTimeout(() => afterReading(look), Math.ceil(due - now()));
  }

  #put(outcome: Outcome): void {
    const receiver = this.#receivers.shift();
    if (receiver !== undefined) {
      receiver.take(outcome);
      return;
    }
    if ('message' in outcome) this.#queued += outcome.message.length;
    else if (this.#faults === FAULTS)
      this.#queue.splice(
        this.#queue.findIndex((one) => 'error' in one),
        1,
      );
    else this.#faults += 1;
    this.#queue.push(outcome);
  }

  protected override async receive(patience: Patience): Promise<Uint8Array> {
    const outcome = this.#taken() ?? (await this.#next(patience));
    if ('error' in outcome) throw outcome.error;
    return outcome.message;
  }

  #taken(): Outcome | undefined {
    const outcome = this.#queue.shift();
    if (outcome === undefined) {
      if (this.#broken !== undefined) throw this.#broken.error;
    } else if ('error' in outcome) this.#faults -= 1;
    else {
      this.#queued -= outcome.message.length;
      this.#reception.roomier(now());
      this.#arm();
    }
    return outcome;
  }

  #next(patience: Patience): Promise<Outcome> {
    return patience.wait<Outcome>((take, fail) => {
      const receiver = { take, fail };
      this.#receivers.push(receiver);
      return () => {
        const at = this.#receivers.indexOf(receiver);
        if (at >= 0) this.#receivers.splice(at, 1);
      };
    });
  }

  protected override discard(): void {
    this.#queue.length = 0;
    this.#queued = 0;
    this.#faults = 0;
    this.#reception.roomier(now());
    this.#arm();
  }

  protected override async transmit(message: Uint8Array, patience: Patience): Promise<void> {
    const {
      layout,
      timeouts,
      frameTxTime = 0,
      forceTxStMin,
      dynamicFlowControl,
      waitLimit,
      noFlowControl,
    } = this.settings;
    const transmission = new Transmission(
      {
        layout,
        sendWithin: timeouts.frame,
        flowControlWithin: timeouts.flowControl,
        frameTxTime,
        forceTxStMin,
        dynamicFlowControl,
        waitLimit,
        noFlowControl,
      },
      // The caller's buffer is his own again when the first frame is sent.
      message.length <= singleFrameRoom(layout) ? message : message.slice(),
      now(),
    );
    this.#transmission = transmission;
    try {
      for (;;) {
        if (this.#broken !== undefined) throw this.#broken.error;
        if (this.closed) throw canceledError('send');
        const frame = transmission.next(now());
        if (transmission.state === 'failed') {
          throw new IsoTpError(transmission.failure ?? 'N_ERROR', 'send', 'own');
        }
        if (frame !== undefined) await this.#carry(frame, transmission, patience);
        else await this.#until(transmission, patience);
        if (transmission.state === 'done') return;
      }
    } finally {
      this.#transmission = undefined;
    }
  }

  /** Sends a frame of a message, and those that may follow at once, in the time that they may take. */
  async #carry(first: Uint8Array, transmission: Transmission, patience: Patience): Promise<void> {
    const frames = [this.#frame(first)];
    if (this.#bus.sendAll !== undefined && transmission.gapless) {
      for (const at = now(); frames.length < AT_ONCE && transmission.gapless; ) {
        transmission.sent(at);
        frames.push(this.#frame(transmission.next(at) as Uint8Array));
      }
    }
    for (let sent = 0; sent < frames.length; ) {
      const { left, signal } = patience;
      const within = this.settings.timeouts.frame;
      const hurried = left !== undefined && left < within;
      const options = { timeout: hurried ? left : within, signal };
      try {
        if (frames.length === 1) await this.#bus.send(frames[0] as CanFrameFields, options);
        else await this.#bus.sendAll?.(sent === 0 ? frames : frames.slice(sent), options);
        break;
      } catch (error) {
        const late = error instanceof Error && 'code' in error && error.code === 'ERR_SOCKET_TIMEOUT';
        if (!late || hurried) throw error;
        // The time is each frame's: those that went have used theirs.
        const some = 'messagesSent' in error ? Number(error.messagesSent) : 0;
        if (some === 0) {
          transmission.fail('N_TIMEOUT_A');
          return;
        }
        sent += some;
      }
    }
    const goesOn = transmission.gapless;
    transmission.sent(now());
    if (goesOn && frames.length > 1) await new Promise((turned) => setImmediate(turned));
  }

  /** Waits until a transmission is due, or flow control came. */
  async #until(transmission: Transmission, patience: Patience): Promise<void> {
    try {
      await patience.wait<void>((done, fail) => {
        const wait = Math.max(0, Math.ceil(transmission.due - now()));
        // Flow control that came while the event loop was busy is read before its time is over.
        const over = transmission.state === 'flow' ? () => afterReading(done) : done;
        const timer = setTimeout(over, Math.min(wait, 2 ** 31 - 1));
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
        this.#interrupt = (error) => {
          clearTimeout(timer);
          fail(error);
        };
        return () => clearTimeout(timer);
      });
    } finally {
      this.#wake = undefined;
      this.#interrupt = undefined;
    }
  }

  protected override async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#interrupt?.(canceledError('send'));
    for (const { fail } of this.#receivers.splice(0)) fail(canceledError('recv'));
    this.#stop.abort();
    await this.#owned?.close();
    await Promise.all([this.#listening, this.#replies]);
  }
}
