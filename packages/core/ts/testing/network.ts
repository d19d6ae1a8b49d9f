import { type Address, sockaddr } from '../address.ts';
import { checkKind } from '../arguments.ts';
import { checkInt, checkInteger, checkOptions, wrongType } from '../check.ts';
import { constants, errnos } from '../constants.ts';
import { systemError } from '../errors.ts';
import type { Happenings } from './calls.ts';
import { type Clock, RealClock } from './clock.ts';
import { Connection } from './connection.ts';
import { Datagrams } from './datagrams.ts';
import { stationOf } from './endpoint.ts';
import { familyFor, familyOf } from './family.ts';
import { checkFaults, Dice, type Faults } from './faults.ts';
import { MemorySocket } from './socket.ts';
import type { Medium, Station } from './station.ts';

/** What a {@link MemoryNetwork} is made for. */
export interface NetworkOptions {
  /** Real time unless given. */
  clock?: Clock | undefined;
  /** What goes wrong from the start, for every socket. */
  faults?: Faults | undefined;
  /** What the dice start from: the same seed and the same calls give the same faults. 1 unless given. */
  seed?: number | undefined;
}

/** The first of IANA's dynamic ports; numbers go round from here. */
const FIRST_PORT = 49_152;
const PORTS = 16_384;

/** Socket types: what socket(2) takes beside them is left away. */
const TYPE_MASK = 0xf;

interface Event {
  at: number;
  work: () => void;
}

/** What happens on a network by itself, in order of time. */
class World implements Happenings {
  readonly clock: Clock;
  readonly #events: Event[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  add(milliseconds: number, work: () => void): void {
    const event = { at: this.clock.now() + milliseconds, work };
    let at = this.#events.length;
    while (at > 0 && (this.#events[at - 1] as Event).at > event.at) at -= 1;
    this.#events.splice(at, 0, event);
    // A call that blocks may have it happen before.
    this.clock.after(milliseconds, () => this.#happen(event));
  }

  #happen(event: Event): void {
    // Timers may be early by a part of a millisecond, and late: whatever stands before happens first.
    const until = this.#events.indexOf(event);
    for (let index = 0; index <= until; index++) this.#events.shift()?.work();
  }

  next(): number | undefined {
    return this.#events[0]?.at;
  }

  run(): void {
    const now = this.clock.now();
    while ((this.#events[0]?.at ?? Number.POSITIVE_INFINITY) <= now) this.#events.shift()?.work();
  }
}

/**
 * A network in memory, on which sockets find each other by address: for tests, without a kernel, a native part or a port that
 * somebody else has. Unix sockets behave as unix(7) says, those of other families as tcp(7) and udp(7) do.
 */
export class MemoryNetwork {
  readonly #world: World;
  readonly #medium: Medium;
  readonly #names: Map<string, Station[]> = new Map();
  readonly #groups: Map<string, Set<Station>> = new Map();
  readonly #broadcasts: Set<string> = new Set();
  readonly #own: WeakMap<Station, Faults> = new WeakMap();
  #faults: Faults;
  #number = 0;

  /** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE for options that are none */
  constructor(options?: NetworkOptions) {
    const { clock = new RealClock(), faults = {}, seed = 1 } = checkOptions(options);
    if (typeof clock?.now !== 'function') throw wrongType('clock', 'a RealClock or a VirtualClock', clock);
    this.#faults = checkFaults(faults);
    this.#world = new World(clock);
    this.#medium = {
      clock,
      dice: new Dice(checkInt('seed', seed)),
      faultsOf: (station) => this.#own.get(station) ?? this.#faults,
      later: (milliseconds, work) => {
        if (milliseconds > 0) this.#world.add(milliseconds, work);
        else work();
      },
      schedule: (milliseconds, work) => this.#world.add(milliseconds, work),
      bind: (station, address) => this.#bind(station, address),
      forget: (station) => this.#forget(station),
      find: (asker, address) => this.#find(asker, address),
      members: (asker, address) => this.#members(asker, address),
    };
  }

  /** A new socket: socket(2). SOCK_STREAM and SOCK_SEQPACKET are connections, any other type sends datagrams. */
  create(family: number, type: number, protocol = 0): MemorySocket {
    return this.#socket(this.#station(family, type, protocol));
  }

  /** Two sockets that are connected to each other: socketpair(2), and of any family. */
  socketpair(family: number, type: number, protocol = 0): [MemorySocket, MemorySocket] {
    const one = this.#station(family, type, protocol);
    const other = this.#station(family, type, protocol);
    if (one instanceof Connection && other instanceof Connection) one.join(other);
    if (one instanceof Datagrams && other instanceof Datagrams) {
      for (const station of familyFor(family).local ? [] : [one, other]) this.#bind(station, station.ownName);
      one.join(other);
    }
    return [this.#socket(one), this.#socket(other)];
  }

  /**
   * What goes wrong from now on: for all sockets, or for one instead of what goes wrong for all. What an accepted connection sends
   * is of its own; `refuse` and `hang` are the listener's.
   *
   * @throws SocketError EINVAL for a socket of another network
   */
  setFaults(faults: Faults, socket?: MemorySocket): void {
    const checked = checkFaults(faults);
    if (socket === undefined) this.#faults = checked;
    else this.#own.set(this.#of(socket), checked);
  }

  /** Has the socket hear what is sent to this address, as a member of a group: what is sent there goes to all members. */
  join(socket: MemorySocket, group: Address): void {
    const station = this.#of(socket);
    const key = this.#key(station, sockaddr(group));
    const members = this.#groups.get(key) ?? new Set();
    this.#groups.set(key, members.add(station));
  }

  /** Ends a membership. */
  leave(socket: MemorySocket, group: Address): void {
    const station = this.#of(socket);
    this.#groups.get(this.#key(station, sockaddr(group)))?.delete(station);
  }

  /** Has all datagram sockets of the family that have a name hear what is sent to this address; senders need SO_BROADCAST. */
  broadcast(address: Address): void {
    const bytes = sockaddr(address);
    const family = familyOf(bytes);
    this.#broadcasts.add(`${family} ${familyFor(family).key(bytes)}`);
  }

  /** Datagrams that the socket lost because there was no room for them. */
  drops(socket: MemorySocket): number {
    return this.#of(socket).drops;
  }

  #station(family: number, type: number, protocol: number): Station {
    checkKind(family, type, protocol);
    const bare = type & TYPE_MASK;
    checkInteger('type', bare, 1, 10);
    const connects = bare === constants.SOCK_STREAM || bare === constants.SOCK_SEQPACKET;
    return new (connects ? Connection : Datagrams)(this.#medium, family, bare, protocol);
  }

  #socket(station: Station): MemorySocket {
    return new MemorySocket(station, this.#world);
  }

  #of(socket: MemorySocket): Station {
    const station = stationOf(socket);
    if (station === undefined) throw wrongType('socket', 'a MemorySocket', socket);
    if (station.medium !== this.#medium)
      throw systemError(-errnos.EINVAL, 'network', 'the socket is of another network');
    if (socket.closed) throw systemError(-errnos.EBADF, 'network', 'this Socket is closed');
    return station;
  }

  /** Unix sockets of all types share their names; ports are the type's. */
  #key(station: Station, address: Uint8Array): string {
    const { kin, family, type } = station;
    return `${family} ${kin.local ? '' : type} ${kin.key(address)}`;
  }

  #bind(station: Station, address: Uint8Array): number {
    if (familyOf(address) !== station.family) {
      return station.kin.local ? -errnos.EINVAL : -errnos.EAFNOSUPPORT;
    }
    for (let tries = 0; tries < PORTS; tries++) {
      const name = station.kin.named(address, FIRST_PORT + (this.#number % PORTS));
      const key = this.#key(station, name);
      const holders = this.#names.get(key) ?? [];
      const chosen = name.length === address.length && name.every((byte, index) => byte === address[index]);
      if (!chosen) this.#number += 1;
      if (holders.length === 0 || (chosen && [station, ...holders].every(shares))) {
        this.#names.set(key, [...holders, station]);
        station.name = name;
        return 0;
      }
      if (chosen) break;
    }
    return -errnos.EADDRINUSE;
  }

  #forget(station: Station): void {
    for (const members of this.#groups.values()) members.delete(station);
    if (station.name === undefined) return;
    const key = this.#key(station, station.name);
    const left = (this.#names.get(key) ?? []).filter((holder) => holder !== station);
    if (left.length > 0) this.#names.set(key, left);
    else this.#names.delete(key);
  }

  #find(asker: Station, address: Uint8Array): Station | undefined {
    const exact = this.#names.get(this.#key(asker, address));
    if (exact !== undefined) return exact.at(-1);
    const any = asker.kin.wildcard(address);
    return any === undefined ? undefined : this.#names.get(this.#key(asker, any))?.at(-1);
  }

  #members(asker: Station, address: Uint8Array): { broadcast: boolean; stations: Station[] } | undefined {
    if (this.#broadcasts.has(`${asker.family} ${asker.kin.key(address)}`)) {
      const all = [...this.#names.values()].flat();
      const stations = all.filter(({ family, type }) => family === asker.family && type === asker.type);
      return { broadcast: true, stations };
    }
    const members = this.#groups.get(this.#key(asker, address));
    return members === undefined ? undefined : { broadcast: false, stations: [...members] };
  }
}

/** Whether it lets others have its name too: datagrams with SO_REUSEADDR or SO_REUSEPORT. */
function shares(station: Station): boolean {
  const { SOL_SOCKET, SO_REUSEADDR, SO_REUSEPORT } = constants;
  const asked = [SO_REUSEADDR, SO_REUSEPORT].some((name) => station.option(SOL_SOCKET, name) !== 0);
  return asked && station instanceof Datagrams;
}
