/** Datagrams: one to one, and to all who hear an address. */
import { constants, errnos } from '../constants.ts';
import type { Alarm } from './clock.ts';
import { familyOf } from './family.ts';
import { HELD } from './faults.ts';
import { type Came, gathered, lengthOf, type Piece, takeMessage } from './piece.ts';
import { BOTH, OVERHEAD, RECEIVE, SEND, Station } from './station.ts';

/** net.unix.max_dgram_qlen of Linux. */
const QUEUE = 10;
/** The most that a UDP datagram over IPv4 holds: 65,535 less two headers. */
const LARGEST = 65_507;

export class Datagrams extends Station {
  /** Whom it is connected to, where that is known: a Unix socket's. */
  #peer: Datagrams | undefined;
  /** What the next datagram is to overtake. */
  #held: { go: () => void; alarm: Alarm } | undefined;
  /** What waits here of the network's, whose senders are not charged: of the receive buffer. */
  #filled = 0;

  get hasPeer(): boolean {
    return this.peerName !== undefined;
  }

  get readable(): number {
    return this.inbox[0]?.bytes.length ?? 0;
  }

  join(peer: Datagrams): void {
    this.#peer = peer;
    peer.#peer = this;
    this.peerName = peer.ownName;
    peer.peerName = this.ownName;
  }

  listen(): number {
    return -errnos.EOPNOTSUPP;
  }

  accept(): number {
    return -errnos.EOPNOTSUPP;
  }

  connected(): number {
    return 0;
  }

  connect(address: Uint8Array): number {
    const family = familyOf(address);
    if (family === constants.AF_UNSPEC) {
      this.#peer = undefined;
      this.peerName = undefined;
      this.source = undefined;
      return 0;
    }
    if (family !== this.family && !this.kin.local) return -errnos.EAFNOSUPPORT;
    if (this.kin.local) {
      const found = this.#reach(address);
      if (typeof found === 'number') return found;
      // What others had sent is gone.
      if (this.#peer !== undefined && found !== this.#peer) this.purge();
      this.#peer = found;
    } else if (this.name === undefined) {
      const result = this.medium.bind(this, this.ownName);
      if (result < 0) return result;
    }
    this.peerName = new Uint8Array(address);
    if (this.name !== undefined) this.source = this.kin.source(this.name, address);
    return 0;
  }

  /** A Unix socket that may be sent to. */
  #reach(address: Uint8Array): Datagrams | number {
    if (address.length <= 2 || familyOf(address) !== this.family) return -errnos.EINVAL;
    const found = this.medium.find(this, address);
    if (found === undefined) return this.kin.absent(address) ? -errnos.ENOENT : -errnos.ECONNREFUSED;
    if (!(found instanceof Datagrams)) return -errnos.EPROTOTYPE;
    // Whoever is connected is sent to by nobody else.
    return found.#peer === undefined || found.#peer === this ? found : -errnos.EPERM;
  }

  receive(buffers: readonly Uint8Array[], flags: number, came: Came): number {
    if (flags & constants.MSG_OOB) return -errnos.EOPNOTSUPP;
    if (flags & constants.MSG_ERRQUEUE) return -errnos.EAGAIN;
    if (this.error !== 0) return this.takeError();
    if (this.inbox.length === 0) return -errnos.EAGAIN;
    const hindered = this.hindered(false);
    if (hindered < 0) return hindered;
    const cost = (this.inbox[0] as Piece).cost;
    const before = this.inbox.length;
    const count = takeMessage(this.inbox, buffers, flags, came);
    if (this.inbox.length < before) this.#filled -= cost;
    return count;
  }

  send(parts: readonly Uint8Array[], flags: number, to: Uint8Array | undefined, control: Uint8Array): number {
    if (flags & constants.MSG_OOB) return -errnos.EOPNOTSUPP;
    const length = lengthOf(parts);
    const address = to !== undefined && to.length > 0 ? to : undefined;
    if (!this.kin.local) return this.#cast(parts, length, address, control);
    if (this.shut & SEND) return -errnos.EPIPE;
    if (address === undefined && this.#peer === undefined) return -errnos.ENOTCONN;
    if (length > this.sendBuffer - 32) return -errnos.EMSGSIZE;
    if (this.error !== 0) return this.takeError();
    const found = address === undefined ? (this.#peer as Datagrams) : this.#reach(address);
    if (typeof found === 'number') return found;
    const hindered = this.hindered(true);
    if (hindered < 0) return hindered;
    if (this.charged >= this.sendBuffer) return -errnos.EAGAIN;
    if (found.closed) {
      if (found === this.#peer) {
        this.#peer = undefined;
        this.peerName = undefined;
        this.purge();
      }
      return -errnos.ECONNREFUSED;
    }
    if (found.shut & RECEIVE) return -errnos.EPIPE;
    // Two that are connected to each other have no limit but the sender's buffer.
    if (found.#peer !== this && found.inbox.length > QUEUE) return -errnos.EAGAIN;
    this.#post(found, gathered(parts), control, this.senderName);
    return length;
  }

  /** udp(7): whoever is there gets it, and whoever has no room does not. */
  #cast(
    parts: readonly Uint8Array[],
    length: number,
    address: Uint8Array | undefined,
    control: Uint8Array,
  ): number {
    const to = address ?? this.peerName;
    if (length > LARGEST) return -errnos.EMSGSIZE;
    if (to === undefined) return -errnos.EDESTADDRREQ;
    if (familyOf(to) !== this.family) return -errnos.EAFNOSUPPORT;
    if (this.error !== 0) return this.takeError();
    if (this.shut & SEND) return -errnos.EPIPE;
    const group = this.medium.members(this, to);
    if (group?.broadcast && this.option(constants.SOL_SOCKET, constants.SO_BROADCAST) === 0) {
      return -errnos.EACCES;
    }
    const hindered = this.hindered(true);
    if (hindered < 0) return hindered;
    if (this.name === undefined) {
      const result = this.medium.bind(this, this.ownName);
      if (result < 0) return result;
    }
    const bytes = gathered(parts);
    const from = group === undefined ? this.kin.source(this.ownName, to) : this.ownName;
    for (const member of group?.stations ?? [this.medium.find(this, to)]) {
      if (member === undefined) this.#unheard();
      else if (member instanceof Datagrams) this.#post(member, bytes, control, from);
    }
    return length;
  }

  /** Nobody has the port: ICMP says so to whoever is connected. */
  #unheard(): void {
    if (this.peerName === undefined) return;
    const { dice } = this.medium;
    this.medium.later(dice.delay(this.faults.delay) * 2, () => {
      if (!this.closed) this.fail(errnos.ECONNREFUSED);
    });
  }

  /** Puts it on its way, with what happens to datagrams there. */
  #post(to: Datagrams, bytes: Uint8Array, control: Uint8Array, address: Uint8Array): void {
    const { dice, clock } = this.medium;
    const { loss, duplication, reordering, delay } = this.faults;
    const overtaken = this.#held;
    this.#held = undefined;
    overtaken?.alarm.clear();
    if (!dice.says(loss)) {
      for (let copies = dice.says(duplication) ? 2 : 1; copies > 0; copies--) {
        const cost = bytes.length + OVERHEAD;
        if (this.kin.local) this.charged += cost;
        const piece = { bytes, address, control, from: this, cost };
        const go = (): void => this.medium.later(dice.delay(delay), () => to.#arrived(piece));
        if (overtaken === undefined && this.#held === undefined && dice.says(reordering)) {
          const late = (): void => {
            this.#held = undefined;
            go();
          };
          this.#held = { go, alarm: clock.after(HELD, late) };
        } else go();
      }
    }
    overtaken?.go();
  }

  #arrived(piece: Piece): void {
    const { local } = this.kin;
    const stranger =
      !local && this.peerName !== undefined && this.kin.key(piece.address) !== this.kin.key(this.peerName);
    if (!this.closed && !stranger && (local || this.#filled < this.receiveBuffer)) {
      this.#filled += piece.cost;
      this.inbox.push(piece);
      this.changed();
      return;
    }
    if (!this.closed && !stranger) this.drops += 1;
    piece.from.release(piece.cost);
  }

  override release(cost: number): void {
    if (this.kin.local) super.release(cost);
  }

  shutdown(how: number): number {
    if (how < constants.SHUT_RD || how > constants.SHUT_RDWR) return -errnos.EINVAL;
    if (!this.kin.local && this.peerName === undefined) return -errnos.ENOTCONN;
    this.shut |= how + 1;
    this.changed();
    return 0;
  }

  protected end(): void {
    // Whoever waits to send here is to hear that nobody is here any more.
    this.#peer?.changed();
  }

  poll(): number {
    const { POLLIN, POLLOUT, POLLHUP, POLLERR, POLLRDHUP } = constants;
    let stands = this.error === 0 ? 0 : POLLERR;
    if (this.inbox.length > 0 || this.shut & RECEIVE) stands |= POLLIN;
    if (this.shut & RECEIVE) stands |= POLLRDHUP;
    if (this.shut === BOTH && this.kin.local) stands |= POLLHUP;
    if (!this.kin.local || this.charged < this.sendBuffer) stands |= POLLOUT;
    return stands;
  }
}
