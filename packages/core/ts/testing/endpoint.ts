/** An in-memory socket, but for moving bytes: what `endpoint.ts` is to a Socket. */
import { type Address, type AddressBuffer, sockaddr } from '../address.ts';
import { checkOption, type SyncOptions } from '../arguments.ts';
import { checkBytes, checkInt, checkInteger, wrongType } from '../check.ts';
import { constants, errnos } from '../constants.ts';
import type { Counters } from '../counters.ts';
import { systemError } from '../errors.ts';
import { waiting } from '../handle.ts';
import { type Directions, pollEvents, type Ready, ready } from '../ready.ts';
import { AGAIN, READABLE, type WaitOptions, WRITABLE } from '../wait.ts';
import { Calls, type Happenings } from './calls.ts';
import type { Station } from './station.ts';

/** How often a connection is asked for again that a full backlog does not let in, in milliseconds. */
const PAUSE = 1;

/** What is behind each of them, closed ones too. */
const stations: WeakMap<MemoryEndpoint, Station> = new WeakMap();

/** What is behind a socket; nothing where it is none of these. */
export function stationOf(socket: unknown): Station | undefined {
  return socket instanceof MemoryEndpoint ? stations.get(socket) : undefined;
}

export class MemoryEndpoint {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  /** @internal */
  protected readonly calls: Calls;
  /** @internal */
  protected readonly world: Happenings;
  readonly #unwatch: () => void;
  readonly #station: Station;
  #referenced = true;
  #blocking = false;

  constructor(station: Station, world: Happenings) {
    this.#station = station;
    stations.set(this, station);
    this.family = station.family;
    this.type = station.type;
    this.protocol = station.protocol;
    this.world = world;
    this.calls = new Calls(world, (direction) => {
      const { POLLIN, POLLOUT, POLLERR, POLLHUP } = constants;
      return (station.poll() & (POLLERR | POLLHUP | (direction === READABLE ? POLLIN : POLLOUT))) !== 0;
    });
    this.#unwatch = station.watch(this.calls.tell);
  }

  /** What is behind it; nothing once it is closed. */
  protected get station(): Station | undefined {
    return this.calls.closed ? undefined : this.#station;
  }

  /** Runs a call on what is behind it: `-EBADF` once closed. */
  protected on(call: (station: Station) => number): number {
    return this.calls.closed ? -errnos.EBADF : call(this.#station);
  }

  protected open(syscall: string): Station {
    if (this.calls.closed) throw this.calls.error(-errnos.EBADF, syscall);
    return this.#station;
  }

  /** Always -1: there is no descriptor. */
  get fd(): number {
    return -1;
  }

  get closed(): boolean {
    return this.calls.closed;
  }

  get blocking(): boolean {
    this.open('fcntl');
    return this.#blocking;
  }

  set blocking(blocking: boolean) {
    if (typeof blocking !== 'boolean') throw wrongType('blocking', 'a boolean', blocking);
    this.open('fcntl');
    this.#blocking = blocking;
  }

  get counters(): Counters {
    return { ...this.calls.counters };
  }

  bind(address: Address): void {
    const bytes = sockaddr(address);
    this.calls.done(
      this.on((station) => station.bind(bytes)),
      'bind',
    );
  }

  listen(backlog: number = constants.SOMAXCONN): void {
    checkInt('backlog', backlog);
    this.calls.done(
      this.on((station) => station.listen(backlog)),
      'listen',
    );
  }

  tryConnect(address: Address): number {
    const bytes = sockaddr(address);
    return this.on((station) => station.connect(bytes));
  }

  async connect(address: Address, options?: WaitOptions): Promise<void> {
    const { timeout, signal } = waiting(options, 'connect');
    const bytes = sockaddr(address);
    let result = this.tryConnect(bytes);
    if (result === AGAIN) {
      const again = (): number => (result === AGAIN ? this.tryConnect(bytes) : result);
      result = await this.#backlog(again, { timeout: timeout < 0 ? undefined : timeout, signal });
    }
    if (result === -errnos.EINPROGRESS) result = await this.#finish(options);
    this.calls.done(result, 'connect');
  }

  #finish(options: WaitOptions | undefined): Promise<number> {
    return this.calls.run(WRITABLE, () => this.on((station) => station.connected()), 'connect', {
      timeout: options?.timeout,
      signal: options?.signal,
    });
  }

  /** The backlog of a Unix socket is full, which nothing tells the end of: asks again and again. */
  async #backlog(start: () => number, options: WaitOptions): Promise<number> {
    let result = AGAIN;
    let bell = this.world.clock.after(PAUSE, () => ring());
    const ring = (): void => {
      bell = this.world.clock.after(PAUSE, () => ring());
      this.calls.tell();
    };
    try {
      await this.calls.run(
        WRITABLE,
        () => {
          result = start();
          return result === AGAIN ? AGAIN : 0;
        },
        'connect',
        options,
      );
      return result;
    } finally {
      bell.clear();
    }
  }

  connectSync(address: Address, options?: SyncOptions): void {
    const bytes = sockaddr(address);
    let started = false;
    const attempt = (): number => {
      if (started) return this.on((station) => station.connected());
      const result = this.tryConnect(bytes);
      started = result === -errnos.EINPROGRESS;
      return started ? this.on((station) => station.connected()) : result;
    };
    this.calls.block(WRITABLE, attempt, 'connect', options);
  }

  async wait(options: WaitOptions & Directions): Promise<Ready> {
    const events = pollEvents(options);
    return ready(await this.calls.look(() => this.#stands(events), options), events);
  }

  waitSync(options: SyncOptions & Directions): Ready {
    const events = pollEvents(options);
    const attempt = (): number => this.#stands(events) || AGAIN;
    return ready(this.calls.block(0, attempt, 'poll', options), events);
  }

  tryWait(events: number): number {
    return this.#stands(checkInteger('events', events, 0, 0x7fff));
  }

  #stands(events: number): number {
    return this.on((station) => station.poll() & (events | constants.POLLERR | constants.POLLHUP));
  }

  ref(): this {
    this.#referenced = true;
    return this;
  }

  unref(): this {
    this.#referenced = false;
    return this;
  }

  /** What `ref` and `unref` said; nothing here keeps the event loop alive. */
  hasRef(): boolean {
    return this.#referenced;
  }

  shutdown(how: number): void {
    checkInt('how', how);
    this.calls.done(
      this.on((station) => station.shutdown(how)),
      'shutdown',
    );
  }

  getsockname(): Uint8Array {
    return this.open('getsockname').ownName.slice();
  }

  getpeername(): Uint8Array {
    const { hasPeer, peerName } = this.open('getpeername');
    if (!hasPeer || peerName === undefined) throw this.calls.error(-errnos.ENOTCONN, 'getpeername');
    return peerName.slice();
  }

  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, length: number): Buffer;
  getsockopt(level: number, name: number, length?: number): number | Buffer {
    checkInt('level', level);
    checkInt('name', name);
    if (length !== undefined) checkInteger('length', length, 0, 1 << 20);
    const value = this.open('getsockopt').option(level, name);
    const bytes = typeof value === 'number' ? new Uint8Array(Int32Array.of(value).buffer) : value;
    if (length !== undefined) return Buffer.from(bytes.subarray(0, length));
    const four = new Uint8Array(4);
    four.set(bytes.subarray(0, 4));
    return new Int32Array(four.buffer)[0] as number;
  }

  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    checkInt('level', level);
    checkInt('name', name);
    const checked = typeof value === 'object' ? checkBytes('value', value) : checkOption(value);
    this.calls.done(
      this.on((station) => station.setOption(level, name, checked)),
      'setsockopt',
    );
  }

  /** FIONREAD and SIOCOUTQ are known. */
  ioctl(request: number, argument?: Uint8Array): number {
    checkInteger('request', request, 0, 0xffffffff);
    if (argument !== undefined) checkBytes('argument', argument);
    const station = this.open('ioctl');
    const values = new Map([
      [constants.FIONREAD, station.readable],
      [constants.SIOCOUTQ, station.charged],
    ]);
    const value = values.get(request);
    if (value === undefined) {
      throw systemError(-errnos.EOPNOTSUPP, 'ioctl', 'in memory there are FIONREAD and SIOCOUTQ');
    }
    if (argument === undefined) return value;
    if (argument.length < 4) throw this.calls.error(-errnos.EINVAL, 'ioctl');
    argument.set(new Uint8Array(Int32Array.of(value).buffer));
    return 0;
  }

  /** @throws SocketError EOPNOTSUPP: nothing here is urgent */
  atMark(): boolean {
    this.open('ioctl');
    throw systemError(-errnos.EOPNOTSUPP, 'ioctl', 'there are no urgent data in memory');
  }

  reset(): void {
    this.open('setsockopt');
    this.#close(true);
  }

  close(): void {
    this.#close(false);
  }

  #close(abortive: boolean): void {
    if (this.closed) return;
    this.#unwatch();
    this.calls.cancel();
    this.#station.close(abortive);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** What a call tells of an address. */
export function tell(address: Uint8Array, to: AddressBuffer): void {
  to.bytes.set(address);
  to.length = address.length;
}

/** What console.log shows of one. */
Object.defineProperty(MemoryEndpoint.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: MemoryEndpoint): string {
    const { family, type, protocol } = this;
    return `MemorySocket { family: ${family}, type: ${type}, protocol: ${protocol} }`;
  },
});
