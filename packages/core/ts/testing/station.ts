/** What the kernel has of a socket, here in memory: the calls that do not wait. They give a count or `-errno`. */
import { constants, errnos } from '../constants.ts';
import type { Clock } from './clock.ts';
import { type Family, familyFor } from './family.ts';
import type { Dice, Faults } from './faults.ts';
import { type Came, type Charged, NONE, type Piece } from './piece.ts';

/** What all sockets of a network have in common. */
export interface Medium {
  readonly clock: Clock;
  readonly dice: Dice;
  faultsOf(station: Station): Faults;
  /** Has something happen in so many milliseconds; at once, where there are none. */
  later(milliseconds: number, work: () => void): void;
  /** Has something happen in so many milliseconds, and not before the code that runs now is through. */
  schedule(milliseconds: number, work: () => void): void;
  /** Gives it a name: 0 or `-errno`. */
  bind(station: Station, address: Uint8Array): number;
  /** Takes its name and its memberships away. */
  forget(station: Station): void;
  /** Who has this name. */
  find(asker: Station, address: Uint8Array): Station | undefined;
  /** Who hears what is sent to this address, where it is a group's or a broadcast's. */
  members(asker: Station, address: Uint8Array): { broadcast: boolean; stations: Station[] } | undefined;
}

/** net.core.wmem_default and rmem_default of Linux. */
const BUFFER = 212_992;
/** SOCK_MIN_SNDBUF: the least that setsockopt gives. */
const LEAST_BUFFER = 4608;
/** What a message costs beside its bytes. */
export const OVERHEAD = 768;

/** Directions that are shut: as the kernel's RCV_SHUTDOWN and SEND_SHUTDOWN. */
export const RECEIVE = 1;
export const SEND = 2;
export const BOTH = 3;

export abstract class Station implements Charged {
  readonly medium: Medium;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  readonly kin: Family;
  /** Sockets that share it: dup(2). */
  references = 1;
  closed = false;
  name: Uint8Array | undefined;
  /** Its name as others see it, where that is known better: of any host, the one that it talks from. */
  source: Uint8Array | undefined;
  peerName: Uint8Array | undefined;
  sendBuffer: number = BUFFER;
  receiveBuffer: number = BUFFER;
  /** A positive error number that the next call is told. */
  error = 0;
  shut = 0;
  readonly inbox: Piece[] = [];
  /** What it has sent and nobody has taken yet. */
  charged = 0;
  /** Datagrams that were lost since there was no room for them. */
  drops = 0;
  readonly #options: Map<string, number | Uint8Array> = new Map();
  readonly #watchers: Set<() => void> = new Set();

  constructor(medium: Medium, family: number, type: number, protocol: number) {
    this.medium = medium;
    this.family = family;
    this.type = type;
    this.protocol = protocol;
    this.kin = familyFor(family);
  }

  abstract connect(address: Uint8Array): number;
  /** How a connection came out that was under way: 0 or `-errno`, `-EAGAIN` while it is. */
  abstract connected(): number;
  abstract listen(backlog: number): number;
  abstract accept(): Station | number;
  abstract receive(buffers: readonly Uint8Array[], flags: number, came: Came): number;
  abstract send(
    parts: readonly Uint8Array[],
    flags: number,
    to: Uint8Array | undefined,
    control: Uint8Array,
  ): number;
  abstract shutdown(how: number): number;
  /** poll(2)'s events that stand. */
  abstract poll(): number;
  /** The last socket that had it was closed. */
  protected abstract end(abortive: boolean): void;
  /** Whether getpeername has something to say. */
  abstract get hasPeer(): boolean;

  get faults(): Faults {
    return this.medium.faultsOf(this);
  }

  bind(address: Uint8Array): number {
    if (this.name !== undefined) return -errnos.EINVAL;
    return this.medium.bind(this, address);
  }

  close(abortive: boolean): void {
    this.references -= 1;
    if (this.references > 0) return;
    this.closed = true;
    this.medium.forget(this);
    this.end(abortive);
    this.purge();
    this.changed();
  }

  /** Throws away what was not received. */
  protected purge(): void {
    for (const piece of this.inbox.splice(0)) piece.from.release(piece.cost);
  }

  /** Has somebody told whenever something may be possible that was not. */
  watch(told: () => void): () => void {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  }

  changed(): void {
    for (const told of this.#watchers) told();
  }

  release(cost: number): void {
    this.charged -= cost;
    this.changed();
  }

  /** The error that stands, which is told once: `-errno`, or 0. */
  takeError(): number {
    const { error } = this;
    this.error = 0;
    return error === 0 ? 0 : -error;
  }

  fail(error: number): void {
    this.error = error;
    this.changed();
  }

  /** What a try is told before anything is done, by way of faults. */
  protected hindered(sends: boolean): number {
    const { dice } = this.medium;
    const { wouldBlock, noBuffers } = this.faults;
    if (sends && dice.says(noBuffers)) return -errnos.ENOBUFS;
    return dice.says(wouldBlock) ? -errnos.EAGAIN : 0;
  }

  get ownName(): Uint8Array {
    return this.source ?? this.name ?? this.kin.unnamed(this.family);
  }

  /** The sender's name, as receivers are told it: a Unix socket without one is nobody. */
  protected get senderName(): Uint8Array {
    return this.source ?? this.name ?? (this.kin.local ? NONE : this.ownName);
  }

  /** An option's value: a number, or bytes as they were set; 0 where it never was. */
  option(level: number, name: number): number | Uint8Array {
    if (level === constants.SOL_SOCKET) {
      switch (name) {
        case constants.SO_TYPE:
          return this.type;
        case constants.SO_DOMAIN:
          return this.family;
        case constants.SO_PROTOCOL:
          return this.protocol;
        case constants.SO_ERROR:
          return -this.takeError();
        case constants.SO_SNDBUF:
          return this.sendBuffer;
        case constants.SO_RCVBUF:
          return this.receiveBuffer;
        case constants.SO_ACCEPTCONN:
          return this.listening ? 1 : 0;
      }
    }
    return this.#options.get(`${level} ${name}`) ?? 0;
  }

  get listening(): boolean {
    return false;
  }

  setOption(level: number, name: number, value: number | Uint8Array): number {
    if (level === constants.SOL_SOCKET) {
      const read = [constants.SO_TYPE, constants.SO_DOMAIN, constants.SO_PROTOCOL, constants.SO_ERROR];
      if (read.includes(name) || name === constants.SO_ACCEPTCONN) return -errnos.ENOPROTOOPT;
      const isSize = name === constants.SO_SNDBUF || name === constants.SO_RCVBUF;
      if (isSize && typeof value === 'number') {
        // As Linux does: twice what was asked for, for its own book-keeping.
        const size = Math.max(LEAST_BUFFER, value * 2);
        if (name === constants.SO_SNDBUF) this.sendBuffer = size;
        else this.receiveBuffer = size;
        this.changed();
        return 0;
      }
    }
    this.#options.set(`${level} ${name}`, typeof value === 'number' ? value : new Uint8Array(value));
    return 0;
  }

  /** Bytes that wait to be received: of a connection all, else those of the next datagram. FIONREAD. */
  abstract get readable(): number;
}
