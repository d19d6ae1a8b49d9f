/** Why a transfer ended: the kernel's errors for the reasons of a connection abort, SAE J1939-21, 5.10.3.4, in words. */
import { SocketError } from '@sockeye/core';

/**
 * By the name of the error that the kernel makes of a reason, of which some share one: net/can/j1939/transport.c. The kernel
 * ends a transfer itself with the same ones.
 */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['EALREADY', 'the receiver is busy with as many transfers as it can keep (reason 1)'],
  ['EMSGSIZE', 'the receiver has no room for it, or needed what it had for something else (reason 2)'],
  ['EHOSTUNREACH', 'an answer did not come in time: nobody has the address, or it heard nothing (reason 3)'],
  ['EBADMSG', 'it was cleared to send while data was on its way (reason 4)'],
  ['ENOTRECOVERABLE', 'parts of it were asked for again too often (reason 5)'],
  ['ENOTCONN', 'data came that nobody waited for (reason 6)'],
  ['EILSEQ', 'parts of it came in the wrong order (reason 7)'],
  ['EPROTO', 'the other side broke the protocol, or gave a reason of its own (reasons 8 to 15, 250)'],
  ['ETIME', 'the other side stopped answering'],
  ['EBUSY', 'another transfer from this address to the same one is under way'],
  ['ENETDOWN', 'the interface went down'],
  ['ESHUTDOWN', 'the interface went down, or the socket was closed'],
  ['ENODEV', 'the interface is gone'],
]);

/** What was to be sent, or was being received, when a transfer ended. */
export interface AbortedTransfer {
  readonly pgn: number;
  /** The other side: an address, or the NAME that was sent to. */
  readonly peer: number | bigint;
  readonly length: number;
  /** Bytes that the receiver had acknowledged, or that had come. */
  readonly acknowledged: number;
}

/** A transfer that ended before its message was over. `code` is the kernel's: `EHOSTUNREACH`, `EALREADY`, `EMSGSIZE` … */
export class J1939AbortError extends SocketError implements AbortedTransfer {
  readonly pgn: number;
  readonly peer: number | bigint;
  readonly length: number;
  readonly acknowledged: number;
  /** The reason in words. */
  readonly reason: string;

  constructor(direction: 'to' | 'from', transfer: AbortedTransfer, code: string, errno: number) {
    const reason = REASONS.get(code) ?? 'the kernel gave it up';
    const { pgn, peer, length, acknowledged } = transfer;
    super(
      `send ${code}: ${length} bytes of 0x${pgn.toString(16)} ${direction} 0x${peer.toString(16)} ended ` +
        `after ${acknowledged}: ${reason}`,
      { code, errno: -errno, syscall: direction === 'to' ? 'sendmsg' : 'recvmsg' },
    );
    this.name = 'J1939AbortError';
    this.pgn = pgn;
    this.peer = peer;
    this.length = length;
    this.acknowledged = acknowledged;
    this.reason = reason;
  }
}
