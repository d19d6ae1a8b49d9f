import { type Address, type AddressBuffer, sockaddr, storage } from '../address.ts';
import type { AcceptOptions, Range, SyncOptions, Ticket } from '../arguments.ts';
import { checkInteger, checkOptions } from '../check.ts';
import { type FirstData, firstData, remaining } from '../connect.ts';
import { errnos } from '../constants.ts';
import { systemError } from '../errors.ts';
import type { OpenFile, SpliceFlags } from '../files.ts';
import type { SocketLike } from '../socket-like.ts';
import { READABLE, type WaitOptions } from '../wait.ts';
import { tell } from './endpoint.ts';
import { MemoryMessages } from './messages.ts';

/** What a file or a descriptor is needed for, which nothing has here. */
function without(syscall: string): never {
  throw systemError(-errnos.EOPNOTSUPP, syscall, 'an in-memory socket has no descriptor');
}

/**
 * A socket without a kernel, for tests: it does what a `Socket` does, with the same forms, errors and order. A `MemoryNetwork`
 * makes them. Not there, and refused with EOPNOTSUPP: `sendFile`, `spliceFrom`, `spliceInto`, `detach`, `handOver`, `atMark`, ioctl(2) but
 * for FIONREAD and SIOCOUTQ, urgent data. `fd` is -1. The constructor is not for callers.
 */
export class MemorySocket extends MemoryMessages implements SocketLike {
  override async connect(address: Address, options?: WaitOptions & FirstData): Promise<void> {
    const data = firstData(options);
    if (data === undefined) return super.connect(address, options);
    const left = remaining(options?.timeout);
    const { timeout, signal } = options ?? {};
    await super.connect(sockaddr(address), { timeout, signal });
    if (data.length > 0) await this.sendAll(data, { timeout: left(), signal });
  }

  override connectSync(address: Address, options?: SyncOptions & FirstData): void {
    const data = firstData(options);
    const left = remaining(options?.timeout);
    super.connectSync(address, options);
    if (data !== undefined && data.length > 0) this.sendAllSync(data, { timeout: left() });
  }

  async accept(options?: WaitOptions & AcceptOptions): Promise<MemorySocket> {
    const { address } = checkOptions(options);
    let accepted: MemorySocket | undefined;
    const attempt = (): number => {
      const result = this.tryAccept(address);
      if (typeof result === 'number') return result;
      accepted = result;
      return 0;
    };
    await this.calls.run(READABLE, attempt, 'accept', options);
    return accepted as MemorySocket;
  }

  acceptSync(options?: SyncOptions & AcceptOptions): MemorySocket {
    const { address } = checkOptions(options);
    let accepted: MemorySocket | undefined;
    const attempt = (): number => {
      const result = this.tryAccept(address);
      if (typeof result === 'number') return result;
      accepted = result;
      return 0;
    };
    this.calls.block(READABLE, attempt, 'accept', options);
    return accepted as MemorySocket;
  }

  tryAccept(address?: AddressBuffer): MemorySocket | number {
    if (address !== undefined) storage(address);
    const { station } = this;
    if (station === undefined) return -errnos.EBADF;
    const accepted = station.accept();
    if (typeof accepted === 'number') return accepted;
    this.calls.counters.messagesIn += 1;
    if (address !== undefined) tell(accepted.peerName ?? new Uint8Array(0), address);
    return new MemorySocket(accepted, this.world);
  }

  async acceptBatch(most = 64, options?: WaitOptions): Promise<MemorySocket[]> {
    checkInteger('most', most, 1, 0x7fffffff);
    let accepted: MemorySocket[] = [];
    const attempt = (): number => {
      const result = this.tryAcceptBatch(most);
      if (typeof result === 'number') return result;
      accepted = result;
      return 0;
    };
    await this.calls.run(READABLE, attempt, 'accept', options);
    return accepted;
  }

  acceptBatchSync(most = 64, options?: SyncOptions): MemorySocket[] {
    checkInteger('most', most, 1, 0x7fffffff);
    const accepted = [this.acceptSync(options)];
    const more = most > 1 ? this.tryAcceptBatch(most - 1) : 0;
    return typeof more === 'number' ? accepted : accepted.concat(more);
  }

  tryAcceptBatch(most = 64): MemorySocket[] | number {
    checkInteger('most', most, 1, 0x7fffffff);
    const accepted: MemorySocket[] = [];
    while (accepted.length < most) {
      const result = this.tryAccept();
      if (typeof result !== 'number') accepted.push(result);
      else if (accepted.length === 0) return result;
      else break;
    }
    return accepted;
  }

  /** A second socket over the same connection, which ends when the last one is closed. */
  dup(): MemorySocket {
    const station = this.open('fcntl');
    station.references += 1;
    return new MemorySocket(station, this.world);
  }

  /** Not there: EOPNOTSUPP, as all below. */
  detach(): number {
    return without('detach');
  }

  handOver(): Ticket {
    return without('handOver');
  }

  async sendFile(_file: OpenFile, _options?: WaitOptions & Range): Promise<number> {
    return without('sendfile');
  }

  sendFileSync(_file: OpenFile, _options?: SyncOptions & Range): number {
    return without('sendfile');
  }

  trySendFile(_file: OpenFile, _offset?: number, _length?: number): number {
    return -errnos.EOPNOTSUPP;
  }

  async spliceFrom(_pipe: OpenFile, _length: number, _options?: WaitOptions & SpliceFlags): Promise<number> {
    return without('splice');
  }

  spliceFromSync(_pipe: OpenFile, _length: number, _options?: SyncOptions & SpliceFlags): number {
    return without('splice');
  }

  trySpliceFrom(_pipe: OpenFile, _length: number, _flags?: number): number {
    return -errnos.EOPNOTSUPP;
  }

  async spliceInto(_pipe: OpenFile, _length: number, _options?: WaitOptions & SpliceFlags): Promise<number> {
    return without('splice');
  }

  spliceIntoSync(_pipe: OpenFile, _length: number, _options?: SyncOptions & SpliceFlags): number {
    return without('splice');
  }

  trySpliceInto(_pipe: OpenFile, _length: number, _flags?: number): number {
    return -errnos.EOPNOTSUPP;
  }
}
