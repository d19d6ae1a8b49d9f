import { checkBytes, checkInteger, checkObject, checkUint } from '@sockeye/addr/check';
import { decode as decodeAddress, netlink } from '@sockeye/addr/netlink';
import { constants, errnos, type NamespaceOptions, platform, Socket, type WaitOptions } from '@sockeye/core';
import { Listener, type Overrun } from './listener.ts';
import {
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_MIN_TYPE,
} from './message.ts';
import { abortError, closedError, interruptedError, overrunError, refusal } from './netlink-error.ts';
import { Pending } from './pending.ts';

export interface NetlinkOptions extends NamespaceOptions {
  /** NETLINK_… of core's constants. Default NETLINK_ROUTE. */
  readonly protocol?: number | undefined;
  /** Numbers of multicast groups to join (RTNLGRP_…), not bits. */
  readonly groups?: readonly number[] | undefined;
  /** NETLINK_GET_STRICT_CHK: what a dump cannot be filtered by is refused and not ignored. Default true. */
  readonly strict?: boolean | undefined;
  /** SO_RCVBUF, in bytes; the kernel doubles it. */
  readonly receiveBuffer?: number | undefined;
}

/** A request. */
export interface NetlinkRequest {
  /** What errors call it: `RTM_NEWLINK`. Default `netlink request`. */
  readonly name?: string | undefined;
  readonly type: number;
  /** Beside NLM_F_REQUEST and NLM_F_ACK, or NLM_F_DUMP, which are added. */
  readonly flags?: number | undefined;
  readonly body?: Uint8Array | undefined;
}

/** The first room for a datagram: what the kernel fills at most with a dump. It grows to what comes. */
const ROOM = 32_768;
/** How often a dump is asked for again that was interrupted. */
const TRIES = 8;
/** The groups' numbers are those of 32 bits. */
const LAST_GROUP = 0xffffffff;

function trySet(socket: Socket, name: number): boolean {
  try {
    socket.setsockopt(constants.SOL_NETLINK, name, 1);
    return true;
  } catch {
    // Kernels before 4.12 (NETLINK_EXT_ACK) and 4.20 (NETLINK_GET_STRICT_CHK) do without.
    return false;
  }
}

/**
 * A netlink socket (netlink(7), Linux), connected to the kernel, so that no other process's messages get in. Requests may be made
 * side by side: answers are told apart by sequence number, and dumps, of which the kernel makes one at a time, wait for each other.
 */
export class Netlink implements Disposable, AsyncDisposable {
  /** The socket below. */
  readonly socket: Socket;
  /** Its port, which answers are sent to. */
  readonly port: number;
  /** Whether the kernel checks requests for dumps strictly. */
  readonly strict: boolean;
  readonly #pending: Map<number, Pending> = new Map();
  readonly #listeners: Set<Listener> = new Set();
  #bytes: Uint8Array = new Uint8Array(ROOM);
  #sequence = 0;
  #dumps: Promise<unknown> = Promise.resolve();
  #pump: AbortController | undefined;
  #interruptions = 0;
  #overruns = 0;

  private constructor(socket: Socket, port: number, strict: boolean) {
    this.socket = socket;
    this.port = port;
    this.strict = strict;
  }

  /**
   * Opens a socket, with NETLINK_EXT_ACK and NETLINK_CAP_ACK where the kernel has them. It takes no privilege; what is asked of the
   * kernel may.
   * @throws ENOTSUP on other systems than Linux, EPROTONOSUPPORT for a protocol that the kernel has not, EPERM for groups that take
   * CAP_NET_ADMIN
   */
  static open(options: NetlinkOptions = {}): Netlink {
    checkObject('options', options);
    const { groups = [], netns, strict = true, receiveBuffer } = options;
    const protocol = checkUint('protocol', options.protocol ?? constants.NETLINK_ROUTE, 31);
    checkObject('groups', groups);
    for (const [index, group] of groups.entries()) checkInteger(`groups[${index}]`, group, 1, LAST_GROUP);
    // Where there is no netlink, this says so.
    const kernel = netlink({ protocol, pid: 0, groups: 0 });
    kernel.toSockaddr(platform);
    const socket = Socket.create(constants.AF_NETLINK, constants.SOCK_RAW, protocol, { netns });
    try {
      trySet(socket, constants.NETLINK_EXT_ACK);
      trySet(socket, constants.NETLINK_CAP_ACK);
      const strictly = strict && trySet(socket, constants.NETLINK_GET_STRICT_CHK);
      if (receiveBuffer !== undefined) {
        checkUint('receiveBuffer', receiveBuffer, 31);
        socket.setsockopt(constants.SOL_SOCKET, constants.SO_RCVBUF, receiveBuffer);
      }
      socket.connectSync(kernel);
      const name = socket.getsockname();
      const { pid } = decodeAddress(name, 0, name.length, platform);
      const opened = new Netlink(socket, pid, strictly);
      for (const group of groups) opened.join(group);
      return opened;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  /** How often a dump was interrupted (and asked for again), and how often the receive queue ran over. */
  get counters(): { readonly interruptions: number; readonly overruns: number } {
    return { interruptions: this.#interruptions, overruns: this.#overruns };
  }

  /** Joins a multicast group by number (NETLINK_ADD_MEMBERSHIP). Throws EINVAL for one that the protocol has not. */
  join(group: number): void {
    checkInteger('group', group, 1, LAST_GROUP);
    this.socket.setsockopt(constants.SOL_NETLINK, constants.NETLINK_ADD_MEMBERSHIP, group);
  }

  /** Leaves it. */
  leave(group: number): void {
    checkInteger('group', group, 1, LAST_GROUP);
    this.socket.setsockopt(constants.SOL_NETLINK, constants.NETLINK_DROP_MEMBERSHIP, group);
  }

  /**
   * Asks for something to be done or told, and waits for the acknowledgement.
   *
   * @returns the messages that came before it
   * @throws NetlinkError what the kernel says; SocketError ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED when the socket is closed meanwhile,
   * ENOBUFS when the receive queue ran over. The first two do not undo what the kernel was told to do.
   */
  async request(request: NetlinkRequest, options: WaitOptions = {}): Promise<NetlinkMessage[]> {
    const flags = NLM_F_REQUEST | NLM_F_ACK | checkUint('flags', checked(request).flags ?? 0, 16);
    const pending = new Pending(named(request), false, options);
    this.#send(request, flags, pending);
    return pending.answer;
  }

  /**
   * Asks for a list: all parts of it. One that changed while it was listed (NLM_F_DUMP_INTR) is asked for again, eight times at most;
   * {@link counters} tells.
   *
   * @throws as {@link request}; SocketError EINTR when it was interrupted each time
   */
  async dump(request: NetlinkRequest, options: WaitOptions = {}): Promise<NetlinkMessage[]> {
    const flags = NLM_F_REQUEST | NLM_F_DUMP | checkUint('flags', checked(request).flags ?? 0, 16);
    const name = named(request);
    for (let tries = 0; tries < TRIES; tries++) {
      const pending = new Pending(name, true, options);
      const before = this.#dumps;
      // Its turn ends when the kernel is done with it, whether somebody waits for it still or not.
      this.#dumps = pending.finished;
      void before.then(() => this.#send(request, flags, pending));
      const messages = await pending.answer;
      if (!pending.interrupted) return messages;
      this.#interruptions++;
    }
    throw interruptedError(name, TRIES);
  }

  /**
   * What comes unasked, from the groups that were joined, from this call on. Where messages were lost, in the kernel's queue
   * or since nobody took them, there is `{ kind: 'overrun' }` instead.
   *
   * @throws SocketError ABORT_ERR when the signal is aborted, ECANCELED when the socket is closed
   */
  messages(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncIterableIterator<NetlinkMessage | Overrun> {
    checkObject('options', options);
    const { signal } = options;
    const listener: Listener = new Listener(
      (left) => {
        this.#listeners.delete(left);
        this.#rest();
      },
      signal,
      () => abortError('netlink messages', signal as AbortSignal),
    );
    if (this.closed) listener.fail(closedError('netlink messages'));
    else if (signal?.aborted) listener.fail(abortError('netlink messages', signal));
    else {
      this.#listeners.add(listener);
      this.#work();
    }
    return listener;
  }

  #send(request: NetlinkRequest, flags: number, pending: Pending): void {
    if (pending.settled) {
      pending.finish();
      return;
    }
    this.#sequence = this.#sequence === 0xffffffff ? 1 : this.#sequence + 1;
    const sequence = this.#sequence;
    const bytes = encodeMessage({ type: request.type, flags, sequence }, request.body);
    try {
      this.socket.sendSync(bytes);
    } catch (error) {
      pending.fail(error);
      pending.finish();
      return;
    }
    this.#pending.set(sequence, pending);
    this.#work();
  }

  /** Starts to receive, unless it does. */
  #work(): void {
    if (this.#pump !== undefined) return;
    const pump = new AbortController();
    this.#pump = pump;
    void this.#receiveAll(pump);
  }

  /** Stops to receive where nobody waits: a socket that nobody waits on does not hold the process. */
  #rest(): void {
    if (this.#pending.size > 0 || this.#listeners.size > 0) return;
    this.#pump?.abort();
    this.#pump = undefined;
  }

  async #receiveAll(pump: AbortController): Promise<void> {
    while (this.#pump === pump) {
      try {
        const datagram = await this.#receive(pump.signal);
        if (datagram !== undefined) for (const message of decodeMessages(datagram)) this.#take(message);
        if (this.#pump === pump) this.#rest();
      } catch (error) {
        if (this.#pump !== pump) return;
        if ((error as { code?: unknown }).code === 'ENOBUFS') this.#overrun();
        else this.#fail(error);
      }
    }
  }

  /** One datagram, whole: first looked at, since only then is its length known; undefined when it was gone. */
  async #receive(signal: AbortSignal): Promise<Uint8Array | undefined> {
    const flags = constants.MSG_PEEK | constants.MSG_TRUNC;
    const length = await this.socket.recvInto(this.#bytes, { flags, signal });
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(length);
    const taken = this.socket.tryRecvInto(this.#bytes, constants.MSG_TRUNC);
    if (taken === -errnos.ENOBUFS) this.#overrun();
    return taken < 0 ? undefined : this.#bytes.slice(0, taken);
  }

  #take(message: NetlinkMessage): void {
    const { type, sequence, port } = message;
    if (port !== this.port || sequence === 0) {
      if (type >= NLMSG_MIN_TYPE) for (const listener of this.#listeners) listener.push(message);
      return;
    }
    const pending = this.#pending.get(sequence);
    // Without one: nobody waits for it any more.
    if (pending === undefined) return;
    if ((message.flags & NLM_F_DUMP_INTR) !== 0) pending.interrupted = true;
    if (type !== NLMSG_ERROR && type !== NLMSG_DONE) {
      if (type >= NLMSG_MIN_TYPE) pending.messages.push(message);
      return;
    }
    this.#pending.delete(sequence);
    try {
      const error = refusal(pending.request, message);
      if (error === undefined) pending.succeed();
      else pending.fail(error);
    } catch (error) {
      pending.fail(error);
    }
    pending.finish();
  }

  /** The kernel's queue ran over. Dumps lose nothing by it: the kernel makes their next part when there is room. */
  #overrun(): void {
    this.#overruns++;
    for (const listener of this.#listeners) listener.push(undefined);
    for (const [sequence, pending] of this.#pending) {
      if (pending.dump) continue;
      this.#pending.delete(sequence);
      pending.fail(overrunError(pending.request));
      pending.finish();
    }
    this.#rest();
  }

  #fail(error: unknown): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of all) {
      pending.fail(error);
      pending.finish();
    }
    for (const listener of [...this.#listeners]) listener.fail(error);
    this.#rest();
  }

  /** Closes it. Who waits is told ECANCELED. */
  close(): void {
    if (this.closed) return;
    this.socket.close();
    this.#fail(closedError('netlink'));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

function checked(request: NetlinkRequest): NetlinkRequest {
  checkObject('request', request);
  checkUint('type', request.type, 16);
  if (request.body !== undefined) checkBytes('body', request.body);
  return request;
}

function named({ name = 'netlink request' }: NetlinkRequest): string {
  return name;
}
