/** Claims an address on an interface, and answers for it as long as it is there: the machine of claim.ts over a socket. */
import { type CanJ1939Address, canJ1939, decode } from '@sockeye/addr';
import { constants as c, MessageBuffer, platform, type Socket, SocketError } from '@sockeye/core';
import { afterReading } from '../turns.ts';
import { CLAIM_TIME, type ClaimAction, ClaimMachine, type ClaimMachineOptions } from './claim.ts';
import { encodeJ1939Filters } from './filter.ts';
import { goneError, interfaceState, j1939Socket } from './lane.ts';
import { formatName, nameFromBytes, nameToBytes } from './name.ts';
import {
  BROADCAST,
  NULL_ADDRESS,
  PGN_ADDRESS_CLAIMED,
  PGN_COMMANDED_ADDRESS,
  PGN_REQUEST,
  pgnFromBytes,
} from './pgn.ts';

/** What happened to a claim. */
export type J1939Change =
  /** The address is ours: messages can be sent. */
  | { readonly type: 'claimed'; readonly address: number }
  /** A lower NAME took the address; another one is tried where there is one. */
  | { readonly type: 'lost'; readonly address: number; readonly to: bigint }
  /** No address is left: nothing can be sent until one is free and `reclaim()` is called. */
  | { readonly type: 'cannot-claim' }
  /** Somebody else uses our NAME; `address` is what it claims. Ours is claimed again. */
  | { readonly type: 'duplicate-name'; readonly address: number }
  /** The interface went down: the address is claimed again when it is up. */
  | { readonly type: 'down' }
  /** The interface is gone: nothing can be sent any more. */
  | { readonly type: 'gone' };

/** Milliseconds by which the kernel may be later than we: it counts from the moment at which a claim was on the bus. */
const MARGIN = 5;
/** And by which it may be on a machine that is busy: its timer runs when nothing else does. */
const LATEST = 1000;
/** Milliseconds by which a timer is late where this process stood still: others may have stood still with it. */
const STILL = 20;
/** Pauses between the tries to claim on an interface that is down, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

const FILTERS = encodeJ1939Filters([
  { pgn: PGN_ADDRESS_CLAIMED },
  { pgn: PGN_REQUEST },
  { pgn: PGN_COMMANDED_ADDRESS },
]);

export interface ClaimerOptions extends ClaimMachineOptions {
  readonly ifindex: number;
  /** Whether to go where a commanded-address message says. */
  readonly commanded: boolean;
  readonly changed: (change: J1939Change) => void;
  /** Binds all other sockets of the NAME anew: to this, or to what each was. */
  readonly rebind: (local: CanJ1939Address | undefined) => void;
}

export class Claimer {
  readonly machine: ClaimMachine;
  readonly #options: ClaimerOptions;
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;
  #down: 'up' | 'down' | 'gone' = 'up';
  #closed = false;
  #referenced = true;
  #sending: Promise<void> = Promise.resolve();
  /** When the last claim was sent, by performance.now(). */
  #sentAt = Number.NEGATIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  /** @throws SocketError of socket(2) and bind(2); ERR_… of the options */
  constructor(options: ClaimerOptions) {
    this.machine = new ClaimMachine(options);
    this.#options = options;
    this.#socket = j1939Socket();
    try {
      this.#socket.setsockopt(c.SOL_CAN_J1939, c.SO_J1939_FILTER, FILTERS);
      this.#socket.bind(this.#local(NULL_ADDRESS));
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    void this.#receive();
    this.#do(this.machine.start(performance.now()));
  }

  /** Resolves when the address is claimed, or surely cannot be: after this see {@link failure}. */
  async settled(): Promise<void> {
    while (this.#unsettled()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  /**
   * Why nothing can be sent; undefined when it can, or can soon. EADDRNOTAVAIL: no address was left to claim; EADDRINUSE: another
   * has our NAME; ENETDOWN, ENODEV: the interface; EBADF: it was closed.
   */
  get failure(): SocketError | undefined {
    const { machine } = this;
    const name = `NAME 0x${machine.name.toString(16)} (${formatName(machine.name)})`;
    if (this.#closed)
      return new SocketError('send EBADF: it was closed', { code: 'EBADF', syscall: 'sendmsg' });
    if (this.#down === 'down') {
      const words =
        'the interface is down: run "sudo ip link set <interface> up"; the address is claimed again then';
      return new SocketError(`send ENETDOWN: ${words}`, { code: 'ENETDOWN', syscall: 'sendmsg' });
    }
    if (this.#down === 'gone') return goneError('sendmsg');
    if (machine.state === 'stopped') {
      const words = `${name} is on the bus already, and no two may be the same`;
      return new SocketError(`claim EADDRINUSE: ${words}`, { code: 'EADDRINUSE', syscall: 'sendmsg' });
    }
    if (machine.state !== 'cannot-claim') return undefined;
    const words = `lower NAMEs have all addresses that ${name} may claim: give it a wider \`range\`, or a lower NAME`;
    return new SocketError(`claim EADDRNOTAVAIL: ${words}`, { code: 'EADDRNOTAVAIL', syscall: 'sendmsg' });
  }

  /** Milliseconds until the kernel, too, has the address for ours, if that may still take some. */
  get settling(): number {
    return Math.max(0, this.#sentAt + CLAIM_TIME + LATEST - performance.now());
  }

  /** Begins anew, where no address was left. */
  reclaim(): void {
    if (this.machine.state === 'cannot-claim') this.#do(this.machine.start(performance.now()));
  }

  /** Whether the claim keeps the process alive from now on. */
  reference(referenced: boolean): void {
    this.#referenced = referenced;
    if (referenced) {
      this.#socket.ref();
      this.#timer?.ref();
    } else {
      this.#socket.unref();
      this.#timer?.unref();
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.machine.stop();
    this.#socket.close();
    this.#wake();
  }

  #local(addr: number): CanJ1939Address {
    return canJ1939({ ifindex: this.#options.ifindex, name: this.machine.name, addr });
  }

  #unsettled(): boolean {
    return this.failure === undefined && this.machine.state !== 'claimed';
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #do(actions: readonly ClaimAction[]): void {
    const { changed } = this.#options;
    for (const action of actions) {
      if (action.do === 'claim') this.#send(action.address);
      else if (action.do === 'cannot-claim') this.#send(NULL_ADDRESS);
      else if (action.do === 'failed') changed({ type: 'cannot-claim' });
      else if (action.do === 'duplicate') changed({ type: 'duplicate-name', address: action.address });
      else if (action.do === 'lost') changed({ type: 'lost', address: action.address, to: action.to });
      else changed({ type: 'claimed', address: action.address });
    }
    this.#schedule();
    if (!this.#unsettled()) this.#wake();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const { due } = this.machine;
    if (due === undefined || this.#closed || this.#down !== 'up') return;
    this.#at(due + MARGIN);
  }

  /** What is due is done when all that was said in time has been read. */
  #at(due: number): void {
    const delay = Math.max(0, Math.ceil(due - performance.now()));
    const expected = performance.now() + delay;
    this.#after(delay, () => {
      const late = performance.now() - expected;
      const timer = this.#timer;
      if (late > STILL) this.#at(performance.now() + Math.min(late, CLAIM_TIME));
      else
        afterReading(() => {
          // Unless what was read has changed what is due.
          if (timer === this.#timer && !this.#closed) this.#do(this.machine.tick(performance.now()));
        });
    });
  }

  /** Sends a claim, after those before it. */
  #send(address: number): void {
    this.#sending = this.#sending.then(async () => {
      if (this.#closed || this.#down !== 'up') return;
      // What was decided since is what counts.
      if (address !== (this.machine.address ?? NULL_ADDRESS)) return;
      try {
        this.#socket.bind(this.#local(address));
        const all = canJ1939({ ifindex: this.#options.ifindex, pgn: PGN_ADDRESS_CLAIMED, addr: BROADCAST });
        await this.#socket.sendTo(nameToBytes(this.machine.name), all);
        this.#sentAt = performance.now();
        if (this.machine.address === address) this.machine.sent(this.#sentAt);
        this.#schedule();
      } catch (error) {
        this.#failed(error as SocketError);
      }
    });
  }

  get #over(): boolean {
    return this.#closed || this.#down === 'gone';
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(16);
    const message = new MessageBuffer();
    while (!this.#over) {
      try {
        const count = await this.#socket.recvMsgInto(buffer, message);
        const { bytes, length } = message.address;
        const sender = decode(bytes, 0, length, platform, { protocol: c.CAN_J1939 });
        if (sender.family === 'can-j1939') this.#heard(sender, buffer.subarray(0, count));
      } catch (error) {
        if (this.#over) return;
        if (!(error instanceof SocketError)) throw error;
        this.#failed(error);
      }
    }
  }

  #heard({ pgn, addr }: CanJ1939Address, data: Uint8Array): void {
    const now = performance.now();
    const { machine } = this;
    const name = nameFromBytes(data);
    if (pgn === PGN_REQUEST) {
      if (pgnFromBytes(data) === PGN_ADDRESS_CLAIMED) this.#do(machine.requested(now));
    } else if (name === undefined) return;
    else if (pgn === PGN_ADDRESS_CLAIMED) this.#do(machine.heard({ name, address: addr }, now));
    else if (this.#options.commanded && name === machine.name) {
      const address = data[8] ?? BROADCAST;
      if (address < NULL_ADDRESS) this.#do(machine.commanded(address, now));
    }
  }

  /** The interface is down or gone: what else a claim and a receive can be told. */
  #failed(error: SocketError): void {
    if (this.#closed || this.#down !== 'up') return;
    clearTimeout(this.#timer);
    if (error.code === 'ENODEV' || error.code === 'EBADFD' || error.code === 'ENXIO') {
      this.#gone();
      return;
    }
    this.#down = 'down';
    this.#options.changed({ type: 'down' });
    this.#wake();
    this.#retry(FIRST_PAUSE);
  }

  /** Looks after a while, and again, whether the interface is up. */
  #retry(pause: number): void {
    this.#after(pause, () => {
      const state = interfaceState(this.#options.ifindex);
      if (state === 'gone') this.#gone();
      else if (state === 'down') this.#retry(Math.min(2 * pause, LONGEST_PAUSE));
      else {
        this.#down = 'up';
        this.#forget();
        this.#do(this.machine.start(performance.now()));
      }
    });
  }

  #after(milliseconds: number, run: () => void): void {
    this.#timer = setTimeout(run, milliseconds);
    if (!this.#referenced) this.#timer.unref();
  }

  /**
   * Has the kernel forget the NAME. While a socket is bound to it, Linux (6.1, seen) takes no claim of the same address again after
   * the interface was down.
   */
  #forget(): void {
    const nobody = canJ1939({ ifindex: this.#options.ifindex });
    try {
      this.#options.rebind(nobody);
      this.#socket.bind(nobody);
      this.#options.rebind(undefined);
    } catch (error) {
      this.#failed(error as SocketError);
    }
  }

  /** Nothing is to be done any more. Some kernels wait with the removal until the last socket is closed. */
  #gone(): void {
    this.#down = 'gone';
    this.#socket.close();
    this.#options.changed({ type: 'gone' });
    this.#wake();
  }
}
