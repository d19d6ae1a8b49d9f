/** Which messages a J1939 socket receives: `struct j1939_filter` of linux/can/j1939.h. Pure. */
import { checkInteger, checkObject, outOfRange, wrongType } from '@sockeye/addr/check';
import { checkName } from './name.ts';
import { BROADCAST, checkPgn, MAX_PGN } from './pgn.ts';

/** A message passes that has all that is given; what is left out may be anything. */
export interface J1939Filter {
  readonly pgn?: number | undefined;
  /** Bits of the parameter group number that count; all unless given. */
  readonly pgnMask?: number | undefined;
  /** The sender: an address, or a NAME. */
  readonly from?: number | bigint | undefined;
  /** Bits of the address or NAME that count; all unless given. */
  readonly fromMask?: number | bigint | undefined;
}

/** J1939_FILTER_MAX: the most that a socket takes. */
export const J1939_FILTER_MAX = 512;
/** `sizeof(struct j1939_filter)`, and its fields. */
const SIZE = 32;
const [NAME, NAME_MASK, PGN, PGN_MASK, ADDR, ADDR_MASK] = [0, 8, 16, 20, 24, 25] as const;
/** J1939_NO_PGN: no message has this group. */
const NO_PGN = 0x40000;
const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The option SO_J1939_FILTER as bytes, in the byte order of this machine; an empty list has everything pass.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE (more than 512 of them, too), ERR_INVALID_ARG_VALUE
 */
export function encodeJ1939Filters(filters: readonly J1939Filter[]): Uint8Array {
  if (!Array.isArray(filters)) throw wrongType('filters', 'an array of filters', filters);
  if (filters.length > J1939_FILTER_MAX)
    throw outOfRange('filters', `at most ${J1939_FILTER_MAX} of them`, filters);
  const bytes = new Uint8Array(filters.length * SIZE);
  const view = new DataView(bytes.buffer);
  for (const [index, filter] of filters.entries()) {
    const argument = `filters[${index}]`;
    checkObject(argument, filter);
    const at = index * SIZE;
    const { pgn, pgnMask, from, fromMask } = filter;
    if (pgn !== undefined) {
      const mask = checkInteger(`${argument}.pgnMask`, pgnMask ?? MAX_PGN, 0, MAX_PGN);
      view.setUint32(at + PGN, checkPgn(`${argument}.pgn`, pgn), little);
      view.setUint32(at + PGN_MASK, mask, little);
    }
    if (typeof from === 'bigint') {
      const mask = checkName(`${argument}.fromMask`, fromMask ?? 2n ** 64n - 1n);
      view.setBigUint64(at + NAME, checkName(`${argument}.from`, from), little);
      view.setBigUint64(at + NAME_MASK, mask, little);
    } else if (from !== undefined) {
      bytes[at + ADDR] = checkInteger(`${argument}.from`, from, 0, BROADCAST);
      bytes[at + ADDR_MASK] = checkInteger(`${argument}.fromMask`, fromMask ?? BROADCAST, 0, BROADCAST);
    }
  }
  return bytes;
}

/** A filter that nothing passes: for sockets that only send. */
export function nothingPasses(): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(PGN, NO_PGN, little);
  view.setUint32(PGN_MASK, NO_PGN, little);
  return bytes;
}
