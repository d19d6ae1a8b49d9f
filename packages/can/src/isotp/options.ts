/** What an ISO-TP connection is opened with, checked; both implementations are made of the outcome. */
import { checkInteger, checkObject, outOfRange, wrongType, wrongValue } from '@sockeye/addr/check';
import { type CanId, sameId, toCanId } from '../id.ts';
import { encodeStMin, type Layout, LONGEST, type PaddingCheck, paddedLength } from './pci.ts';

/** Times of ISO 15765-2, in milliseconds; the implementation of our own only, the kernel's are built in. */
export interface IsoTpTimeouts {
  /** N_As and N_Ar: for a frame to be taken by the bus. Default 1,000. */
  readonly frame?: number | undefined;
  /** N_Bs: for the receiver's flow control to come. Default 1,000. */
  readonly flowControl?: number | undefined;
  /** N_Cr: for the sender's next frame to come. Default 1,000. */
  readonly consecutive?: number | undefined;
}

/** Options of `IsoTp.open`; names of linux/can/isotp.h and ISO 15765-2 are said with each. Times are milliseconds. */
export interface IsoTpOptions {
  /** Id of the frames to send: a standard one as a number, or `std(…)`, `ext(…)`. */
  readonly tx: CanId | number;
  /** Id of the frames to receive. It may be left out where nothing is received: `functional`, `noFlowControl`. */
  readonly rx?: CanId | number | undefined;
  /**
   * `kernel`: can-isotp or nothing. `own`: ISO 15765-2 here, over raw frames. Left out: the kernel's where a name is given and the
   * kernel has it, else our own.
   */
  readonly implementation?: 'kernel' | 'own' | undefined;
  /**
   * The byte in front of every frame that is sent: N_TA of extended, N_AE of mixed addressing (EXTEND_ADDR). Left out: normal
   * addressing.
   */
  readonly address?: number | undefined;
  /** The byte in front of every frame that is received (RX_EXT_ADDR). Left out: that of `address`. */
  readonly rxAddress?: number | undefined;
  /** Functional addressing, one to many: single frames only, and nothing is received (SF_BROADCAST). */
  readonly functional?: boolean | undefined;
  /** Long messages to many, without asking for flow control; nothing is received (CF_BROADCAST). */
  readonly noFlowControl?: boolean | undefined;
  /** Fills frames up with this byte (TX_PADDING). Left out: they are as short as can be. */
  readonly padding?: number | undefined;
  /** What received frames are to be filled up with (RX_PADDING); takes effect by `checkPadding`. */
  readonly rxPadding?: number | undefined;
  /** Refuses received frames by their length, or by their padding (CHK_PAD_LEN, CHK_PAD_DATA). */
  readonly checkPadding?: 'length' | 'content' | 'both' | undefined;
  /** Frames that a sender may send before it waits for our flow control, BS. Default 0: all. */
  readonly blockSize?: number | undefined;
  /** Least time between frames that we ask a sender for, STmin: 0 to 127, or 0.1 to 0.9. Default 0. */
  readonly stMin?: number | undefined;
  /**
   * How often we say "wait" in a row when there is no room, WFTmax, 0 to 255. Default 0: a message without room is refused. The kernel
   * takes it, and never says "wait".
   */
  readonly maxWaits?: number | undefined;
  /** Time between our frames, whatever the receiver asks for (FORCE_TXSTMIN). */
  readonly forceTxStMin?: number | undefined;
  /** Frames that follow their predecessor sooner are ignored (FORCE_RXSTMIN). */
  readonly forceRxStMin?: number | undefined;
  /** Added to the time between our frames, N_As (frame_txtime). Default: the kernel's 0.05, and 0 in our own. */
  readonly frameTxTime?: number | undefined;
  /** Receives nothing while sending, and sends no flow control while that is awaited (HALF_DUPLEX). */
  readonly halfDuplex?: boolean | undefined;
  /** Listens to somebody else's exchange: sends no flow control (LISTEN_MODE). */
  readonly listen?: boolean | undefined;
  /** Takes block size and STmin from each flow control, not from a message's first (DYN_FC_PARMS, newer kernels than 6.1). */
  readonly dynamicFlowControl?: boolean | undefined;
  /**
   * Has send(2) itself wait for the end of the transmission (WAIT_TX_DONE). It blocks this thread, also where it should not; `send`
   * knows of the end without. The kernel's only.
   */
  readonly waitTxDone?: boolean | undefined;
  /** CAN FD frames (LL_OPTS), sent and received; classic ones are not received then. Default false. */
  readonly fd?: boolean | undefined;
  /** The longest frame to send: 8, 12, 16, 20, 24, 32, 48 or 64. Default 64 with `fd`, else 8, which is all there is. */
  readonly txDl?: number | undefined;
  /** Sends the data of FD frames at the second bit rate (tx_flags). */
  readonly bitRateSwitch?: boolean | undefined;
  /** Our own only. */
  readonly timeouts?: IsoTpTimeouts | undefined;
  /** How often in a row a receiver may say "wait" to us, 0 to 65,535. Default 255. Our own only. */
  readonly waitLimit?: number | undefined;
  /** The longest message to receive; longer ones are refused. Default 1 MiB. Our own only. */
  readonly maxLength?: number | undefined;
  /** Bytes of messages that wait for `recv`, beyond which none is taken. Default 4 MiB, at least `maxLength`. Our own only. */
  readonly maxQueued?: number | undefined;
}

/** Options that the kernel has nothing for. */
const OWN_ONLY = ['timeouts', 'waitLimit', 'maxLength', 'maxQueued'] as const;

/** What the options come to. */
export interface Settings {
  readonly tx: CanId;
  readonly rx: CanId | undefined;
  readonly layout: Layout;
  readonly rxAddress: number | undefined;
  readonly functional: boolean;
  readonly noFlowControl: boolean;
  readonly rxPadding: number | undefined;
  readonly check: PaddingCheck;
  readonly blockSize: number;
  readonly stMin: number;
  readonly maxWaits: number;
  readonly forceTxStMin: number | undefined;
  readonly forceRxStMin: number | undefined;
  readonly frameTxTime: number | undefined;
  readonly halfDuplex: boolean;
  readonly listen: boolean;
  readonly dynamicFlowControl: boolean;
  readonly waitTxDone: boolean;
  readonly fd: boolean;
  readonly bitRateSwitch: boolean;
  readonly timeouts: { readonly frame: number; readonly flowControl: number; readonly consecutive: number };
  readonly waitLimit: number;
  readonly maxLength: number;
  readonly maxQueued: number;
  /** The first option given that the kernel has nothing for. */
  readonly ownOnly: string | undefined;
}

/** A u32 of nanoseconds, in milliseconds: what linux/can/isotp.h has for times; its greatest value means something else. */
const LONGEST_GAP = 4294;
const LONGEST_TIMEOUT = 2 ** 31 - 1;

const byte = (name: string, value: number | undefined): number | undefined =>
  value === undefined ? undefined : checkInteger(name, value, 0, 255);

function flag(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value === true;
}

function milliseconds(
  name: string,
  value: number | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number') throw wrongType(name, 'a number', value);
  if (!(value >= least && value <= most))
    throw outOfRange(name, `milliseconds from ${least} to ${most}`, value);
  return value;
}

/**
 * Checks options.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE, naming the option
 */
export function settingsOf(options: IsoTpOptions): Settings {
  checkObject('options', options);
  const functional = flag('functional', options.functional);
  const noFlowControl = flag('noFlowControl', options.noFlowControl);
  if (functional && noFlowControl)
    throw wrongValue('noFlowControl', 'left out with functional: those are single frames', true);
  const [tx, rx] = ids(options, functional || noFlowControl);
  const fd = flag('fd', options.fd);
  const address = byte('address', options.address);
  const padding = byte('padding', options.padding);
  const rxPadding = byte('rxPadding', options.rxPadding);
  const rxAddress = byte('rxAddress', options.rxAddress);
  if (rxAddress !== undefined && address === undefined) {
    throw wrongValue(
      'rxAddress',
      'left out without address: both directions have such a byte, or none',
      rxAddress,
    );
  }
  const bitRateSwitch = flag('bitRateSwitch', options.bitRateSwitch);
  if (bitRateSwitch && !fd)
    throw wrongValue('bitRateSwitch', 'left out without fd: classic frames have one bit rate', true);
  const maxLength = checkInteger('maxLength', options.maxLength ?? 2 ** 20, 1, LONGEST);
  const maxQueued = checkInteger(
    'maxQueued',
    options.maxQueued ?? Math.max(2 ** 22, maxLength),
    maxLength,
    Number.MAX_SAFE_INTEGER,
  );
  return {
    tx,
    rx,
    layout: { address, txDl: txDlOf(options.txDl, fd), padding },
    rxAddress: rxAddress ?? address,
    functional,
    noFlowControl,
    rxPadding,
    check: checkOf(options.checkPadding, rxPadding),
    blockSize: checkInteger('blockSize', options.blockSize ?? 0, 0, 255),
    stMin: stMinOf(options.stMin ?? 0),
    maxWaits: checkInteger('maxWaits', options.maxWaits ?? 0, 0, 255),
    forceTxStMin: milliseconds('forceTxStMin', options.forceTxStMin, 0, LONGEST_GAP),
    forceRxStMin: milliseconds('forceRxStMin', options.forceRxStMin, 0, LONGEST_GAP),
    frameTxTime: milliseconds('frameTxTime', options.frameTxTime, 0, LONGEST_GAP),
    halfDuplex: flag('halfDuplex', options.halfDuplex),
    listen: flag('listen', options.listen),
    dynamicFlowControl: flag('dynamicFlowControl', options.dynamicFlowControl),
    waitTxDone: flag('waitTxDone', options.waitTxDone),
    fd,
    bitRateSwitch,
    timeouts: timeoutsOf(options.timeouts),
    waitLimit: checkInteger('waitLimit', options.waitLimit ?? 255, 0, 65_535),
    maxLength,
    maxQueued,
    ownOnly: OWN_ONLY.find((name) => options[name] !== undefined),
  };
}

function ids(
  { tx: sends, rx: receives }: IsoTpOptions,
  needless: boolean,
): [tx: CanId, rx: CanId | undefined] {
  const tx = toCanId('tx', sends);
  if (receives === undefined) {
    if (!needless) throw wrongType('rx', 'a CanId or a number: the id of the frames to receive', receives);
    return [tx, undefined];
  }
  const rx = toCanId('rx', receives);
  if (sameId(tx, rx))
    throw wrongValue('rx', 'another id than tx: both ends would take their own frames', rx.value);
  return [tx, rx];
}

function txDlOf(txDl: number | undefined, fd: boolean): number {
  if (txDl === undefined) return fd ? 64 : 8;
  checkInteger('txDl', txDl, 8, 64);
  if (paddedLength(txDl) !== txDl) throw outOfRange('txDl', '8, 12, 16, 20, 24, 32, 48 or 64', txDl);
  if (txDl > 8 && !fd) throw wrongValue('txDl', '8 without fd', txDl);
  return txDl;
}

function stMinOf(value: number): number {
  if (typeof value !== 'number') throw wrongType('stMin', 'a number', value);
  return encodeStMin('stMin', value);
}

function checkOf(which: IsoTpOptions['checkPadding'], padding: number | undefined): PaddingCheck {
  if (which !== undefined && which !== 'length' && which !== 'content' && which !== 'both') {
    throw wrongValue('checkPadding', "'length', 'content' or 'both'", which);
  }
  if ((which === 'content' || which === 'both') && padding === undefined) {
    throw wrongValue(
      'checkPadding',
      "'length' without rxPadding: there is no content to compare with",
      which,
    );
  }
  return {
    length: which === 'length' || which === 'both',
    content: which === 'content' || which === 'both',
    padding,
  };
}

function timeoutsOf(timeouts: IsoTpTimeouts | undefined): Settings['timeouts'] {
  if (timeouts !== undefined) checkObject('timeouts', timeouts);
  const one = (name: keyof IsoTpTimeouts): number =>
    milliseconds(`timeouts.${name}`, timeouts?.[name], 1, LONGEST_TIMEOUT) ?? 1000;
  return { frame: one('frame'), flowControl: one('flowControl'), consecutive: one('consecutive') };
}
