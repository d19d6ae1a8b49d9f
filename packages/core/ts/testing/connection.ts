/** Streams and sequenced packets: connections, and who listens for them. */
import { constants, errnos } from '../constants.ts';
import { familyOf } from './family.ts';
import { type Came, gathered, lengthOf, NONE, type Piece, takeBytes, takeMessage } from './piece.ts';
import { BOTH, OVERHEAD, RECEIVE, SEND, Station } from './station.ts';

export class Connection extends Station {
  #state: 'idle' | 'listening' | 'connecting' | 'connected' = 'idle';
  #peer: Connection | undefined;
  /** Connections that wait to be accepted. */
  readonly #backlog: Connection[] = [];
  #most = 0;
  /** Those who want to connect and find the backlog full; TCP asks again by itself. */
  readonly #callers: { caller: Connection; address: Uint8Array }[] = [];
  /** Connected in the background, and connect was not asked since. */
  #untold = false;
  /** Bytes sent, for `resetAfter`. */
  #sent = 0;
  /** What is on its way to the peer, in order. */
  readonly #underWay: ((peer: Connection) => void)[] = [];
  /** When the last of it arrives. */
  #arrival = 0;
  /** The peer sends no more; TCP tells it before errors. */
  #finished = false;
  /** One that nobody has accepted is reset when the listener goes. */
  #accepted = true;
  /** Reset, or ended by both sides. */
  #over = false;

  get #stream(): boolean {
    return this.type === constants.SOCK_STREAM;
  }

  override get listening(): boolean {
    return this.#state === 'listening';
  }

  get hasPeer(): boolean {
    return this.#state === 'connected' && !(this.#over && !this.kin.local);
  }

  get readable(): number {
    return lengthOf(this.inbox.map(({ bytes }) => bytes));
  }

  /** Two ends that are connected to each other. */
  join(peer: Connection): void {
    for (const [one, other] of [
      [this, peer],
      [peer, this],
    ] as const) {
      one.#peer = other;
      one.#state = 'connected';
      one.peerName = other.ownName;
    }
  }

  listen(backlog: number): number {
    if (this.#state === 'connected' || this.#state === 'connecting') return -errnos.EINVAL;
    if (this.name === undefined) {
      // TCP chooses a port; a Unix socket needs a name.
      if (this.kin.local) return -errnos.EINVAL;
      const result = this.medium.bind(this, this.ownName);
      if (result < 0) return result;
    }
    this.#state = 'listening';
    this.#most = Math.max(0, backlog);
    return 0;
  }

  connect(address: Uint8Array): number {
    if (this.kin.local) return this.#connectLocally(address);
    if (this.#state === 'listening') return -errnos.EISCONN;
    if (this.#state === 'connecting') return -errnos.EALREADY;
    if (this.#state === 'connected') {
      if (!this.#untold) return -errnos.EISCONN;
      this.#untold = false;
      return 0;
    }
    return familyOf(address) === this.family ? this.#call(address) : -errnos.EAFNOSUPPORT;
  }

  /** unix(7): at once or not at all. */
  #connectLocally(address: Uint8Array): number {
    if (address.length <= 2 || familyOf(address) !== this.family) return -errnos.EINVAL;
    const target = this.medium.find(this, address);
    if (target === undefined) return this.kin.absent(address) ? -errnos.ENOENT : -errnos.ECONNREFUSED;
    if (target.type !== this.type) return -errnos.EPROTOTYPE;
    const { dice } = this.medium;
    const { refuse, hang } = target.faults;
    if (!(target instanceof Connection) || !target.listening || dice.says(refuse))
      return -errnos.ECONNREFUSED;
    if (dice.says(hang) || target.#backlog.length > target.#most) return -errnos.EAGAIN;
    if (this.#state !== 'idle') return this.listening ? -errnos.EINVAL : -errnos.EISCONN;
    this.#establish(target, address);
    return 0;
  }

  /** tcp(7): in the background. */
  #call(address: Uint8Array): number {
    if (this.name === undefined) {
      const result = this.medium.bind(this, this.ownName);
      if (result < 0) return result;
    }
    this.takeError();
    if (this.name !== undefined) this.source = this.kin.source(this.name, address);
    this.#state = 'connecting';
    const target = this.medium.find(this, address);
    const { delay, hang, refuse } = (target ?? this).faults;
    const { dice } = this.medium;
    if (dice.says(hang)) return -errnos.EINPROGRESS;
    const refused = dice.says(refuse);
    // There and back.
    this.medium.later(dice.delay(delay) * 2, () => {
      const now = this.medium.find(this, address);
      if (this.closed) return;
      if (refused || !(now instanceof Connection) || !now.listening) this.#refused();
      else if (now.#backlog.length > now.#most) now.#callers.push({ caller: this, address });
      else this.#establish(now, address);
    });
    return -errnos.EINPROGRESS;
  }

  #refused(): void {
    this.#state = 'idle';
    this.fail(errnos.ECONNREFUSED);
  }

  #establish(listener: Connection, address: Uint8Array): void {
    const end = new Connection(this.medium, listener.family, listener.type, listener.protocol);
    end.name = listener.name;
    if (listener.name !== undefined) end.source = this.kin.source(listener.name, address);
    end.sendBuffer = listener.sendBuffer;
    end.receiveBuffer = listener.receiveBuffer;
    end.#accepted = false;
    end.join(this);
    this.#untold = !this.kin.local;
    listener.#backlog.push(end);
    listener.changed();
    this.changed();
  }

  connected(): number {
    if (this.#state === 'connecting') return -errnos.EAGAIN;
    if (this.error !== 0) return this.takeError();
    this.#untold = false;
    return this.#state === 'connected' ? 0 : -errnos.ENOTCONN;
  }

  accept(): Station | number {
    if (!this.listening) return -errnos.EINVAL;
    if (this.#backlog.length > 0 && this.medium.dice.says(this.faults.wouldBlock)) return -errnos.EAGAIN;
    const accepted = this.#backlog.shift();
    if (accepted === undefined) return -errnos.EAGAIN;
    accepted.#accepted = true;
    for (let next = this.#callers.shift(); next !== undefined; next = this.#callers.shift()) {
      if (next.caller.closed) continue;
      next.caller.#establish(this, next.address);
      break;
    }
    return accepted;
  }

  receive(buffers: readonly Uint8Array[], flags: number, came: Came): number {
    if (flags & constants.MSG_OOB)
      return this.#stream && !this.kin.local ? -errnos.EINVAL : -errnos.EOPNOTSUPP;
    if (flags & constants.MSG_ERRQUEUE) return -errnos.EAGAIN;
    if (this.#state !== 'connected') return this.#receiveUnconnected();
    if (!this.#stream && this.error !== 0) return this.takeError();
    if (this.inbox.length === 0) {
      if (!this.kin.local && this.#finished) return 0;
      if (this.error !== 0) return this.takeError();
      return this.shut & RECEIVE ? 0 : -errnos.EAGAIN;
    }
    const hindered = this.hindered(false);
    if (hindered < 0) return hindered;
    if (!this.#stream) return takeMessage(this.inbox, buffers, flags, came);
    const { dice } = this.medium;
    let most = Math.min(lengthOf(buffers), this.readable);
    if (most > 1 && dice.says(this.faults.shortReads)) most = dice.whole(1, most - 1);
    return takeBytes(this.inbox, buffers, most, flags, came);
  }

  #receiveUnconnected(): number {
    if (this.#state === 'connecting') return -errnos.EAGAIN;
    if (this.error !== 0) return this.takeError();
    return this.kin.local && this.#stream ? -errnos.EINVAL : -errnos.ENOTCONN;
  }

  send(parts: readonly Uint8Array[], flags: number, to: Uint8Array | undefined, control: Uint8Array): number {
    if (flags & constants.MSG_OOB) return -errnos.EOPNOTSUPP;
    if (this.#state === 'connecting') return -errnos.EAGAIN;
    if (this.error !== 0 && !(this.kin.local && this.#stream)) return this.takeError();
    if (this.#state !== 'connected' || this.#peer === undefined) {
      if (!this.#stream) return -errnos.ENOTCONN;
      if (this.kin.local) return to === undefined ? -errnos.ENOTCONN : -errnos.EOPNOTSUPP;
      return -errnos.EPIPE;
    }
    if (this.kin.local && this.#stream && to !== undefined && to.length > 0) return -errnos.EISCONN;
    if (this.shut & SEND) return -errnos.EPIPE;
    const length = lengthOf(parts);
    if (!this.#stream && length > this.sendBuffer - 32) return -errnos.EMSGSIZE;
    if (this.#stream && length === 0) return 0;
    if (this.error !== 0) return this.takeError();
    const hindered = this.hindered(true);
    if (hindered < 0) return hindered;
    const room = this.sendBuffer - this.charged;
    if (room <= 0) return -errnos.EAGAIN;
    return this.#transmit(gathered(parts), this.#stream ? Math.min(length, room) : length, control);
  }

  #transmit(bytes: Uint8Array, most: number, control: Uint8Array): number {
    const { dice } = this.medium;
    const { shortWrites, resetAfter = Number.POSITIVE_INFINITY } = this.faults;
    let count = most;
    if (this.#stream && count > 1 && dice.says(shortWrites)) count = dice.whole(1, count - 1);
    const left = resetAfter - this.#sent;
    const last = count >= left;
    if (last) count = this.#stream ? Math.max(0, left) : count > left ? 0 : count;
    if (count > 0 || !last) {
      const cost = count + (this.#stream ? 0 : OVERHEAD);
      this.charged += cost;
      this.#sent += count;
      const piece = { bytes: bytes.subarray(0, count), address: this.#address, control, from: this, cost };
      this.#inOrder((peer) => peer.#arrived(piece));
    }
    if (!last) return count;
    this.#inOrder((peer) => peer.#reset(errnos.ECONNRESET));
    if (count > 0) {
      this.#reset(errnos.ECONNRESET);
      return count;
    }
    this.#reset(0);
    return -errnos.ECONNRESET;
  }

  /** What receivers of packets are told of the sender; of a stream's they are told nothing. */
  get #address(): Uint8Array {
    return this.#stream && !this.kin.local ? NONE : this.senderName;
  }

  /** Has something happen at the peer, behind all that is on its way there. */
  #inOrder(work: (peer: Connection) => void): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    const { clock, dice } = this.medium;
    const now = clock.now();
    this.#arrival = Math.max(this.#arrival, now + dice.delay(this.faults.delay));
    const wait = this.#arrival - now;
    if (wait <= 0 && this.#underWay.length === 0) {
      work(peer);
      return;
    }
    // Timers may swap two of the same moment: whichever comes first, it brings what was sent first.
    this.#underWay.push(work);
    this.medium.schedule(Math.max(0, wait), () => this.#underWay.shift()?.(peer));
  }

  #arrived(piece: Piece): void {
    // To whoever has shut both directions TCP lets nothing more come.
    if (!this.kin.local && this.shut === BOTH) this.#reset(errnos.ECONNRESET);
    if (!this.closed && !this.#over) {
      this.inbox.push(piece);
      this.changed();
      return;
    }
    piece.from.release(piece.cost);
    // Whoever is gone answers with a reset.
    if (!this.kin.local) this.#inOrder((peer) => peer.#reset(errnos.ECONNRESET));
  }

  #reset(error: number): void {
    if (this.closed || this.#over) return;
    // Who had been told the end before, and could still send, finds the pipe broken.
    const halfClosed = !this.kin.local && this.#finished && (this.shut & SEND) === 0;
    this.#over = true;
    this.shut = BOTH;
    this.fail(error !== 0 && halfClosed ? errnos.EPIPE : error);
  }

  /** The peer will send no more. */
  #finish(): void {
    this.#finished = true;
    this.shut |= RECEIVE;
    this.#overWhenBoth();
    this.changed();
  }

  /** TCP's connection is no more when both have said that they will send nothing. */
  #overWhenBoth(): void {
    if (!this.kin.local && this.#finished && this.shut & SEND) this.#over = true;
  }

  shutdown(how: number): number {
    if (how < constants.SHUT_RD || how > constants.SHUT_RDWR) return -errnos.EINVAL;
    const { local } = this.kin;
    if (!local && this.#state === 'listening') return 0;
    if (!local && !this.hasPeer) return -errnos.ENOTCONN;
    const directions = how + 1;
    const ends = (directions & SEND) !== 0 && (this.shut & SEND) === 0;
    this.shut |= directions;
    if (ends) this.#inOrder((peer) => peer.#finish());
    // A Unix socket that takes no more has the other one find the pipe broken.
    if (local && directions & RECEIVE) {
      this.#inOrder((peer) => {
        peer.shut |= SEND;
        peer.changed();
      });
    }
    this.#overWhenBoth();
    this.changed();
    return 0;
  }

  protected end(abortive: boolean): void {
    for (const waiting of this.#backlog.splice(0)) waiting.close(true);
    for (const { caller } of this.#callers.splice(0)) if (!caller.closed) caller.#refused();
    if (this.#state !== 'connected') return;
    const unread = this.inbox.length > 0;
    if (this.kin.local) {
      this.#inOrder((peer) => {
        peer.shut = BOTH;
        if (unread || (abortive && !this.#accepted)) peer.error = errnos.ECONNRESET;
        peer.changed();
      });
    } else if (unread || abortive) this.#inOrder((peer) => peer.#reset(errnos.ECONNRESET));
    else if ((this.shut & SEND) === 0) this.#inOrder((peer) => peer.#finish());
  }

  poll(): number {
    const { POLLIN, POLLOUT, POLLHUP, POLLERR, POLLRDHUP } = constants;
    const failed = this.error === 0 ? 0 : POLLERR;
    if (this.listening) return failed | (this.#backlog.length > 0 ? POLLIN : 0);
    if (this.#state === 'connecting') return 0;
    if (this.#state === 'idle') return POLLOUT | POLLHUP | failed | (failed ? POLLIN | POLLRDHUP : 0);
    let stands = failed;
    if (this.inbox.length > 0 || this.shut & RECEIVE) stands |= POLLIN;
    if (this.shut & RECEIVE) stands |= POLLRDHUP;
    if (this.charged < this.sendBuffer || (!this.kin.local && this.shut & SEND)) stands |= POLLOUT;
    if (this.shut === BOTH) stands |= POLLHUP;
    return stands;
  }
}
