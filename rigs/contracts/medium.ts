/** What a contract is about: a way for messages or bytes between sockets, and what it can do. */
import type { Socket } from '@sockeye/core';
import type { UnderTheSky } from './weather/weather.ts';

/** One end: a socket, and whom it sends to where it is not connected. */
export interface End {
  readonly socket: Socket;
  /** A sockaddr. */
  readonly to?: Uint8Array | undefined;
}

export interface Pair {
  readonly one: End;
  readonly other: End;
}

/** Something that a medium can do: true, or why it cannot. */
type Ability = true | string;

/** What not every medium can do. A contract names those that it needs; a cell of the table that is empty says this reason. */
export interface Abilities {
  /** After SHUT_WR one direction is at its end and the other goes on. */
  readonly halfClose: Ability;
  /** A close is told to the peer. */
  readonly end: Ability;
  /** What was sent before a close arrives. */
  readonly keptOverClose: Ability;
  /** The end is told to everyone who asks, as often as they ask. */
  readonly endAgain: Ability;
  /** SO_LINGER without time has the peer fail with ECONNRESET. */
  readonly reset: Ability;
  /** Who was told ECONNRESET is told the end from then on. */
  readonly endAfterReset: Ability;
  /** One send takes any length. */
  readonly anyLength: Ability;
  /** A sender is told EAGAIN, or waits, while the receiver does not read, and nothing is lost. */
  readonly backPressure: Ability;
  /** SCM_RIGHTS. */
  readonly descriptors: Ability;
  /** A message that is longer than the room for it is cut, is said to be, and its rest is gone. */
  readonly truncation: Ability;
  /** A message of no bytes arrives. */
  readonly empty: Ability;
  /** A receiver is told the sender's address, to which it can answer. */
  readonly addresses: Ability;
  /** Something comes beside the bytes: {@link Medium.control}. */
  readonly ancillary: Ability;
  /** recvmmsg(2). */
  readonly batches: Ability;
  /** sendmmsg(2) of several messages. */
  readonly sendBatches: Ability;
  /** More than two are on it, and what one sends all others get. */
  readonly members: Ability;
  /** MSG_PEEK leaves a message where it is. */
  readonly peek: Ability;
}

/** What comes beside the bytes on a medium, and how it is asked for. */
export interface Control {
  /** Bytes of room for it. */
  readonly room: number;
  /** The kinds, as decodeControl() calls them, that come with each message. */
  readonly kinds: readonly string[];
  prepare?(pair: Pair): void;
}

export interface Medium {
  /** As results call it: `inet6 stream`. */
  readonly name: string;
  /** Streams carry bytes; the others messages, of which only a seqpacket's are connected, and a raw one's have headers. */
  readonly kind: 'stream' | 'datagram' | 'seqpacket' | 'raw' | 'bus';
  /**
   * The kernels on which the contracts are held to it: the one of whatever machine the tests run on, and the rig's.
   * Elsewhere it is not asked for.
   */
  readonly kernels: readonly KernelKey[];
  readonly can: Abilities;
  /** Two ends that reach each other. `keep` is given each socket as soon as it is there, and closes it in the end. */
  makePair(keep: Keep): Promise<Pair>;
  /** So many members of one bus or group, the first of which sends: where {@link Abilities.members} says so. */
  makeMembers?(keep: Keep, count: number): Promise<End[]>;
  /** A message with number `n` in it, of about `size` bytes. */
  message(n: number, size: number): Buffer;
  /** What `message` says of a received one: without what the kernel puts in front of it. */
  body(received: Buffer): Buffer;
  /** The kernel puts so many bytes in front of a received message. */
  readonly header: number;
  /** Bytes of the longest message that is tried. */
  readonly largest: number;
  /** Messages that are surely under way at once without one being lost or refused. */
  readonly window: number;
  /** The kernel's queues are left as they are: a smaller one would end the connection. */
  readonly queues?: 'as they are';
  readonly control?: Control;
  /** It is for contracts of the weather, and for them only. */
  readonly sky?: UnderTheSky;
  /** Makes ready what all pairs need; called once, before the first. */
  setUp?(): Promise<void> | void;
  tearDown?(): Promise<void> | void;
}

/** Closes a socket when its contract is done. */
export type Keep = (socket: Socket) => Socket;

/**
 * `host`: whatever kernel the tests run on; `containers`: that kernel too, the ends being on two of its networks, in
 * containers; the others are the rig's machines.
 */
export type KernelKey = 'host' | 'containers' | '6.1' | '6.12';

/** A message of `size` bytes whose beginning says its number, and whose every byte depends on number and place. */
function numbered(n: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; at++) bytes[at] = at < 4 ? n >>> (8 * at) : (n * 31 + at * 7) & 0xff;
  return bytes;
}

/** What a medium is unless it says otherwise: plain bytes, any length, eight messages under way. */
export const PLAIN: Pick<Medium, 'message' | 'body' | 'header' | 'largest' | 'window'> = {
  message: numbered,
  body: (received) => received,
  header: 0,
  largest: 1400,
  window: 8,
};
