/** A bus behind `socketcand`, which serves the CAN interfaces of another machine over TCP; on every platform. */
import type { Duplex } from 'node:stream';
import { checkObject, checkString, wrongValue } from '@sockeye/addr/check';
import type { CanWaitOptions } from './bus.ts';
import { abortError, CanBusError, timeoutError } from './bus-error.ts';
import type { CanFrame } from './frame.ts';
import { copyOf, type HubBusOptions } from './hub-bus.ts';
import { ext, formatId, std } from './id.ts';
import { checkStream, LineBus } from './line-bus.ts';

export interface SocketcandOptions extends HubBusOptions, CanWaitOptions {}

/** Milliseconds for what the server answers, unless something else is said. */
const PATIENCE = 10_000;

/** Its raw mode: data frames of classic CAN, without remote requests. */
export class SocketcandBus extends LineBus {
  #answer: ((line: string) => void) | undefined;

  private constructor(stream: Duplex, bus: string, options: SocketcandOptions) {
    super(stream, />/, `socketcand:${bus}`, { fd: false, xl: false, confirms: false }, options);
  }

  /**
   * Greets, opens the interface and its raw mode. The stream is the caller's, a connection to port 29536 of the server, and ended
   * when the bus is closed.
   * @param bus the interface there, `can0`
   * @throws ERR_SOCKET_TIMEOUT when the server is silent for `timeout` ms (10,000 unless given), ABORT_ERR, ENODEV when it refuses
   * the interface, ECONNRESET
   */
  static async open(stream: Duplex, bus: string, options: SocketcandOptions = {}): Promise<SocketcandBus> {
    checkStream(stream);
    checkObject('options', options);
    if (!/^[^\s<>/]{1,15}$/.test(checkString('bus', bus)))
      throw wrongValue('bus', 'the name of an interface', bus);
    const opened = new SocketcandBus(stream, bus, options);
    try {
      await opened.#greet(bus, options);
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  async #greet(bus: string, { timeout = PATIENCE, signal }: CanWaitOptions): Promise<void> {
    const end = performance.now() + timeout;
    for (const [command, wanted] of [
      ['', 'hi'],
      [`< open ${bus} >`, 'ok'],
      ['< rawmode >', 'ok'],
    ] as const) {
      const answered = this.#next(Math.max(0, end - performance.now()), signal);
      // It is looked at below; should writing fail before, nobody else does.
      answered.catch(() => {});
      if (command !== '') await this.write(command);
      const answer = await answered;
      if (answer !== wanted) {
        throw new CanBusError('ENODEV', `open ENODEV: socketcand says '${answer}' to '${command}'`);
      }
    }
  }

  /** What the server says next that is no frame. */
  #next(timeout: number, signal: AbortSignal | undefined): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        this.#answer = undefined;
        this.#broken = undefined;
      };
      const fail = (error: Error): void => {
        settle();
        reject(error);
      };
      const aborted = (): void => fail(abortError(signal as AbortSignal));
      const timer = setTimeout(() => fail(timeoutError('open')), timeout);
      signal?.addEventListener('abort', aborted);
      this.#broken = fail;
      this.#answer = (line) => {
        settle();
        resolve(line);
      };
      if (signal?.aborted) aborted();
    });
  }
  #broken: ((error: Error) => void) | undefined;

  protected override failed(error: Error): void {
    if (this.#broken === undefined) super.failed(error);
    else this.#broken(error);
  }

  protected override line(text: string): boolean {
    const words = text.trim().replace(/^<\s*|\s*>$/g, '');
    const frame = parseSocketcand(words);
    if (frame !== undefined) {
      this.arrived(frame.frame, 'rx', frame.timestampNs);
      return true;
    }
    this.#answer?.(words);
    // Errors of the bus come as words in this mode; there is nothing in them that an error frame says.
    return /^(hi|ok|echo|error .*)$/.test(words);
  }

  protected override text(frame: CanFrame): string {
    return formatSocketcand(frame);
  }

  protected override farewell(): string {
    return '';
  }
}

/** @throws CanBusError EINVAL for what the protocol has no words for. */
export function formatSocketcand(frame: CanFrame): string {
  if (frame.error || frame.xl || frame.fd || frame.remote) {
    throw new CanBusError(
      'EINVAL',
      'send EINVAL: socketcand has no words for other than classic data frames',
    );
  }
  const bytes = Array.from(frame.data, (byte) => ` ${byte.toString(16).toUpperCase().padStart(2, '0')}`);
  return `< send ${formatId(frame.id)} ${frame.length}${bytes.join('')} >`;
}

const FRAME = /^frame ([0-7][0-9A-F]{2}|[01][0-9A-F]{7}) (\d{1,12})\.(\d{1,9}) ?((?: ?[0-9A-F]{2}){0,8})$/i;

/** The frame and its time in what stands between `<` and `>`; undefined where it is none. */
export function parseSocketcand(words: string): { frame: CanFrame; timestampNs: bigint } | undefined {
  const match = FRAME.exec(words);
  if (match === null) return undefined;
  const [, digits = '', seconds = '', fraction = '', bytes = ''] = match;
  const value = Number.parseInt(digits, 16);
  const data = Uint8Array.from(bytes.match(/[0-9A-F]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));
  return {
    frame: copyOf({ id: digits.length === 3 ? std(value) : ext(value), data }),
    timestampNs: BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0')),
  };
}
