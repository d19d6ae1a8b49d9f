import {
  bytesLeft,
  checkBytes,
  checkInteger,
  checkObject,
  checkRoom,
  checkUint,
  outOfRange,
  wrongValue,
} from '@sockeye/addr/check';
import { MalformedFrameError } from './errors.ts';
import { type CanId, decodeCanId, encodeCanId } from './id.ts';
import {
  CAN_ID,
  CANFD_MAX_DLEN,
  CANFD_MTU,
  DATA,
  FD_FLAGS,
  LEN,
  readHostU32,
  writeHostU32,
} from './layout.ts';

export { CANFD_MAX_DLEN, CANFD_MTU } from './layout.ts';

/** Bits of canfd_frame.flags (linux/can.h). */
export const CANFD_BRS = 0x01;
export const CANFD_ESI = 0x02;
/** Set by the kernel (since 5.14) on what is an FD frame by its size already. */
export const CANFD_FDF = 0x04;

/** ISO 11898-1: data length code to length in bytes. */
const LENGTHS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];

/** A CAN FD frame (struct canfd_frame). There are no remote frames in CAN FD. */
export interface FdFrame {
  readonly fd: true;
  readonly xl: false;
  readonly id: CanId;
  readonly remote: false;
  readonly error: boolean;
  /** The payload was sent at the second bit rate. */
  readonly bitRateSwitch: boolean;
  /** The sender is error passive. */
  readonly errorStateIndicator: boolean;
  /**
   * 0 to 64 bytes; a length that has no code of its own is padded by the controller, see
   * {@link fdPaddedLength}.
   */
  readonly data: Uint8Array;
}

/** What {@link encodeFdFrame} takes: flags left out are false, data left out is empty. */
export interface FdFrameFields {
  readonly fd: true;
  readonly xl?: false | undefined;
  /** A plain number is a standard identifier. */
  readonly id: CanId | number;
  readonly remote?: false | undefined;
  readonly error?: boolean | undefined;
  readonly bitRateSwitch?: boolean | undefined;
  readonly errorStateIndicator?: boolean | undefined;
  readonly data?: Uint8Array | undefined;
}

/**
 * The payload length in bytes of a CAN FD data length code.
 * @throws ERR_OUT_OF_RANGE when `dlc` is not an integer from 0 to 15.
 */
export function fdDlcToLength(dlc: number): number {
  return LENGTHS[checkUint('dlc', dlc, 4)]!;
}

/**
 * The smallest CAN FD data length code that holds `length` bytes.
 * @throws ERR_OUT_OF_RANGE when `length` is not an integer from 0 to 64.
 */
export function fdLengthToDlc(length: number): number {
  checkInteger('length', length, 0, CANFD_MAX_DLEN);
  return LENGTHS.findIndex((holds) => holds >= length);
}

/** The length which a payload of `length` bytes has on the bus: 9 becomes 12, 33 becomes 48. */
export function fdPaddedLength(length: number): number {
  return fdDlcToLength(fdLengthToDlc(length));
}

/**
 * Reads a struct canfd_frame from `offset` of `bytes`; `data` is a view.
 * @throws MalformedFrameError when fewer than 72 bytes are left or the length field is above 64.
 */
export function decodeFdFrame(bytes: Uint8Array, offset = 0): FdFrame {
  const have = bytesLeft('bytes', bytes, offset);
  if (have < CANFD_MTU) throw new MalformedFrameError('canfd_frame', offset, '72 bytes or more', have);
  const length = bytes[offset + LEN]!;
  if (length > CANFD_MAX_DLEN) {
    throw new MalformedFrameError('canfd_frame', offset + LEN, 'a length of at most 64', length);
  }
  const { id, error } = decodeCanId(readHostU32(bytes, offset + CAN_ID));
  const flags = bytes[offset + FD_FLAGS]!;
  return {
    fd: true,
    xl: false,
    id,
    remote: false,
    error,
    bitRateSwitch: (flags & CANFD_BRS) !== 0,
    errorStateIndicator: (flags & CANFD_ESI) !== 0,
    data: bytes.subarray(offset + DATA, offset + DATA + length),
  };
}

/**
 * Writes a struct canfd_frame into `into` at `offset`, all 72 bytes of it. Returns 72.
 * @throws ERR_OUT_OF_RANGE when the identifier, the data or the frame does not fit, ERR_INVALID_ARG_VALUE for
 * a remote frame.
 */
export function encodeFdFrame(frame: FdFrameFields, into: Uint8Array, offset = 0): number {
  checkObject('frame', frame);
  checkRoom('into', into, offset, CANFD_MTU);
  // A caller without types can ask for it.
  if ((frame.remote as boolean | undefined) === true) {
    throw wrongValue('remote', 'false: CAN FD has no remote frames', true);
  }
  const canId = encodeCanId(frame.id, frame);
  const { data } = frame;
  if (data !== undefined && checkBytes('data', data).length > CANFD_MAX_DLEN) {
    throw outOfRange('data', 'at most 64 bytes', data);
  }
  into.fill(0, offset, offset + CANFD_MTU);
  writeHostU32(into, offset + CAN_ID, canId);
  into[offset + FD_FLAGS] =
    (frame.bitRateSwitch ? CANFD_BRS : 0) | (frame.errorStateIndicator ? CANFD_ESI : 0);
  if (data !== undefined) {
    into[offset + LEN] = data.length;
    into.set(data, offset + DATA);
  }
  return CANFD_MTU;
}
