import type { AddressBuffer } from './address.ts';
import type { AcceptOptions, SyncOptions } from './arguments.ts';
import type { Socket } from './socket.ts';
import type { WaitOptions } from './wait.ts';

/** Calls that give further sockets, which need not be {@link Socket}s. */
type GivesSockets =
  | 'accept'
  | 'acceptSync'
  | 'tryAccept'
  | 'acceptBatch'
  | 'acceptBatchSync'
  | 'tryAcceptBatch'
  | 'dup'
  | 'ref'
  | 'unref';

/**
 * What a {@link Socket} does, whoever does it: what code takes that is to be tested over the in-memory sockets of
 * `@sockeye/core/testing`. Each call is the one of that name of {@link Socket}.
 */
export interface SocketLike extends Omit<Pick<Socket, keyof Socket>, GivesSockets> {
  accept(options?: WaitOptions & AcceptOptions): Promise<SocketLike>;
  acceptSync(options?: SyncOptions & AcceptOptions): SocketLike;
  tryAccept(address?: AddressBuffer): SocketLike | number;
  acceptBatch(most?: number, options?: WaitOptions): Promise<SocketLike[]>;
  acceptBatchSync(most?: number, options?: SyncOptions): SocketLike[];
  tryAcceptBatch(most?: number): SocketLike[] | number;
  dup(): SocketLike;
  ref(): SocketLike;
  unref(): SocketLike;
}
