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
import { decodeFdFrame, encodeFdFrame, type FdFrame, type FdFrameFields } from './fd.ts';
import { type CanId, decodeCanId, encodeCanId } from './id.ts';
import {
  CAN_ID,
  CAN_MAX_DLEN,
  CAN_MTU,
  CANFD_MTU,
  CANXL_XLF,
  DATA,
  LEN,
  LEN8_DLC,
  readHostU32,
  writeHostU32,
  XL_FLAGS,
} from './layout.ts';
import { decodeXlFrame, encodeXlFrame, type XlFrame, type XlFrameFields } from './xl.ts';

export { CAN_MAX_DLEN, CAN_MTU } from './layout.ts';

/** A classic CAN frame (struct can_frame): data, remote request, or error report. */
export interface ClassicFrame {
  readonly fd: false;
  readonly xl: false;
  readonly id: CanId;
  readonly remote: boolean;
  readonly error: boolean;
  /** Payload length, 0 to 8; of a remote frame the length that it asks for. */
  readonly length: number;
  /** The data length code as it was on the bus where that was 9 to 15 with 8 bytes of data; else 0. */
  readonly len8Dlc: number;
  /** `length` bytes; none on a remote frame. */
  readonly data: Uint8Array;
}

/** What {@link encodeClassicFrame} takes: flags left out are false, data left out is empty. */
export interface ClassicFrameFields {
  readonly fd?: false | undefined;
  readonly xl?: false | undefined;
  /** A plain number is a standard identifier. */
  readonly id: CanId | number;
  readonly remote?: boolean | undefined;
  readonly error?: boolean | undefined;
  /** For remote frames, which carry no data; otherwise it is that of `data`. */
  readonly length?: number | undefined;
  readonly len8Dlc?: number | undefined;
  readonly data?: Uint8Array | undefined;
}

/** A frame as it is received; `fd` and `xl` tell the kinds apart. */
export type CanFrame = ClassicFrame | FdFrame | XlFrame;

/** A frame as it is given to be sent. */
export type CanFrameFields = ClassicFrameFields | FdFrameFields | XlFrameFields;

/**
 * Reads a struct can_frame from `offset` of `bytes`; `data` is a view.
 * @throws MalformedFrameError when fewer than 16 bytes are left or the length field is above 8.
 */
export function decodeClassicFrame(bytes: Uint8Array, offset = 0): ClassicFrame {
  const have = bytesLeft('bytes', bytes, offset);
  if (have < CAN_MTU) throw new MalformedFrameError('can_frame', offset, '16 bytes or more', have);
  const length = bytes[offset + LEN]!;
  if (length > CAN_MAX_DLEN) {
    throw new MalformedFrameError('can_frame', offset + LEN, 'a length of at most 8', length);
  }
  const { id, remote, error } = decodeCanId(readHostU32(bytes, offset + CAN_ID));
  const dlc = bytes[offset + LEN8_DLC]!;
  return {
    fd: false,
    xl: false,
    id,
    remote,
    error,
    length,
    len8Dlc: length === CAN_MAX_DLEN && dlc > CAN_MAX_DLEN && dlc <= 15 ? dlc : 0,
    data: bytes.subarray(offset + DATA, offset + DATA + (remote ? 0 : length)),
  };
}

/**
 * Writes a struct can_frame into `into` at `offset`, all 16 bytes of it. Returns 16.
 * @throws ERR_OUT_OF_RANGE when the identifier, the data, a length or the frame does not fit,
 * ERR_INVALID_ARG_VALUE for a remote frame with data, or a `length` that is not that of the data.
 */
export function encodeClassicFrame(frame: ClassicFrameFields, into: Uint8Array, offset = 0): number {
  checkObject('frame', frame);
  checkRoom('into', into, offset, CAN_MTU);
  const canId = encodeCanId(frame.id, frame);
  const { data, len8Dlc = 0, remote = false } = frame;
  const dataLength = data === undefined ? 0 : checkBytes('data', data).length;
  if (dataLength > CAN_MAX_DLEN) throw outOfRange('data', 'at most 8 bytes (64 with `fd: true`)', data);
  if (remote && dataLength > 0) throw wrongValue('data', 'empty on a remote frame', data);
  const length = checkInteger('length', frame.length ?? dataLength, 0, CAN_MAX_DLEN);
  if (!remote && length !== dataLength) throw wrongValue('length', `that of the data, ${dataLength}`, length);
  if (
    len8Dlc !== 0 &&
    (length !== CAN_MAX_DLEN || len8Dlc <= CAN_MAX_DLEN || checkUint('len8Dlc', len8Dlc, 4) === 0)
  ) {
    throw outOfRange('len8Dlc', '9 to 15 with a length of 8, else 0', len8Dlc);
  }
  writeHostU32(into, offset + CAN_ID, canId);
  into[offset + LEN] = length;
  into[offset + LEN + 1] = 0;
  into[offset + LEN + 2] = 0;
  into[offset + LEN8_DLC] = len8Dlc;
  // For eight bytes, fill() and set() would cost more than they do.
  for (let at = 0; at < CAN_MAX_DLEN; at++) {
    into[offset + DATA + at] = at < dataLength ? data![at]! : 0;
  }
  return CAN_MTU;
}

/**
 * Reads what a raw CAN socket gave: its size tells a classic frame (16 bytes) from an FD frame (72), and one bit an XL frame
 * (12 and the data) from both. `data` is a view.
 * @throws MalformedFrameError for any other size, or a length field that is above the frame's own limit.
 */
export function decodeFrame(bytes: Uint8Array): CanFrame {
  const { length } = checkBytes('bytes', bytes);
  if (length > XL_FLAGS && (bytes[XL_FLAGS]! & CANXL_XLF) !== 0) return decodeXlFrame(bytes);
  if (length === CAN_MTU) return decodeClassicFrame(bytes);
  if (length === CANFD_MTU) return decodeFdFrame(bytes);
  throw new MalformedFrameError('CAN frame', 0, '16 or 72 bytes, or an XL frame', length);
}

/**
 * Writes a frame, classic, FD or XL as its `fd` and `xl` say, into `into` at `offset`. Returns 16, 72, or 12 and the data's length.
 * @throws As {@link encodeClassicFrame}, `encodeFdFrame` and `encodeXlFrame`; ERR_INVALID_ARG_VALUE where it is to be both.
 */
export function encodeFrame(frame: CanFrameFields, into: Uint8Array, offset = 0): number {
  checkObject('frame', frame);
  if (frame.xl === true) {
    if ((frame.fd as boolean | undefined) === true) throw wrongValue('fd', 'false on an XL frame', true);
    return encodeXlFrame(frame, into, offset);
  }
  return frame.fd === true ? encodeFdFrame(frame, into, offset) : encodeClassicFrame(frame, into, offset);
}
