/** A controller application on a J1939 network: an address of its own, or one that it has claimed. */
import { type CanJ1939Address, canJ1939 } from '@sockeye/addr';
import {
  checkBytes,
  checkInteger,
  checkObject,
  checkUint,
  outOfRange,
  wrongType,
  wrongValue,
} from '@sockeye/addr/check';
import { ifNameToIndex, platform, SocketError, type WaitOptions } from '@sockeye/core';
import { refuseAnswer } from './acknowledgement.ts';
import { changesOf } from './changes.ts';
import type { ClaimState } from './claim.ts';
import { Claimer, type J1939Change } from './claimer.ts';
import { Lane, type LaneMessage } from './lane.ts';
import { aborted, Limit, untilAborted } from './limit.ts';
import { checkName, decodeName } from './name.ts';
import {
  BROADCAST,
  checkPgn,
  isPdu1,
  MAX_ADDRESS,
  MAX_ETP_SIZE,
  MAX_TP_SIZE,
  NULL_ADDRESS,
  PGN_ACKNOWLEDGEMENT,
  PGN_REQUEST,
  pgnToBytes,
} from './pgn.ts';
import { type J1939Message, J1939Messages, type J1939ReceiveOptions } from './receiver.ts';

/** What is to be sent. */
export interface J1939MessageFields {
  readonly pgn: number;
  /** The receiver: an address, or a NAME that has claimed one since the kernel listens; everybody unless given. */
  readonly to?: number | bigint | undefined;
  readonly data?: Uint8Array | undefined;
  /** 0, the most urgent, to 7; 6 unless given. 0 and 1 take CAP_NET_ADMIN. */
  readonly priority?: number | undefined;
}

export interface J1939SendOptions extends WaitOptions {
  /** Told how far a message of more than 8 bytes is. */
  readonly onProgress?: ((acknowledged: number, length: number) => void) | undefined;
}

export interface J1939OpenOptions {
  /** 0 to 253; who is left without one only listens. */
  readonly address?: number | undefined;
}

export interface J1939ClaimOptions extends WaitOptions {
  /** The 64-bit NAME: `encodeName` makes one. */
  readonly name: bigint;
  /** The address to claim first, 0 to 253. */
  readonly prefer: number;
  /**
   * Where else to try, first and last address. Unless given: 128 to 247 (SAE J1939-81, dynamic addresses) for a NAME that is
   * `arbitrary`, none for others.
   */
  readonly range?: readonly [first: number, last: number] | undefined;
  /** Go where a commanded-address message says. Default false. */
  readonly commanded?: boolean | undefined;
}

export interface J1939RequestOptions extends WaitOptions {
  /** Whom to ask: an address or a NAME; everybody unless given, and then the first answer is taken. */
  readonly to?: number | bigint | undefined;
}

/** Bytes up to which a message is one frame. */
const FRAME = 8;
/** Milliseconds: Tr (200) and T3 (1250) of SAE J1939-21, for an answer that may come in parts. */
const REQUEST_TIMEOUT = 1250;
function interfaceIndex(value: string | number): number {
  canJ1939({ ifindex: 0 }).toSockaddr(platform);
  if (typeof value === 'string') return ifNameToIndex(value);
  return checkInteger('interfaceNameOrIndex', value, 1, 0x7fffffff);
}

function checkPeer(value: number | bigint): number | bigint {
  if (typeof value === 'bigint') return checkName('to', value);
  const address: unknown = value;
  if (typeof address !== 'number') throw wrongType('to', 'an address, or a NAME (a bigint)', address);
  checkInteger('to', address, 0, BROADCAST);
  if (address === NULL_ADDRESS)
    throw wrongValue('to', '0 to 253, or 255 for everybody: 254 is nobody', address);
  return address;
}

/**
 * J1939 by the kernel (can-j1939, networking/j1939.rst): messages up to 1,785 bytes, or 117,440,505 to one receiver, which
 * the kernel sends in parts and puts together. No capability is needed, save for priorities 0 and 1. Linux.
 */
export class J1939 implements AsyncDisposable {
  readonly ifindex: number;
  /** The NAME that has claimed the address; undefined where none was claimed. */
  readonly name: bigint | undefined;
  readonly #fixed: number | undefined;
  #claimer: Claimer | undefined;
  readonly #lanes = new Map<string, Lane>();
  readonly #receivers = new Set<J1939Messages>();
  readonly #listeners = new Set<(change: J1939Change | undefined) => void>();
  #closing: Promise<void> | undefined;
  #referenced = true;

  private constructor(ifindex: number, name: bigint | undefined, address: number | undefined) {
    this.ifindex = ifindex;
    this.name = name;
    this.#fixed = address;
  }

  /**
   * With an address that is configured and not claimed; without one it can only listen.
   *
   * @param interfaceNameOrIndex one interface, which is up
   * @throws SocketError EAFNOSUPPORT or EPROTONOSUPPORT where the kernel has no can-j1939, ENODEV, ENETDOWN; ENOTSUP on other
   * systems than Linux; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
   */
  static open(interfaceNameOrIndex: string | number, options: J1939OpenOptions = {}): J1939 {
    checkObject('options', options);
    const { address } = options;
    if (address !== undefined) checkInteger('address', address, 0, MAX_ADDRESS);
    const ecu = new J1939(interfaceIndex(interfaceNameOrIndex), undefined, address);
    // What the kernel refuses is refused here.
    if (address !== undefined) ecu.#lanes.set('', new Lane(ecu.#local(), true));
    else new J1939Messages(ecu.#local(), ecu, {}, () => {}).return();
    return ecu;
  }

  /**
   * Claims an address by the procedure of SAE J1939-81, and defends it until it is closed: `prefer`, and where a lower NAME has that,
   * the next in `range`. It resolves when the address is claimed, a quarter of a second at least.
   *
   * @throws SocketError EADDRNOTAVAIL when lower NAMEs have all addresses, EADDRINUSE when another has the NAME;
   * ERR_SOCKET_TIMEOUT, ABORT_ERR; else as {@link open}
   */
  static async claim(interfaceNameOrIndex: string | number, options: J1939ClaimOptions): Promise<J1939> {
    checkObject('options', options);
    const { prefer, commanded = false, range } = options;
    const name = checkName('name', options.name);
    if (name === 0n) throw wrongValue('name', 'a NAME: 0 is none', name);
    checkInteger('prefer', prefer, 0, MAX_ADDRESS);
    if (typeof commanded !== 'boolean') throw wrongType('commanded', 'true or false', commanded);
    const addresses = [
      prefer,
      ...addressesOf(range ?? (decodeName(name).arbitrary ? [128, 247] : undefined)),
    ];
    const ecu = new J1939(interfaceIndex(interfaceNameOrIndex), name, undefined);
    const limit = new Limit(options, 'claim');
    try {
      const { ifindex } = ecu;
      const claimer = new Claimer({
        ifindex,
        name,
        addresses,
        commanded,
        changed: (change) => ecu.#tell(change),
        rebind: (local) => ecu.#rebind(local ?? ecu.#local()),
      });
      ecu.#claimer = claimer;
      await untilAborted(claimer.settled(), limit.signal);
      const { failure } = claimer;
      if (failure !== undefined) throw failure;
      return ecu;
    } catch (error) {
      await ecu.close();
      throw error;
    } finally {
      limit.end();
    }
  }

  /** The address that it has now; undefined when it has none. */
  get address(): number | undefined {
    const claimer = this.#claimer;
    if (claimer === undefined) return this.#fixed;
    return claimer.machine.state === 'claimed' ? claimer.machine.address : undefined;
  }

  /** Where the claim stands; undefined when the address was not claimed. */
  get state(): ClaimState | undefined {
    return this.#claimer?.machine.state;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Sends a message. It resolves when the receiver has acknowledged all of it, or, where nobody does (8 bytes and fewer, broadcasts),
   * when it is on the bus. Messages of more than 8 bytes to one receiver go one after the other; those to others do not
   * wait for them. What the kernel has begun to send goes on after `timeout` or `signal` have ended the wait.
   *
   * @throws J1939AbortError with the reason when the transfer ends early; SocketError EADDRNOTAVAIL without an address, or for a
   * NAME that nobody has claimed; EPERM for priorities 0 and 1, ENETDOWN, ENOBUFS, ERR_SOCKET_TIMEOUT, ABORT_ERR; ERR_INVALID_ARG_TYPE,
   * ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE
   */
  async send(message: J1939MessageFields, options: J1939SendOptions = {}): Promise<void> {
    checkObject('message', message);
    checkObject('options', options);
    const { onProgress } = options;
    const pgn = checkPgn('pgn', message.pgn);
    const to = checkPeer(message.to ?? BROADCAST);
    const priority = checkUint('priority', message.priority ?? 6, 3);
    // A copy: it may be sent when the caller has changed his own.
    const data = checkBytes('data', message.data ?? new Uint8Array(0)).slice();
    if (onProgress !== undefined && typeof onProgress !== 'function')
      throw wrongType('onProgress', 'a function', onProgress);
    const most = to === BROADCAST ? MAX_TP_SIZE : MAX_ETP_SIZE;
    if (data.length > most) {
      throw outOfRange('data', `at most ${most} bytes${to === BROADCAST ? ' to everybody' : ''}`, data);
    }
    if (!isPdu1(pgn) && to !== BROADCAST && data.length <= FRAME) {
      throw wrongValue(
        'to',
        `undefined: 0x${pgn.toString(16)} is of PDU2 format, which goes to everybody`,
        to,
      );
    }
    this.#refuseSilent();
    const limit = new Limit(options, 'send');
    try {
      await this.#sendOn({ pgn, to, data, priority, onProgress }, limit.signal);
    } finally {
      limit.end();
    }
  }

  /**
   * Messages from now on: to this address or NAME, and to all. Each call has a socket of its own: one that is not read holds up no
   * other.
   * @throws SocketError ENETDOWN, ENODEV, EBADF when closed; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE
   */
  messages(options: J1939ReceiveOptions = {}): J1939Messages {
    this.#refuseClosed();
    const receiver = new J1939Messages(this.#local(), this, options, (one) => this.#receivers.delete(one));
    if (!this.#referenced) receiver.reference(false);
    this.#receivers.add(receiver);
    return receiver;
  }

  /**
   * Asks for a parameter group (PGN 0xea00), and gives what comes.
   *
   * @param options `timeout` is 1250 ms unless given
   * @throws SocketError EOPNOTSUPP, EACCES, EBUSY as the one who was asked acknowledges, ENODATA when it does so positively without
   * an answer; ERR_SOCKET_TIMEOUT; else as {@link send}
   */
  async request(pgn: number, options: J1939RequestOptions = {}): Promise<J1939Message> {
    checkObject('options', options);
    const asked = checkPgn('pgn', pgn);
    const to = checkPeer(options.to ?? BROADCAST);
    const { timeout = REQUEST_TIMEOUT, signal } = options;
    const from = to === BROADCAST ? undefined : to;
    const limit = new Limit({ timeout, signal }, 'request');
    this.#refuseSilent();
    const answers = this.messages({
      pgn: [asked, PGN_ACKNOWLEDGEMENT],
      from,
      maxLength: MAX_TP_SIZE,
      signal: limit.signal,
    });
    try {
      await this.#sendOn(
        { pgn: PGN_REQUEST, to, data: pgnToBytes(asked), priority: 6, onProgress: undefined },
        limit.signal,
      );
      for await (const answer of answers) {
        if (answer.pgn === asked) return answer;
        refuseAnswer(answer, asked);
      }
      throw this.#closedError();
    } catch (error) {
      throw limit.signal.aborted ? aborted(limit.signal) : error;
    } finally {
      limit.end();
      await answers.return();
    }
  }

  /**
   * What happens to the claim, from now on; it ends when this is closed. Nothing comes where the address was not claimed.
   * @throws ABORT_ERR when the signal is aborted
   */
  changes(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<J1939Change, void, undefined> {
    checkObject('options', options);
    const { signal } = options;
    const queue: (J1939Change | undefined)[] = this.closed ? [undefined] : [];
    let wake = (): void => {};
    const listener = (change: J1939Change | undefined): void => {
      queue.push(change);
      wake();
    };
    this.#listeners.add(listener);
    return changesOf(
      queue,
      signal,
      (resolve) => {
        wake = resolve;
      },
      () => this.#listeners.delete(listener),
    );
  }

  /** Begins to claim anew, after `cannot-claim`. */
  reclaim(): void {
    this.#claimer?.reclaim();
  }

  /** Has what it waits for keep the process alive, as it does from the beginning. */
  ref(): this {
    return this.#reference(true);
  }

  /**
   * Lets the process end although the address is defended, messages are waited for, or some are under way; those who listen
   * later are meant too. A call's own `timeout` keeps the process until it has run out.
   */
  unref(): this {
    return this.#reference(false);
  }

  /** Whether what it waits for keeps the process alive. */
  hasRef(): boolean {
    return this.#referenced;
  }

  #reference(referenced: boolean): this {
    this.#referenced = referenced;
    for (const one of [...this.#receivers, ...this.#lanes.values()]) one.reference(referenced);
    this.#claimer?.reference(referenced);
    return this;
  }

  /**
   * Ends it: messages that the kernel has begun to send are waited for, since it cannot be told to give them up; those who listen are
   * done. Twice is fine.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#receivers].map((receiver) => receiver.return()));
    await this.#closeLanes();
    this.#claimer?.close();
    this.#tell(undefined);
  }

  #rebind(local: CanJ1939Address): void {
    for (const one of [...this.#receivers, ...this.#lanes.values()]) one.rebind(local);
  }

  async #closeLanes(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    await Promise.all(lanes.map((lane) => lane.close()));
  }

  #tell(change: J1939Change | undefined): void {
    // Sockets of an interface that is gone are of no use, and some kernels wait for them with its removal.
    if (change?.type === 'gone') void this.#closeLanes();
    for (const listener of [...this.#listeners]) listener(change);
  }

  #local(): CanJ1939Address {
    const { ifindex, name } = this;
    return name === undefined ? canJ1939({ ifindex, addr: this.#fixed }) : canJ1939({ ifindex, name });
  }

  #closedError(): SocketError {
    return new SocketError('EBADF: it was closed', { code: 'EBADF', syscall: 'sendmsg' });
  }

  #refuseClosed(): void {
    if (this.closed) throw this.#closedError();
  }

  #refuseSilent(): void {
    this.#refuseClosed();
    if (this.#claimer !== undefined || this.#fixed !== undefined) return;
    const words = 'it has no address to send from: open it with `address`, or claim one';
    throw new SocketError(`send EADDRNOTAVAIL: ${words}`, { code: 'EADDRNOTAVAIL', syscall: 'sendmsg' });
  }

  /** Sends when there is an address, and again where the kernel says that there is none yet. */
  async #sendOn(message: LaneMessage, signal: AbortSignal): Promise<void> {
    const claimer = this.#claimer;
    for (;;) {
      if (signal.aborted) throw aborted(signal);
      if (claimer !== undefined) {
        await untilAborted(claimer.settled(), signal);
        const { failure } = claimer;
        if (failure !== undefined) throw failure;
      }
      const lane = this.#lane(message);
      try {
        await lane.send(message, signal);
        return;
      } catch (error) {
        // A claim that is sent anew, as when somebody asks for it, has the kernel wait again.
        const settling = claimer?.settling ?? 0;
        if ((error as SocketError).code !== 'EADDRNOTAVAIL' || settling === 0) throw error;
        await untilAborted(new Promise((resolve) => setTimeout(resolve, Math.min(settling, 20))), signal);
      } finally {
        this.#tidy();
      }
    }
  }

  /** Short messages have a socket of their own, and long ones one for each receiver. */
  #lane({ to, data }: LaneMessage): Lane {
    this.#refuseClosed();
    const key = data.length <= FRAME ? '' : `${to}`;
    const lane = this.#lanes.get(key) ?? new Lane(this.#local(), this.#referenced);
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Closes sockets of receivers that nothing is sent to now. */
  #tidy(): void {
    for (const [key, lane] of this.#lanes) {
      if (key === '' || lane.busy > 0) continue;
      this.#lanes.delete(key);
      void lane.close();
    }
  }
}

function addressesOf(range: readonly [number, number] | undefined): number[] {
  if (range === undefined) return [];
  if (!Array.isArray(range) || range.length !== 2) throw wrongType('range', 'an array [first, last]', range);
  const first = checkInteger('range[0]', range[0], 0, MAX_ADDRESS);
  const last = checkInteger('range[1]', range[1], first, MAX_ADDRESS);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
