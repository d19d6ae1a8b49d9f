import { checkObject, checkUint, wrongType, wrongValue } from '@sockeye/addr/check';
import { constants, errnos, type Socket, type SocketError } from '@sockeye/core';
import { receiveBuffer, receiveBufferForce, timestamping, timestampNanoseconds } from '@sockeye/core/options';
import type { ErrorClass } from './error-frame.ts';
import type { CanFilter } from './filter.ts';

/** Virtual networks of CAN XL (VCID), Linux 6.9. */
export interface VcidOptions {
  /** What frames are sent with: what each says (`'pass'`, the default), or one for all. */
  readonly tx?: number | 'pass' | undefined;
  /** Which frames are received: all, tagged or not (the default), or those whose VCID has `value` in the bits of `mask`. */
  readonly rx?: { readonly value: number; readonly mask?: number | undefined } | 'all' | undefined;
}

/** Which error frames: all, none, or those of some classes. */
export type CanErrors = boolean | readonly ErrorClass[];

export interface CanSocketOptions {
  /**
   * What to receive; left out: everything but error frames. An empty list: nothing, for a socket that only sends. More than 512
   * become a program for the kernel.
   */
  readonly filters?: readonly CanFilter[] | undefined;
  /** A frame must pass all filters instead of one. Default false. */
  readonly joinFilters?: boolean | undefined;
  /** Receive CAN FD frames, and be allowed to send them, beside classic ones. Default false. */
  readonly fd?: boolean | undefined;
  /** Receive CAN XL frames, and be allowed to send them, beside the others; Linux 6.2, Debian's 6.1. Default false. */
  readonly xl?: boolean | undefined;
  readonly vcid?: VcidOptions | undefined;
  /** Whether other sockets on this host see what is sent. Default true. */
  readonly loopback?: boolean | undefined;
  /** Whether this socket receives what it sent itself, once it was on the bus; needs `loopback`. Default false. */
  readonly receiveOwn?: boolean | undefined;
  /** Which error frames to receive: all with true, or those of some classes. Default none. */
  readonly errors?: CanErrors | undefined;
  /**
   * Who says when a frame came: the kernel, the kernel and the controller (`hardwareTimestampNs`, where it has a clock), or nobody,
   * which is a little faster. Default `software`.
   */
  readonly timestamps?: 'software' | 'hardware' | false | undefined;
  /** Bytes of the kernel's receive buffer; a frame takes some 800 of them. Above net.core.rmem_max with CAP_NET_ADMIN. */
  readonly receiveBuffer?: number | undefined;
  /** Frames that are kept for each iteration when others read faster: 8,192 unless given. */
  readonly queue?: number | undefined;
}

/** linux/can/raw.h: CAN_RAW_XL_VCID_OPTS, and the flags of struct can_raw_vcid_options. */
const CAN_RAW_XL_VCID_OPTS = 8;
const VCID_TX_SET = 1;
const VCID_TX_PASS = 2;
const VCID_RX_FILTER = 4;

/**
 * Checks all but filters and errors, and gives what sets them.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export function planOptions(options: CanSocketOptions): (socket: Socket) => void {
  const { fd, xl, vcid, loopback, receiveOwn, timestamps = 'software', receiveBuffer: bytes } = options;
  const flags: [number, boolean][] = [];
  const flag = (option: string, name: () => number, value: boolean | undefined): void => {
    if (value !== undefined) flags.push([name(), checkFlag(option, value)]);
  };
  flag('fd', () => constants.CAN_RAW_FD_FRAMES, fd);
  flag('xl', () => constants.CAN_RAW_XL_FRAMES, xl);
  flag('loopback', () => constants.CAN_RAW_LOOPBACK, loopback);
  flag('receiveOwn', () => constants.CAN_RAW_RECV_OWN_MSGS, receiveOwn);
  if (timestamps !== 'software' && timestamps !== 'hardware' && timestamps !== false) {
    throw wrongValue('timestamps', "'software', 'hardware' or false", timestamps);
  }
  if (bytes !== undefined) checkUint('receiveBuffer', bytes, 30);
  const tags = vcid !== undefined || xl === true ? vcidBytes(vcid) : undefined;
  return (socket) => {
    for (const [name, value] of flags) socket.setsockopt(constants.SOL_CAN_RAW, name, Number(value));
    if (tags !== undefined) setVcid(socket, tags, vcid !== undefined);
    if (timestamps === 'software') timestampNanoseconds.set(socket, true);
    else if (timestamps === 'hardware') {
      timestamping.set(socket, { flags: ['rxHardware', 'rawHardware', 'rxSoftware', 'software'] });
    }
    if (bytes !== undefined) setReceiveBuffer(socket, bytes);
  };
}

/** struct can_raw_vcid_options. Without it the kernel sends every frame untagged, and drops those that are tagged: unless told, nothing is to be lost. */
function vcidBytes(vcid: VcidOptions | undefined): Uint8Array {
  if (vcid !== undefined) checkObject('vcid', vcid);
  const { tx = 'pass', rx = 'all' } = vcid ?? {};
  if (rx !== 'all') checkObject('vcid.rx', rx);
  const { value, mask = 0xff } = rx === 'all' ? { value: 0, mask: 0 } : rx;
  return Uint8Array.of(
    (tx === 'pass' ? VCID_TX_PASS : VCID_TX_SET) | VCID_RX_FILTER,
    tx === 'pass' ? 0 : checkUint('vcid.tx', tx, 8),
    checkUint('vcid.rx.value', value, 8),
    checkUint('vcid.rx.mask', mask, 8),
  );
}

function setVcid(socket: Socket, bytes: Uint8Array, asked: boolean): void {
  try {
    socket.setsockopt(constants.SOL_CAN_RAW, CAN_RAW_XL_VCID_OPTS, bytes);
  } catch (error) {
    // Before 6.9 the kernel looks at no tag, and passes all.
    if (asked || (error as SocketError).errno !== -errnos.ENOPROTOOPT) throw error;
  }
}

function setReceiveBuffer(socket: Socket, bytes: number): void {
  try {
    receiveBufferForce.set(socket, bytes);
  } catch (error) {
    if ((error as SocketError).errno !== -errnos.EPERM) throw error;
    receiveBuffer.set(socket, bytes);
  }
}

export function checkFlag(name: string, value: boolean): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}
