/** What the broadcast manager's calls take and give, whichever of the two runs; and the checks of it. Pure. */
import {
  checkBytes,
  checkInteger,
  checkObject,
  outOfRange,
  wrongType,
  wrongValue,
} from '@sockeye/addr/check';
import { BCM_MAX_FRAMES, type BcmFrame, type BcmFrameFields, checkBcmFrame } from '../bcm-message.ts';
import type { CanBus } from '../bus.ts';
import { decodeFdFrame } from '../fd.ts';
import { decodeClassicFrame, encodeFrame } from '../frame.ts';
import { type CanId, encodeCanId, toCanId } from '../id.ts';
import { CAN_MAX_DLEN, CANFD_MAX_DLEN, CANFD_MTU } from '../layout.ts';

/** What timers need of a bus. */
export type BroadcastBus = Pick<CanBus, 'send' | 'frames'>;

/** Who does the work: the kernel's broadcast manager, or timers of this process. */
export type BroadcastBy = 'kernel' | 'timer';

/** When the frames of a job are sent. Times are milliseconds, to a microsecond; one of the two must be given. */
export interface CyclicTiming {
  /** From frame to frame; after `first`, where that is given. Without it the job is done after `first`. */
  readonly every?: number | undefined;
  /** So many frames at the beginning, at an interval of their own. */
  readonly first?: { readonly count: number; readonly every: number } | undefined;
  /**
   * Intervals below this are refused; 1 unless given. The kernel takes a microsecond too, and then does little else: a classic
   * frame with 8 bytes takes a bus of 500 kbit/s a quarter of a millisecond.
   */
  readonly least?: number | undefined;
}

/** What a job sends from now on: data alone leave the rest of each frame as it is. */
export type CyclicContent = Uint8Array | BcmFrameFields | readonly (Uint8Array | BcmFrameFields)[];

export interface CyclicUpdate {
  /** Send a frame at once, beside those of the cycle. Default false. */
  readonly announce?: boolean | undefined;
  /** Go on with the first frame of the sequence. Default false. */
  readonly fromFirst?: boolean | undefined;
}

export interface CyclicRetiming {
  /**
   * Begin anew, with a frame now. Default false: the frame that is due comes when it would have come, and the new timing
   * is that of those after it.
   */
  readonly restart?: boolean | undefined;
}

/** How a job stands. */
export interface CyclicStatus {
  readonly by: BroadcastBy;
  readonly frames: readonly BcmFrame[];
  /** Milliseconds; undefined for none. */
  readonly every: number | undefined;
  /** `count` is what is left of it. */
  readonly first: { readonly count: number; readonly every: number } | undefined;
  /** How often a frame was due and could not be sent, by timers; undefined of the kernel, which does not say. */
  readonly missed: number | undefined;
}

/** A job, or an answer, until it is stopped. */
export interface Broadcast extends Disposable, AsyncDisposable {
  readonly by: BroadcastBy;
  readonly stopped: boolean;
  /**
   * Settles when nothing is sent any more, and never rejects: undefined when it was stopped, the error where something else
   * ended it, such as ENODEV for an interface that vanished.
   */
  readonly ended: Promise<Error | undefined>;
  /** Ends it; twice is fine. */
  stop(): void;
  /** Has it keep the process alive, as it does from the beginning. */
  ref(): this;
  /** Lets the process end although it runs. */
  unref(): this;
}

/** A cyclic transmission. */
export interface CyclicJob extends Broadcast {
  /** What is sent, in turn. */
  readonly frames: readonly BcmFrame[];
  /**
   * Changes what is sent, and not when.
   *
   * @param content as many frames as there are, or fewer; then the sequence begins anew, and no more than these can follow
   * @throws ERR_OUT_OF_RANGE for more frames, ERR_INVALID_ARG_VALUE for FD frames in a classic job and the other way
   * round; what `encodeFrame` throws; SocketError EBADF when it has ended
   */
  update(content: CyclicContent, options?: CyclicUpdate): void;
  /** Changes when it is sent, and not what. Throws as `cyclic` does, and SocketError EBADF. */
  retime(timing: CyclicTiming, options?: CyclicRetiming): void;
  /** How it stands. */
  status(): CyclicStatus;
  /**
   * Waits until the frames of `first` are sent; at once where they are, or there are none.
   * @throws SocketError ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED when the job ends meanwhile
   */
  counted(options?: { timeout?: number | undefined; signal?: AbortSignal | undefined }): Promise<void>;
}

/** An answer to remote requests. */
export interface RemoteAnswer extends Broadcast {
  readonly frame: BcmFrame;
  /** Changes what is answered. */
  update(content: Uint8Array | BcmFrameFields): void;
}

/** What to be told of frames with one identifier. Times are milliseconds, to a microsecond. */
export interface WatchOptions {
  /**
   * Content is looked at where this has bits set, and a frame is told when it differs there from the one before. Shorter than
   * the data: the rest does not matter. Left out: every frame is told.
   */
  readonly mask?: Uint8Array | undefined;
  /** Messages that share the identifier and are told apart by some bits of their own. In place of `mask`. */
  readonly multiplex?: Multiplex | undefined;
  /** Beside `mask` or `multiplex`: another length is a change too. Default false. */
  readonly checkLength?: boolean | undefined;
  /** At most one frame in this time; what changed meanwhile is told at its end, as it was last. */
  readonly throttle?: number | undefined;
  /** Tell when no frame came for so long, changed or not. */
  readonly absentAfter?: number | undefined;
  /** The time of `absentAfter` begins with the call, and not with the first frame. Default true. */
  readonly absentAtStart?: boolean | undefined;
  /** The time of `absentAfter` begins anew with each frame; without, with `rearm()` alone. Default true. */
  readonly autoTimer?: boolean | undefined;
  /** The first frame after an absence is told though it has not changed. Default true. */
  readonly announceResume?: boolean | undefined;
  /** FD frames instead of classic ones. Default false. */
  readonly fd?: boolean | undefined;
  /** Remote requests instead of data frames. Default false. */
  readonly remote?: boolean | undefined;
  /** Aborting ends the iteration with an AbortError. */
  readonly signal?: AbortSignal | undefined;
}

export interface Multiplex {
  /** The bits that tell the messages apart, in the first 8 bytes. */
  readonly mask: Uint8Array;
  /**
   * Each message: what it has in those bits, and where its content is looked at, as in `mask` of {@link WatchOptions}; left out,
   * everywhere. Of those that fit a frame the first counts; a frame that none fits is told to nobody.
   */
  readonly messages: readonly { readonly value: Uint8Array; readonly mask?: Uint8Array | undefined }[];
}

/** A frame is there that is to be told. */
export interface WatchChanged {
  readonly type: 'changed';
  readonly frame: BcmFrame;
  /** Of multiplexed messages, which one. */
  readonly message: number | undefined;
  /** It is the first after `absent`. */
  readonly resumed: boolean;
  readonly ifindex: number;
  /** When it came: nanoseconds since 1970. */
  readonly timestampNs: bigint | undefined;
}

/**
 * What a watch tells. `absent`: no frame came for `absentAfter`. `down`: the interface went down; the watch stays, and hears
 * again when it is up. `overrun`: so many events were lost since nobody took them in time.
 */
export type WatchEvent =
  | WatchChanged
  | { readonly type: 'absent' }
  | { readonly type: 'down' }
  | { readonly type: 'overrun'; readonly lost: number };

/** Frames of one identifier, from the call on: `for await` over it, which closes it when it ends. */
export interface Watch extends AsyncIterableIterator<WatchEvent, undefined>, Disposable {
  readonly by: BroadcastBy;
  readonly closed: boolean;
  /** Begins the time of `absentAfter` anew, now. The next frame is told as if it were the first. Throws SocketError EBADF. */
  rearm(): void;
  /** How it stands. */
  status(): WatchStatus;
  /** Ends it and the iteration; what was not taken is gone. Twice is fine. */
  close(): void;
}

/** How a watch stands. Milliseconds; undefined for none. */
export interface WatchStatus {
  readonly by: BroadcastBy;
  readonly throttle: number | undefined;
  readonly absentAfter: number | undefined;
}

/** The broadcast manager of a bus. */
export interface BroadcastManager extends Disposable, AsyncDisposable {
  readonly by: BroadcastBy;
  readonly closed: boolean;
  /**
   * Sends a frame, or several in turn, again and again. The first goes at once. As many jobs as you like may have one identifier.
   *
   * @param frames at most 256, all classic or all FD
   * @throws ERR_OUT_OF_RANGE for more frames or none, an interval below `least`, a count that is none; ERR_INVALID_ARG_VALUE
   * for mixed frames or a timing without an interval; what `encodeFrame` throws; SocketError EINVAL for FD frames on an
   * interface that carries none, ENODEV
   */
  cyclic(frames: BcmFrameFields | readonly BcmFrameFields[], timing: CyclicTiming): Promise<CyclicJob>;
  /**
   * Tells of frames with this identifier, of what `options` say.
   * @throws ERR_OUT_OF_RANGE for a mask that is longer than data can be; ERR_INVALID_ARG_VALUE for what does not go together; SocketError
   */
  watch(id: CanId | number, options?: WatchOptions): Watch;
  /** Sends this frame whenever its identifier is asked for by a remote request. Throws ERR_INVALID_ARG_VALUE for a frame without data of its own: a remote or an FD one. */
  answer(frame: BcmFrameFields): RemoteAnswer;
  /** Ends all that it does; twice is fine. */
  close(): void;
}

/** The longest that timers of Node.js can wait, 24.8 days, in milliseconds. */
const LONGEST = 0x7fffffff;
const LEAST = 1;

/** Milliseconds as whole microseconds. */
function checkInterval(argument: string, value: unknown, least = 0): number {
  if (typeof value !== 'number') throw wrongType(argument, 'a number of milliseconds', value);
  const microseconds = Math.round(value * 1000);
  if (!(value <= LONGEST && microseconds >= 1)) {
    throw outOfRange(argument, `from 0.001 to ${LONGEST} milliseconds`, value);
  }
  if (value < least) throw outOfRange(argument, `at least ${least} ms (\`least\` allows less)`, value);
  return microseconds;
}

/** Microseconds as milliseconds; 0 is none. */
export const milliseconds = (microseconds: number): number | undefined =>
  microseconds === 0 ? undefined : microseconds / 1000;

/** A timing in microseconds; 0 for no interval. */
export interface TimingPlan {
  readonly count: number;
  readonly ival1: number;
  readonly ival2: number;
}

export function checkTiming(timing: CyclicTiming): TimingPlan {
  checkObject('timing', timing);
  const { every, first, least = LEAST } = timing;
  checkInterval('least', least);
  if (every === undefined && first === undefined) {
    throw wrongValue('timing', 'with `every` or `first`', timing);
  }
  const ival2 = every === undefined ? 0 : checkInterval('every', every, least);
  if (first === undefined) return { count: 0, ival1: 0, ival2 };
  checkObject('first', first);
  const count = checkInteger('first.count', first.count, 1, 0xffffffff);
  return { count, ival1: checkInterval('first.every', first.every, least), ival2 };
}

/** A frame as it will be sent: checked, and a copy. */
export function checkFrame(frame: BcmFrameFields): BcmFrame {
  checkBcmFrame(frame);
  const bytes = new Uint8Array(CANFD_MTU);
  encodeFrame(frame, bytes);
  return frame.fd === true ? decodeFdFrame(bytes) : decodeClassicFrame(bytes);
}

/** The frames of a job, copied. `most` is how many there may be; `fd` what they must be. */
export function checkFrames(
  given: BcmFrameFields | readonly BcmFrameFields[],
  most: number = BCM_MAX_FRAMES,
  fd?: boolean,
): readonly BcmFrame[] {
  const list: readonly BcmFrameFields[] = Array.isArray(given) ? given : [given as BcmFrameFields];
  if (list.length === 0 || list.length > most) throw outOfRange('frames', `1 to ${most} frames`, list.length);
  const frames = list.map(checkFrame);
  const kind = fd ?? frames[0]!.fd;
  const stray = frames.find((frame) => frame.fd !== kind);
  if (stray !== undefined) {
    throw wrongValue(
      'frames',
      kind ? 'all FD frames: one job is of one kind' : 'all classic frames: one job is of one kind',
      stray,
    );
  }
  return frames;
}

/** The frame of an answer. */
export function checkAnswer(given: BcmFrameFields): BcmFrame {
  checkObject('frame', given);
  const frame = checkFrame(given);
  if (frame.fd) throw wrongValue('frame', 'a classic frame: CAN FD has no remote requests', given);
  if (frame.remote) throw wrongValue('frame', 'a data frame: it is what a remote request gets', given);
  return frame;
}

/** The frames that an update makes of those that there are. */
export function checkContent(content: CyclicContent, now: readonly BcmFrame[]): readonly BcmFrame[] {
  const list: readonly (Uint8Array | BcmFrameFields)[] = Array.isArray(content)
    ? content
    : [content as Uint8Array | BcmFrameFields];
  if (list.length === 0 || list.length > now.length) {
    throw outOfRange('content', `1 to ${now.length} frames: a job does not grow`, list.length);
  }
  const frames = list.map((one, index): BcmFrameFields => {
    checkObject('content', one);
    return ArrayBuffer.isView(one)
      ? withData(now[index]!, checkBytes('content', one))
      : (one as BcmFrameFields);
  });
  return checkFrames(frames, now.length, now[0]!.fd);
}

/** The same frame with other data. */
export function withData(frame: BcmFrame, data: Uint8Array): BcmFrameFields {
  if (frame.remote && data.length > 0) {
    throw wrongValue('content', 'a frame: the present one is a remote request, which has no data', data);
  }
  return frame.fd ? { ...frame, data } : { ...frame, data, length: undefined, len8Dlc: 0 };
}

/** The canid_t of a frame. */
export function canIdOf(frame: BcmFrame): number {
  return encodeCanId(frame.id, frame);
}

/** What of a message's content counts: `value` in the bits of the multiplexer, `mask` elsewhere. */
interface MessagePlan {
  readonly value: Uint8Array;
  readonly mask: Uint8Array;
}

/** {@link WatchOptions} as they are carried out. Masks are as long as data can be; times are microseconds, 0 for none. */
export interface WatchPlan {
  readonly canId: number;
  readonly fd: boolean;
  /** Undefined: every frame is told. */
  readonly mask: Uint8Array | undefined;
  readonly multiplex: { readonly mask: Uint8Array; readonly messages: readonly MessagePlan[] } | undefined;
  readonly checkLength: boolean;
  readonly throttle: number;
  readonly absentAfter: number;
  readonly absentAtStart: boolean;
  readonly autoTimer: boolean;
  readonly announceResume: boolean;
}

/** The kernel tells messages apart by the first 64 bits, in FD frames too. */
const MULTIPLEXER = 8;

export function checkWatch(id: CanId | number, options: WatchOptions = {}): WatchPlan {
  checkObject('options', options);
  const flag = (name: keyof WatchOptions, unless: boolean): boolean => {
    const value = options[name] ?? unless;
    if (typeof value !== 'boolean') throw wrongType(name, 'true or false', value);
    return value;
  };
  const fd = flag('fd', false);
  const remote = flag('remote', false);
  const { mask, multiplex, throttle, absentAfter } = options;
  if (fd && remote) throw wrongValue('remote', 'false with `fd`: CAN FD has no remote frames', remote);
  if (remote && (mask !== undefined || multiplex !== undefined)) {
    throw wrongValue(
      mask === undefined ? 'multiplex' : 'mask',
      'undefined with `remote`: those frames have no data',
      mask ?? multiplex,
    );
  }
  if (mask !== undefined && multiplex !== undefined) {
    throw wrongValue('mask', 'undefined with `multiplex`, whose messages have their own', mask);
  }
  const most = fd ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
  const autoTimer = flag('autoTimer', true);
  return {
    canId: encodeCanId(toCanId('id', id), { remote }),
    fd,
    mask: mask === undefined ? undefined : padded('mask', mask, most, most),
    multiplex: multiplex === undefined ? undefined : checkMultiplex(multiplex, most),
    checkLength: flag('checkLength', false),
    throttle: throttle === undefined ? 0 : checkInterval('throttle', throttle),
    absentAfter: absentAfter === undefined ? 0 : checkInterval('absentAfter', absentAfter),
    absentAtStart: flag('absentAtStart', true),
    autoTimer,
    announceResume: flag('announceResume', true),
  };
}

function checkMultiplex(multiplex: Multiplex, most: number): NonNullable<WatchPlan['multiplex']> {
  checkObject('multiplex', multiplex);
  const mask = padded('multiplex.mask', multiplex.mask, MULTIPLEXER, most);
  const { messages } = multiplex;
  if (!Array.isArray(messages)) throw wrongType('multiplex.messages', 'an array', messages);
  if (messages.length === 0 || messages.length > BCM_MAX_FRAMES) {
    throw outOfRange('multiplex.messages', `1 to ${BCM_MAX_FRAMES} messages`, messages.length);
  }
  return {
    mask,
    messages: messages.map((message: Multiplex['messages'][number], index): MessagePlan => {
      const name = `multiplex.messages[${index}]`;
      checkObject(name, message);
      const value = padded(`${name}.value`, message.value, MULTIPLEXER, most);
      if (value.some((byte, at) => (byte & ~mask[at]!) !== 0)) {
        throw wrongValue(`${name}.value`, 'within the bits of `multiplex.mask`', message.value);
      }
      const content =
        message.mask === undefined
          ? new Uint8Array(most).fill(0xff)
          : padded(`${name}.mask`, message.mask, most, most);
      return { value, mask: content.map((byte, at) => byte & ~mask[at]!) };
    }),
  };
}

/** A copy of `length` bytes, zeros behind what was given. */
function padded(argument: string, given: Uint8Array, most: number, length: number): Uint8Array {
  if (checkBytes(argument, given).length > most) {
    throw outOfRange(argument, `at most ${most} bytes`, given);
  }
  const bytes = new Uint8Array(length);
  bytes.set(given);
  return bytes;
}
