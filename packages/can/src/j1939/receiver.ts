/** Messages as they come: a J1939 socket of its own for each that listens, so that nobody takes another's. */
import { type CanJ1939Address, decode } from '@sockeye/addr';
import { checkInteger, checkObject, wrongType } from '@sockeye/addr/check';
import { constants as c, MessageBuffer, platform, type Socket, SocketError } from '@sockeye/core';
import { controlSpace, decodeControl } from '@sockeye/core/cmsg';
import { J1939AbortError } from './abort.ts';
import { askForNotices, ErrorQueue } from './error-queue.ts';
import { encodeJ1939Filters, type J1939Filter } from './filter.ts';
import { goneError, interfaceState, j1939Socket } from './lane.ts';
import { BROADCAST, MAX_ETP_SIZE } from './pgn.ts';

/** A message, whole: of up to 8 bytes, or put together by the kernel. */
export interface J1939Message {
  readonly pgn: number;
  /** 0, the most urgent, to 7. */
  readonly priority: number;
  /** Address of the sender. */
  readonly from: number;
  /** Its NAME, where it has claimed its address since the kernel listens. */
  readonly fromName: bigint | undefined;
  /** Address of the receiver; 0xff for everybody. */
  readonly to: number;
  /** Its NAME, as of the sender. */
  readonly toName: bigint | undefined;
  readonly data: Uint8Array;
  /** It was longer than `maxLength`: the rest is gone. */
  readonly truncated: boolean;
  /** When it came: nanoseconds since 1970. */
  readonly timestampNs: bigint | undefined;
  /** Sent by this host; undefined for one of more than 8 bytes, of which the kernel does not say. */
  readonly local: boolean | undefined;
}

/** A transfer that is on its way to us, told before its message is there. */
export type J1939Reception =
  | {
      readonly type: 'begun';
      readonly pgn: number;
      readonly from: number;
      readonly to: number;
      readonly length: number;
    }
  | {
      readonly type: 'progress';
      readonly pgn: number;
      readonly from: number;
      readonly length: number;
      readonly received: number;
    }
  | {
      readonly type: 'aborted';
      readonly pgn: number;
      readonly from: number;
      readonly error: J1939AbortError;
    };

export interface J1939ReceiveOptions {
  /** Parameter groups to receive; all unless given. */
  readonly pgn?: number | readonly number[] | undefined;
  /** Senders to hear: addresses, or NAMEs; all unless given. */
  readonly from?: number | bigint | readonly (number | bigint)[] | undefined;
  /** Instead of `pgn` and `from`: a message passes one of these. */
  readonly filters?: readonly J1939Filter[] | undefined;
  /** Hear what others send to others, too. Long messages between others come as the frames they are made of. Default false. */
  readonly promiscuous?: boolean | undefined;
  /** Hear broadcasts. Default true. */
  readonly broadcast?: boolean | undefined;
  /** Hear what was sent from the same address on this host. Default false. */
  readonly own?: boolean | undefined;
  /** Bytes of the longest message, up to 117,440,505; 65,536 unless given. */
  readonly maxLength?: number | undefined;
  /** Bytes of messages that may wait to be read (SO_RCVBUF); the system's default unless given. */
  readonly receiveBuffer?: number | undefined;
  /** Told of transfers on their way: begun, how far they are (those of more than 1,785 bytes), and aborted. */
  readonly onReception?: ((reception: J1939Reception) => void) | undefined;
  /** Ends the iteration with ABORT_ERR. */
  readonly signal?: AbortSignal | undefined;
}

/** Bytes up to which a message is one frame. */
const FRAME = 8;
/** Milliseconds from an interface's going down to its removal, when it is removed. */
const REMOVAL = 10;
const ROOM = controlSpace(1, 8, 1, 16, 4);
const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

function filtersOf({ pgn, from, filters }: J1939ReceiveOptions): readonly J1939Filter[] {
  if (filters !== undefined) {
    if (pgn !== undefined || from !== undefined)
      throw wrongType('filters', 'undefined beside `pgn` and `from`', filters);
    return filters;
  }
  if (pgn === undefined && from === undefined) return [];
  const pgns: readonly (number | undefined)[] = pgn === undefined ? [undefined] : list(pgn);
  const senders: readonly (number | bigint | undefined)[] = from === undefined ? [undefined] : list(from);
  return pgns.flatMap((one) => senders.map((sender) => ({ pgn: one, from: sender })));
}

/** Who listens: asked at each message, since the address may change. */
export interface Listener {
  readonly address: number | undefined;
}

/**
 * Messages from the moment that this was made; in `for await`, one after the other. Leaving the loop closes it, and so
 * does closing whom it was made by, which ends the loop.
 */
export class J1939Messages implements AsyncIterableIterator<J1939Message>, AsyncDisposable {
  readonly #socket: Socket;
  readonly #ifindex: number;
  readonly #listener: Listener;
  readonly #own: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #buffer: Uint8Array;
  readonly #message: MessageBuffer = new MessageBuffer({ control: ROOM });
  readonly #closed: (messages: J1939Messages) => void;
  /** The last call: calls take turns, as they share a buffer. */
  #turn: Promise<unknown> = Promise.resolve();
  #done = false;

  /** @internal */
  constructor(
    local: CanJ1939Address,
    listener: Listener,
    options: J1939ReceiveOptions,
    closed: (messages: J1939Messages) => void,
  ) {
    checkObject('options', options);
    const { promiscuous = false, broadcast = true, own = false, signal, onReception } = options;
    const filters = encodeJ1939Filters(filtersOf(options));
    this.#buffer = new Uint8Array(checkInteger('maxLength', options.maxLength ?? 65_536, 1, MAX_ETP_SIZE));
    this.#listener = listener;
    this.#ifindex = local.ifindex;
    this.#own = own;
    this.#signal = signal;
    this.#closed = closed;
    const { receiveBuffer } = options;
    this.#socket = j1939Socket();
    try {
      const socket = this.#socket;
      if (filters.length > 0) socket.setsockopt(c.SOL_CAN_J1939, c.SO_J1939_FILTER, filters);
      if (promiscuous) socket.setsockopt(c.SOL_CAN_J1939, c.SO_J1939_PROMISC, 1);
      if (!broadcast) socket.setsockopt(c.SOL_SOCKET, c.SO_BROADCAST, 0);
      if (receiveBuffer !== undefined) {
        const bytes = checkInteger('receiveBuffer', receiveBuffer, 0, 0x3fffffff);
        socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, bytes);
      }
      socket.setsockopt(c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1);
      if (onReception !== undefined) askForNotices(socket, { receive: true });
      socket.bind(local);
      if (onReception !== undefined) void this.#watch(onReception);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /**
   * The next message; done once it was closed.
   * @throws ENETDOWN once when the interface goes down, after which it goes on; ENODEV when it is gone; ABORT_ERR
   */
  next(): Promise<IteratorResult<J1939Message, undefined>> {
    const next = this.#turn.then(() => this.#next());
    this.#turn = next.catch(() => {});
    return next;
  }

  async #next(): Promise<IteratorResult<J1939Message, undefined>> {
    while (!this.#done) {
      try {
        const signal = this.#signal;
        const count = await this.#socket.recvMsgInto(this.#buffer, this.#message, { signal });
        const message = this.#read(count);
        if (this.#own || message.local === false || message.from !== this.#listener.address)
          return { done: false, value: message };
      } catch (error) {
        if (this.#done) break;
        const { code } = error as SocketError;
        if (code === 'ABORT_ERR') await this.return();
        if (code !== 'ENETDOWN') throw error;
        // The kernel says no more when the interface is removed. Some wait with that until the last socket is closed.
        await new Promise((resolve) => setTimeout(resolve, REMOVAL));
        if (interfaceState(this.#ifindex) !== 'gone') throw error;
        await this.return();
        throw goneError('recvmsg');
      }
    }
    return { done: true, value: undefined };
  }

  /** @internal Whether its waits keep the process alive from now on. */
  reference(referenced: boolean): void {
    if (referenced) this.#socket.ref();
    else this.#socket.unref();
  }

  /** @internal Binds it anew, to the same interface. */
  rebind(local: CanJ1939Address): void {
    if (!this.#done) this.#socket.bind(local);
  }

  /** Closes it; twice is fine. */
  async return(): Promise<IteratorResult<J1939Message, undefined>> {
    if (!this.#done) {
      this.#done = true;
      this.#socket.close();
      this.#closed(this);
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #read(count: number): J1939Message {
    const { address, flags, truncated } = this.#message;
    let to = BROADCAST;
    let toName: bigint | undefined;
    let priority = 0;
    let timestampNs: bigint | undefined;
    for (const control of this.#message.control().map(decodeControl)) {
      if (control.kind === 'j1939-destination-address') to = control.address;
      else if (control.kind === 'j1939-destination-name') toName = control.name;
      else if (control.kind === 'j1939-priority') priority = control.priority;
      else if (control.kind === 'timestamp') timestampNs = control.time;
    }
    const sender = decode(address.bytes, 0, address.length, platform, { protocol: c.CAN_J1939 });
    const known = sender.family === 'can-j1939' ? sender : undefined;
    return {
      pgn: known?.pgn ?? 0,
      priority,
      from: known?.addr ?? BROADCAST,
      fromName: known === undefined || known.name === 0n ? undefined : known.name,
      to,
      toName,
      data: this.#buffer.slice(0, count),
      truncated,
      timestampNs,
      local: count > FRAME ? undefined : (flags & c.MSG_DONTROUTE) !== 0,
    };
  }

  /** Tells of transfers until it is closed. */
  async #watch(told: (reception: J1939Reception) => void): Promise<void> {
    const queue = new ErrorQueue(this.#socket);
    const under = new Map<number, { pgn: number; from: number; length: number; received: number }>();
    try {
      while (!this.#done) {
        const notice = await queue.next();
        if (notice.kind === 'receiving') {
          const { key, pgn, from, to, length } = notice;
          // What is over without an abort is not told: the oldest go.
          if (under.size >= 64) under.delete(under.keys().next().value as number);
          under.set(key, { pgn, from, length, received: 0 });
          told({ type: 'begun', pgn, from, to, length });
          continue;
        }
        const transfer = under.get(notice.key);
        if (transfer === undefined) continue;
        const { pgn, from, length } = transfer;
        if (notice.kind === 'receive-progress') {
          transfer.received = notice.bytes;
          told({ type: 'progress', pgn, from, length, received: notice.bytes });
        } else if (notice.kind === 'receive-aborted') {
          under.delete(notice.key);
          const acknowledged = notice.bytes;
          const aborted = { pgn, peer: from, length, acknowledged };
          told({
            type: 'aborted',
            pgn,
            from,
            error: new J1939AbortError('from', aborted, notice.code, notice.errno),
          });
        }
      }
    } catch (error) {
      // Closed; what else it can be is told by next().
      if (!(error instanceof SocketError)) throw error;
    }
  }
}
