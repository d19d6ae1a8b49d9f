/** Parameter groups, and what of them stands in a 29-bit identifier: SAE J1939-21, 5.2. Pure. */
import { checkInteger, checkObject, checkUint, wrongValue } from '@sockeye/addr/check';
import { type CanId, ext, toCanId } from '../id.ts';

/** Where nobody in particular is meant, J1939_NO_ADDR: a broadcast when it is a destination. */
export const BROADCAST = 0xff;
/** The null address of who has none, J1939_IDLE_ADDR: the source of "cannot claim". */
export const NULL_ADDRESS = 0xfe;
/** The highest address that somebody can have, J1939_MAX_UNICAST_ADDR. */
export const MAX_ADDRESS = 0xfd;
/** The highest parameter group number: 18 bits. */
export const MAX_PGN = 0x3ffff;

/** Transport: connection management and data of messages up to 1,785 bytes; SAE J1939-21, 5.10. */
export const PGN_TP_CM = 0xec00;
export const PGN_TP_DT = 0xeb00;
/** The same of messages up to 117,440,505 bytes. */
export const PGN_ETP_CM = 0xc800;
export const PGN_ETP_DT = 0xc700;
/** Acknowledgement, the answer to a request that cannot be met. */
export const PGN_ACKNOWLEDGEMENT = 0xe800;
/** Request of a parameter group, J1939_PGN_REQUEST. */
export const PGN_REQUEST = 0xea00;
/** J1939_PGN_ADDRESS_CLAIMED; from the null address it means "cannot claim". */
export const PGN_ADDRESS_CLAIMED = 0xee00;
/** J1939_PGN_ADDRESS_COMMANDED. */
export const PGN_COMMANDED_ADDRESS = 0xfed8;

/** The most that the transport protocol carries, and the extended one. */
export const MAX_TP_SIZE = 1785;
export const MAX_ETP_SIZE = 117_440_505;

/** What a 29-bit identifier says. */
export interface PduId {
  /** 0, the most urgent, to 7. */
  readonly priority: number;
  /** Parameter group number; its low byte is 0 in PDU1 format, where a destination stands there on the bus. */
  readonly pgn: number;
  /** Address of the sender. */
  readonly source: number;
  /** Address of the receiver; 0xff, everybody, in PDU2 format. */
  readonly destination: number;
}

/** What {@link encodePduId} takes. */
export interface PduIdFields {
  /** 6 unless given. */
  readonly priority?: number | undefined;
  readonly pgn: number;
  readonly source: number;
  /** 0xff unless given. */
  readonly destination?: number | undefined;
}

/** Whether a parameter group is of PDU1 format: sent to an address (or to all, 0xff). Others, PDU2, go to all. */
export function isPdu1(pgn: number): boolean {
  return ((pgn >>> 8) & 0xff) < 240;
}

/**
 * A parameter group number, as given: of PDU1 format with a low byte of 0.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE
 */
export function checkPgn(argument: string, value: unknown): number {
  const pgn = checkUint(argument, value, 18);
  if (isPdu1(pgn) && (pgn & 0xff) !== 0) {
    const clean = `0x${(pgn & 0x3ff00).toString(16)}`;
    throw wrongValue(
      argument,
      `${clean}, or one of PDU2 format: in PDU1 the low byte is the destination`,
      pgn,
    );
  }
  return pgn;
}

/**
 * The identifier of a frame.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE for a destination of a group in PDU2 format
 */
export function encodePduId(fields: PduIdFields): CanId {
  checkObject('fields', fields);
  const { priority = 6, destination = BROADCAST } = fields;
  const pgn = checkPgn('pgn', fields.pgn);
  checkInteger('destination', destination, 0, BROADCAST);
  if (!isPdu1(pgn) && destination !== BROADCAST) {
    throw wrongValue(
      'destination',
      '0xff for a parameter group of PDU2 format, which goes to all',
      destination,
    );
  }
  const low = isPdu1(pgn) ? pgn | destination : pgn;
  return ext(
    checkUint('priority', priority, 3) * 2 ** 26 + low * 2 ** 8 + checkUint('source', fields.source, 8),
  );
}

/**
 * What an identifier says: an extended one, or its 29 bits as a number.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE for a standard one, which is not J1939's
 */
export function decodePduId(id: CanId | number): PduId {
  const value = typeof id === 'number' ? checkUint('id', id, 29) : toCanId('id', id).value;
  if (typeof id !== 'number' && !id.extended) throw wrongValue('id', 'an extended one, ext(...)', id);
  const group = (value >>> 8) & MAX_PGN;
  const pdu1 = isPdu1(group);
  return {
    priority: value >>> 26,
    pgn: pdu1 ? group & 0x3ff00 : group,
    source: value & 0xff,
    destination: pdu1 ? group & 0xff : BROADCAST,
  };
}

/** The three bytes by which a request, or an acknowledgement, names a parameter group: the lowest first. */
export function pgnToBytes(pgn: number): Uint8Array {
  checkPgn('pgn', pgn);
  return Uint8Array.of(pgn & 0xff, (pgn >>> 8) & 0xff, pgn >>> 16);
}

/** Reads them at `offset`; undefined when they are not there. */
export function pgnFromBytes(bytes: Uint8Array, offset = 0): number | undefined {
  const [low, middle, high] = bytes.subarray(offset, offset + 3);
  if (low === undefined || middle === undefined || high === undefined) return undefined;
  return (low | (middle << 8) | (high << 16)) & MAX_PGN;
}
