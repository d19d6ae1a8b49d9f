/**
 * The address-claim procedure of SAE J1939-81, 4.2 and 4.3, as a machine without a clock, a timer or a socket: it is told what
 * happens and when, and says what to send. Pure.
 */
import { checkInteger, outOfRange, wrongType } from '@sockeye/addr/check';
import { checkName } from './name.ts';
import { MAX_ADDRESS } from './pgn.ts';

/** Milliseconds in which somebody may contest a claim. */
export const CLAIM_TIME = 250;
/** Milliseconds that "cannot claim" waits at most, a random time, since several may have to say so at once. */
export const CANNOT_CLAIM_DELAY = 153;

/** Where a claim stands: `stopped` is by {@link ClaimMachine.stop}, or by another with the same NAME. */
export type ClaimState = 'idle' | 'claiming' | 'claimed' | 'cannot-claim' | 'stopped';

/** What the machine asks for, in order. */
export type ClaimAction =
  /** Send "address claimed" from this address to all, then call `sent`. */
  | { readonly do: 'claim'; readonly address: number }
  /** Send "cannot claim", from the null address to all. */
  | { readonly do: 'cannot-claim' }
  /** The address is ours. */
  | { readonly do: 'claimed'; readonly address: number }
  /** A lower NAME has claimed the address: it is not ours any more, or was not to be. */
  | { readonly do: 'lost'; readonly address: number; readonly to: bigint }
  /** No address is left to claim. */
  | { readonly do: 'failed' }
  /** Somebody else has our NAME; `address` is what it claims. While claiming that ends the procedure. */
  | { readonly do: 'duplicate'; readonly address: number };

export interface ClaimMachineOptions {
  readonly name: bigint;
  /** The addresses to try, the preferred one first; each 0 to 253. */
  readonly addresses: readonly number[];
  /** A number from 0 to less than 1; Math.random unless given. */
  readonly random?: (() => number) | undefined;
}

/**
 * One NAME's claim. Times are milliseconds of whichever clock the caller has, never going back. After each call
 * {@link due} says when to call {@link tick}.
 */
export class ClaimMachine {
  readonly name: bigint;
  readonly #addresses: readonly number[];
  readonly #random: () => number;
  /** Who has claimed which address, others than this one. */
  readonly #holders = new Map<number, bigint>();
  #state: ClaimState = 'idle';
  #address: number | undefined;
  #due: number | undefined;
  /** When a duplicate of our NAME was last answered. */
  #answered = Number.NEGATIVE_INFINITY;

  /** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
  constructor(options: ClaimMachineOptions) {
    const { name, addresses, random = Math.random } = options;
    this.name = checkName('name', name);
    if (!Array.isArray(addresses)) throw wrongType('addresses', 'an array of addresses', addresses);
    if (addresses.length === 0) throw outOfRange('addresses', 'one address or more', addresses);
    for (const [at, address] of addresses.entries())
      checkInteger(`addresses[${at}]`, address, 0, MAX_ADDRESS);
    this.#addresses = [...new Set(addresses)];
    this.#random = random;
  }

  get state(): ClaimState {
    return this.#state;
  }

  /** The address that is claimed, or to be; undefined when there is none. */
  get address(): number | undefined {
    return this.#address;
  }

  /** When to call {@link tick}; undefined for not. */
  get due(): number | undefined {
    return this.#due;
  }

  /** Who has claimed an address, as far as it was heard; undefined for nobody. */
  holder(address: number): bigint | undefined {
    return address === this.#address && this.#holds() ? this.name : this.#holders.get(address);
  }

  /** Claims the first address that no lower NAME is known to have: at first, and again after the bus was away. */
  start(now: number): ClaimAction[] {
    const address = this.#addresses.find((one) => !this.#taken(one));
    return address === undefined ? this.#give(now) : this.#claim(address, now);
  }

  /** Ends it: nothing is answered any more. The address remains ours in the eyes of others until somebody claims it. */
  stop(): void {
    this.#state = 'stopped';
    this.#address = undefined;
    this.#due = undefined;
  }

  /** The claim that was asked for is on the bus: others have their time from now. */
  sent(now: number): void {
    if (this.#state === 'claiming') this.#due = now + CLAIM_TIME;
  }

  /** Somebody else has sent "address claimed" or, from the null address, "cannot claim". */
  heard(claim: { readonly name: bigint; readonly address: number }, now: number): ClaimAction[] {
    const { name, address } = claim;
    if (this.#state === 'stopped') return [];
    if (name === this.name) return this.#duplicate(address, now);
    for (const [held, by] of this.#holders) if (by === name) this.#holders.delete(held);
    if (address > MAX_ADDRESS) return [];
    const before = this.#holders.get(address);
    if (before === undefined || name < before) this.#holders.set(address, name);
    if (address !== this.#address || !this.#holds()) return [];
    if (this.name < name) {
      // It has lost, and hears so by our claim.
      this.#holders.delete(address);
      return [{ do: 'claim', address }];
    }
    const lost: ClaimAction = { do: 'lost', address, to: name };
    return [lost, ...this.#move(now)];
  }

  /** Somebody has asked, everybody or us, for "address claimed". */
  requested(now: number): ClaimAction[] {
    if (this.#holds()) return [{ do: 'claim', address: this.#address as number }];
    if (this.#state === 'cannot-claim') this.#due ??= now + this.#delay();
    return [];
  }

  /** Somebody has commanded our NAME to another address, which is claimed. */
  commanded(address: number, now: number): ClaimAction[] {
    checkInteger('address', address, 0, MAX_ADDRESS);
    if (this.#state === 'stopped' || this.#state === 'idle' || address === this.#address) return [];
    return this.#taken(address) ? [] : this.#claim(address, now);
  }

  /** Time has passed. */
  tick(now: number): ClaimAction[] {
    if (this.#due === undefined || now < this.#due) return [];
    this.#due = undefined;
    if (this.#state === 'cannot-claim') return [{ do: 'cannot-claim' }];
    if (this.#state !== 'claiming') return [];
    this.#state = 'claimed';
    return [{ do: 'claimed', address: this.#address as number }];
  }

  #holds(): boolean {
    return this.#state === 'claiming' || this.#state === 'claimed';
  }

  #taken(address: number): boolean {
    const holder = this.#holders.get(address);
    return holder !== undefined && holder < this.name;
  }

  #claim(address: number, now: number): ClaimAction[] {
    this.#state = 'claiming';
    this.#address = address;
    this.#due = now + CLAIM_TIME;
    // What a higher NAME holds there it holds no more.
    this.#holders.delete(address);
    return [{ do: 'claim', address }];
  }

  /** To an address that nobody has; else to one that a higher NAME has. */
  #move(now: number): ClaimAction[] {
    const free = this.#addresses.find((one) => !this.#holders.has(one));
    const address = free ?? this.#addresses.find((one) => !this.#taken(one));
    return address === undefined ? this.#give(now) : this.#claim(address, now);
  }

  #give(now: number): ClaimAction[] {
    this.#state = 'cannot-claim';
    this.#address = undefined;
    this.#due = now + this.#delay();
    return [{ do: 'failed' }];
  }

  #delay(): number {
    return this.#random() * CANNOT_CLAIM_DELAY;
  }

  /**
   * NAMEs are to be unique, and the standard has no rule for two that are not. Who claims gives up, silently, since "cannot claim"
   * would take the address from the other as well; who has claimed says so again, not more often than a claim takes.
   */
  #duplicate(address: number, now: number): ClaimAction[] {
    const duplicate: ClaimAction = { do: 'duplicate', address };
    if (this.#state === 'claiming') {
      this.stop();
      return [duplicate];
    }
    if (this.#state !== 'claimed') return [];
    if (now - this.#answered < CLAIM_TIME) return [duplicate];
    this.#answered = now;
    return [duplicate, { do: 'claim', address: this.#address as number }];
  }
}
