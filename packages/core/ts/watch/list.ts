/** What this process has open, and what all of it has moved. */
import { type PerformanceMark, performance } from 'node:perf_hooks';
import { AddressBuffer, storage } from '../address.ts';
import { native } from '../binding.ts';
import { constants } from '../constants.ts';
import { type Counters, countersOf } from '../counters.ts';
import { watched } from '../wait.ts';
import { dropsOf, type ReadOption, type TcpState, tcpState } from './tcp.ts';

/** An open socket of this process. */
export interface OpenSocket {
  fd: number;
  family: number;
  type: number;
  protocol: number;
  /** Its own address, a sockaddr. */
  local: Uint8Array;
  /** The peer's, where it has one. */
  peer: Uint8Array | undefined;
  state: 'listening' | 'connected' | 'unconnected';
  /** Of TCP's sockets. */
  tcp: TcpState | undefined;
  /** Bytes that wait to be received: FIONREAD. Nothing where the kernel does not say. */
  receiveQueue: number | undefined;
  /** Bytes that the peer, or the device, has not taken: SIOCOUTQ. */
  sendQueue: number | undefined;
  /** Messages that were lost since there was no room for them. */
  drops: number | undefined;
  /** As `socket.counters`. The waits are those of this thread. */
  counters: Counters;
  /** Since when it has been open here, in milliseconds. */
  age: number;
  /** Whether it belongs to this thread; else to another one (a worker) or to another copy of the context. */
  own: boolean;
}

/** What all sockets of the process have moved since its start, those that are closed too. */
export interface Totals {
  bytesIn: number;
  messagesIn: number;
  bytesOut: number;
  messagesOut: number;
  /** Descriptors that are open here: sockets, pipes, and what came with messages. */
  open: number;
}

const numbers: Float64Array = new Float64Array(5);
const numbersBytes: Uint8Array = new Uint8Array(numbers.buffer);
const integer: Int32Array = new Int32Array(1);
const integerBytes: Uint8Array = new Uint8Array(integer.buffer);
const scratch: AddressBuffer = new AddressBuffer();

/**
 * The sockets that this process has open, of all its threads, in no order: asked for when it is called, so that nothing is kept for
 * it meanwhile. What is closed while it asks is left out.
 *
 * @throws Error ENOTSUP where there is no native part
 */
export function sockets(): OpenSocket[] {
  const list: OpenSocket[] = [];
  const place = new Int32Array(3);
  for (let from = 0; native.nextOpen(from, place, numbersBytes) >= 0; ) {
    const [slot = 0, generation = 0, own = 0] = place;
    const age = numbers[0] as number;
    const found = describe(slot, generation, age, own === 1);
    if (found !== undefined) list.push(found);
    from = slot + 1;
  }
  return list;
}

/** One of them; nothing when it is no socket, or closed by now. */
function describe(slot: number, generation: number, age: number, own: boolean): OpenSocket | undefined {
  const kind = new Int32Array(3);
  if (native.describe(slot, generation, kind) < 0) return undefined;
  const [family = 0, type = 0, protocol = 0] = kind;
  const read: ReadOption = (level, name, length) => {
    const bytes = new Uint8Array(length);
    const count = native.getsockoptBytes(slot, generation, level, name, bytes);
    return count < 0 ? undefined : bytes.subarray(0, count);
  };
  const queue = (request: number): number | undefined =>
    native.ioctl(slot, generation, request, integerBytes) < 0 ? undefined : (integer[0] as number);
  const whole = storage(scratch);
  if (native.getsockname(slot, generation, whole) < 0) return undefined;
  const local = scratch.copy();
  const peer = native.getpeername(slot, generation, whole) < 0 ? undefined : scratch.copy();
  const { SOL_SOCKET, SO_ACCEPTCONN } = constants;
  const listens = native.getsockoptInt(slot, generation, SOL_SOCKET, SO_ACCEPTCONN) > 0;
  if (native.counts(slot, generation, numbersBytes) < 0) return undefined;
  const counters = countersOf(numbers, own ? watched.get(slot)?.counters : undefined);
  return {
    fd: native.fd(slot, generation),
    family,
    type,
    protocol,
    local,
    peer,
    state: listens ? 'listening' : peer === undefined ? 'unconnected' : 'connected',
    tcp: tcpState(read),
    receiveQueue: queue(constants.FIONREAD),
    sendQueue: queue(constants.SIOCOUTQ),
    drops: dropsOf(read),
    counters,
    age,
    own,
  };
}

/**
 * What the whole process has moved.
 *
 * @throws Error ENOTSUP where there is no native part
 */
export function totals(): Totals {
  native.totals(numbersBytes);
  const [bytesIn = 0, messagesIn = 0, bytesOut = 0, messagesOut = 0, open = 0] = numbers;
  return { bytesIn, messagesIn, bytesOut, messagesOut, open };
}

/**
 * Puts the totals on the timeline of `perf_hooks`: a mark `sockeye:totals` whose `detail` they are, for whoever observes marks.
 * `performance.clearMarks('sockeye:totals')` forgets them.
 */
export function markTotals(): PerformanceMark {
  return performance.mark('sockeye:totals', { detail: totals() });
}
