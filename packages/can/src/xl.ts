import {
  bytesLeft,
  checkBytes,
  checkObject,
  checkRoom,
  checkUint,
  outOfRange,
  wrongType,
  wrongValue,
} from '@sockeye/addr/check';
import { MalformedFrameError } from './errors.ts';
import { CAN_SFF_MASK, type CanId, idOfCanId, toCanId } from './id.ts';
import {
  CAN_ID,
  CANXL_HDR_SIZE,
  CANXL_MAX_DLEN,
  CANXL_MIN_DLEN,
  CANXL_XLF,
  readHostU16,
  readHostU32,
  writeHostU16,
  writeHostU32,
  XL_AF,
  XL_FLAGS,
  XL_LEN,
  XL_SDT,
} from './layout.ts';

export { CANXL_HDR_SIZE, CANXL_MAX_DLEN, CANXL_MIN_DLEN, CANXL_MTU, CANXL_XLF } from './layout.ts';

/** Further bits of canxl_frame.flags (linux/can.h). */
export const CANXL_SEC = 0x01;
/** Since Linux 6.18; older kernels pass it on. */
export const CANXL_RRS = 0x02;
/** Where canxl_frame.prio has the virtual network's number, since Linux 6.9. */
export const CANXL_VCID_OFFSET = 16;

const VCID_MASK = 0xff;

/** A CAN XL frame (struct canxl_frame, CiA 610-1). There are no remote frames in CAN XL. */
export interface XlFrame {
  readonly fd: false;
  readonly xl: true;
  /** The priority: a standard identifier. Who is meant is in `acceptance`. */
  readonly id: CanId;
  readonly remote: false;
  readonly error: false;
  /** What the data are: SDT, the service data unit type, 0 to 255 (CiA 611-1). */
  readonly sdt: number;
  /** VCID, the virtual network, 0 to 255. */
  readonly vcid: number;
  /** AF, the acceptance field, 32 bits: an address, or what SDT says. */
  readonly acceptance: number;
  /** SEC: the data begin with headers of security or segmentation. */
  readonly sec: boolean;
  /** RRS, the remote request substitution bit. */
  readonly rrs: boolean;
  /** 1 to 2,048 bytes. */
  readonly data: Uint8Array;
}

/** What {@link encodeXlFrame} takes: numbers left out are 0, flags false. */
export interface XlFrameFields {
  readonly xl: true;
  readonly fd?: false | undefined;
  readonly id: CanId | number;
  readonly remote?: false | undefined;
  readonly error?: false | undefined;
  readonly sdt?: number | undefined;
  readonly vcid?: number | undefined;
  readonly acceptance?: number | undefined;
  readonly sec?: boolean | undefined;
  readonly rrs?: boolean | undefined;
  readonly data: Uint8Array;
}

/**
 * Reads a struct canxl_frame from `offset` of `bytes`, as much of it as its length field says; `data` is a view.
 * @throws MalformedFrameError when bytes are missing, for a length that is not 1 to 2,048, without CANXL_XLF.
 */
export function decodeXlFrame(bytes: Uint8Array, offset = 0): XlFrame {
  const have = bytesLeft('bytes', bytes, offset);
  const fail = (at: number, expected: string, got: number): MalformedFrameError =>
    new MalformedFrameError('canxl_frame', offset + at, expected, got);
  if (have <= CANXL_HDR_SIZE) throw fail(0, '13 bytes or more', have);
  const flags = bytes[offset + XL_FLAGS]!;
  if ((flags & CANXL_XLF) === 0) throw fail(XL_FLAGS, 'flags with CANXL_XLF', flags);
  const length = readHostU16(bytes, offset + XL_LEN);
  if (length < CANXL_MIN_DLEN || length > CANXL_MAX_DLEN) {
    throw fail(XL_LEN, 'a length of 1 to 2048', length);
  }
  if (have < CANXL_HDR_SIZE + length) throw fail(0, `${CANXL_HDR_SIZE + length} bytes or more`, have);
  const prio = readHostU32(bytes, offset + CAN_ID);
  return {
    fd: false,
    xl: true,
    id: idOfCanId(prio & CAN_SFF_MASK),
    remote: false,
    error: false,
    sdt: bytes[offset + XL_SDT]!,
    vcid: (prio >>> CANXL_VCID_OFFSET) & VCID_MASK,
    acceptance: readHostU32(bytes, offset + XL_AF),
    sec: (flags & CANXL_SEC) !== 0,
    rrs: (flags & CANXL_RRS) !== 0,
    data: bytes.subarray(offset + CANXL_HDR_SIZE, offset + CANXL_HDR_SIZE + length),
  };
}

/**
 * Writes a struct canxl_frame into `into` at `offset`, without room behind the data. Returns 12 and the data's length.
 * @throws ERR_OUT_OF_RANGE when a number, the data or the frame does not fit, ERR_INVALID_ARG_VALUE for a remote or error
 * frame or an extended identifier.
 */
export function encodeXlFrame(frame: XlFrameFields, into: Uint8Array, offset = 0): number {
  checkObject('frame', frame);
  const { sdt = 0, vcid = 0, acceptance = 0, sec = false, rrs = false, data } = frame;
  for (const name of ['remote', 'error'] as const) {
    // A caller without types can ask for it.
    if ((frame[name] as boolean | undefined) === true) throw wrongValue(name, 'false on an XL frame', true);
  }
  const id = toCanId('id', frame.id);
  if (id.extended) throw wrongValue('id', 'a standard identifier on an XL frame', frame.id);
  for (const [name, flag] of [
    ['sec', sec],
    ['rrs', rrs],
  ] as const) {
    if (typeof flag !== 'boolean') throw wrongType(name, 'a boolean', flag);
  }
  checkUint('sdt', sdt, 8);
  checkUint('vcid', vcid, 8);
  checkUint('acceptance', acceptance, 32);
  const { length } = checkBytes('data', data);
  if (length < CANXL_MIN_DLEN || length > CANXL_MAX_DLEN) throw outOfRange('data', '1 to 2048 bytes', data);
  checkRoom('into', into, offset, CANXL_HDR_SIZE + length);
  writeHostU32(into, offset + CAN_ID, id.value | (vcid << CANXL_VCID_OFFSET));
  into[offset + XL_FLAGS] = CANXL_XLF | (sec ? CANXL_SEC : 0) | (rrs ? CANXL_RRS : 0);
  into[offset + XL_SDT] = sdt;
  writeHostU16(into, offset + XL_LEN, length);
  writeHostU32(into, offset + XL_AF, acceptance);
  into.set(data, offset + CANXL_HDR_SIZE);
  return CANXL_HDR_SIZE + length;
}
