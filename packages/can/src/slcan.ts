/** A bus behind a serial adapter that speaks the text of LAWICEL's CAN232, "slcan", over any stream; on every platform. */
import type { Duplex } from 'node:stream';
import { checkObject, checkString, wrongValue } from '@sockeye/addr/check';
import { CanBusError } from './bus-error.ts';
import { fdDlcToLength, fdLengthToDlc } from './fd.ts';
import type { CanFrame } from './frame.ts';
import { checkFlag, copyOf, type HubBusOptions } from './hub-bus.ts';
import { ext, formatId, std } from './id.ts';
import { checkStream, LineBus } from './line-bus.ts';

const CR = '\r';
const BEL = '\x07';
const ENDS = new RegExp(`[${CR}${BEL}]`);

/** Bits a second, by the number of the command S. */
const BITRATES = [10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000];
/** The same of the data phase, by the number of the command Y of adapters with CAN FD. */
const DATA_BITRATES: ReadonlyMap<number, number> = new Map([
  [2_000_000, 2],
  [5_000_000, 5],
]);

export interface SlcanOptions extends HubBusOptions {
  /** Bits a second: 10,000 to 1,000,000, the nine that the adapter knows; left as it is unless given. */
  readonly bitrate?: number | undefined;
  /** Two registers of an SJA1000 in hexadecimal, `011C`, in place of the bit rate. */
  readonly registers?: string | undefined;
  /** Whether the adapter speaks the extension for CAN FD (CANable 2). Default false. */
  readonly fd?: boolean | undefined;
  /** Bits a second of the data phase, 2,000,000 or 5,000,000, where it does. */
  readonly dataBitrate?: number | undefined;
  /** Only listen: the adapter acknowledges nothing, and sends nothing. Default false. */
  readonly listenOnly?: boolean | undefined;
}

/**
 * A bus over a serial line: the stream is the caller's, such as a port of `serialport`, a pseudo-terminal or a TCP connection, and
 * ended when the bus is closed. Frames with FD's error state, and raw data length codes, cannot be said in it.
 */
export class SlcanBus extends LineBus {
  #refused = 0;

  private constructor(stream: Duplex, options: SlcanOptions, fd: boolean) {
    super(stream, ENDS, 'slcan', { fd, xl: false, confirms: false }, options);
  }

  /**
   * Sets the adapter's bit rate and opens its channel. What it says to that is not waited for, since many say nothing.
   * @throws ERR_INVALID_ARG_VALUE for a bit rate that it has no command for, ERR_INVALID_ARG_TYPE for what is no stream.
   */
  static async open(stream: Duplex, options: SlcanOptions = {}): Promise<SlcanBus> {
    checkStream(stream);
    checkObject('options', options);
    const { bitrate, registers, fd = false, dataBitrate, listenOnly = false } = options;
    const commands = ['C'];
    if (bitrate !== undefined) {
      const number = BITRATES.indexOf(bitrate);
      if (number < 0) throw wrongValue('bitrate', `one of ${BITRATES.join(', ')}`, bitrate);
      if (registers !== undefined) throw wrongValue('registers', 'left out beside `bitrate`', registers);
      commands.push(`S${number}`);
    }
    if (registers !== undefined) {
      if (!/^[0-9A-Fa-f]{4}$/.test(checkString('registers', registers))) {
        throw wrongValue('registers', 'four hexadecimal digits', registers);
      }
      commands.push(`s${registers}`);
    }
    if (dataBitrate !== undefined) {
      const number = DATA_BITRATES.get(dataBitrate);
      if (number === undefined || !fd) {
        throw wrongValue(
          'dataBitrate',
          `one of ${[...DATA_BITRATES.keys()].join(', ')}, with \`fd\``,
          dataBitrate,
        );
      }
      commands.push(`Y${number}`);
    }
    commands.push(checkFlag('listenOnly', listenOnly) ? 'L' : 'O');
    const bus = new SlcanBus(stream, options, checkFlag('fd', fd));
    for (const command of commands) await bus.write(`${command}\r`);
    return bus;
  }

  /** Commands and frames that the adapter has refused (BEL). */
  get refused(): number {
    return this.#refused;
  }

  protected override line(text: string): boolean {
    if (text.endsWith(BEL)) {
      this.#refused += 1;
      return true;
    }
    const line = text.slice(0, -1);
    const frame = parseSlcan(line);
    if (frame !== undefined) this.arrived(frame, 'rx');
    // What it answers to commands, and commands of a peer that is a host, too.
    return frame !== undefined || /^([zZ]?|[CSOLMmsYFVNXUWQAP][0-9A-Fa-f]*)$/.test(line);
  }

  protected override text(frame: CanFrame): string {
    return `${formatSlcan(frame)}\r`;
  }

  protected override farewell(): string {
    return 'C\r';
  }
}

const hex = (data: Uint8Array): string => {
  let text = '';
  for (const byte of data) text += byte.toString(16).toUpperCase().padStart(2, '0');
  return text;
};

/**
 * A frame as a line, without its end: `t1234DEADBEEF`.
 * @throws CanBusError EINVAL for error frames and XL frames, which have no line.
 */
export function formatSlcan(frame: CanFrame): string {
  if (frame.error || frame.xl)
    throw new CanBusError('EINVAL', 'send EINVAL: slcan has no error frames and no XL frames');
  const letter = frame.fd ? (frame.bitRateSwitch ? 'b' : 'd') : frame.remote ? 'r' : 't';
  const kind = frame.id.extended ? letter.toUpperCase() : letter;
  if (!frame.fd) return `${kind}${formatId(frame.id)}${frame.length}${hex(frame.data)}`;
  const dlc = fdLengthToDlc(frame.data.length);
  // A length that no code has is filled up, as a controller does.
  const data = hex(frame.data).padEnd(2 * fdDlcToLength(dlc), '0');
  return `${kind}${formatId(frame.id)}${dlc.toString(16).toUpperCase()}${data}`;
}

const LINE = /^(?:([trdb])([0-7][0-9A-F]{2})|([TRDB])([01][0-9A-F]{7}))([0-9A-F])((?:[0-9A-F]{2})*)$/i;
const STAMP = 4;

/** The frame in a line, with or without the adapter's time stamp behind; undefined where it is none. */
export function parseSlcan(line: string): CanFrame | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, short, shortId, long, longId, code = '', rest = ''] = match;
  // The letter's case says which identifier it is; that of the digits says nothing.
  const letter = short ?? long ?? '';
  if ((short !== undefined) !== (letter === letter.toLowerCase())) return undefined;
  const id =
    shortId !== undefined ? std(Number.parseInt(shortId, 16)) : ext(Number.parseInt(longId ?? '', 16));
  const kind = letter.toLowerCase();
  const fd = kind === 'd' || kind === 'b';
  const dlc = Number.parseInt(code, 16);
  if (!fd && dlc > 8) return undefined;
  const length = fd ? fdDlcToLength(dlc) : dlc;
  const digits = kind === 'r' ? 0 : 2 * length;
  if (rest.length !== digits && rest.length !== digits + STAMP) return undefined;
  const data = Uint8Array.from({ length: digits / 2 }, (_, n) =>
    Number.parseInt(rest.slice(2 * n, 2 * n + 2), 16),
  );
  if (fd) return copyOf({ fd: true, id, bitRateSwitch: kind === 'b', data });
  return copyOf({ id, remote: kind === 'r', length, data });
}
