import { checkObject, checkUint, outOfRange, wrongType, wrongValue } from '@sockeye/addr/check';

/** Flags and masks of a canid_t (linux/can.h). */
export const CAN_EFF_FLAG = 0x80000000;
export const CAN_RTR_FLAG = 0x40000000;
export const CAN_ERR_FLAG = 0x20000000;
export const CAN_SFF_MASK = 0x7ff;
export const CAN_EFF_MASK = 0x1fffffff;

/**
 * An identifier, a value that never changes: `std(0x123)` and `ext(0x123)` are two. Objects of this shape from elsewhere
 * are taken too; {@link sameId} compares.
 */
export interface CanId {
  /** 11 bits, or 29 where `extended`. */
  readonly value: number;
  /** 29-bit identifier. */
  readonly extended: boolean;
}

class Id implements CanId {
  declare readonly value: number;
  declare readonly extended: boolean;

  constructor(value: number, extended: boolean) {
    this.value = value;
    this.extended = extended;
    Object.freeze(this);
  }

  /** As candump writes it, see {@link formatId}. */
  toString(): string {
    return formatId(this);
  }

  /** As it is made. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.extended ? 'ext' : 'std'}(0x${this.value.toString(16)})`;
  }
}

/** Ids are made once where they come again, so that decoding allocates nothing: all standard ones, and extended ones by their low bits. */
const standard: (Id | undefined)[] = new Array(CAN_SFF_MASK + 1).fill(undefined);
const EXTENDED = 4096;
const extended: (Id | undefined)[] = new Array(EXTENDED).fill(undefined);

const standardId = (value: number): CanId => (standard[value] ??= new Id(value, false));

function extendedId(value: number): CanId {
  // J1939 and NMEA 2000 vary in the middle, others at the end.
  const at = (value ^ (value >>> 8) ^ (value >>> 16)) & (EXTENDED - 1);
  const known = extended[at];
  if (known !== undefined && known.value === value) return known;
  const id = new Id(value, true);
  extended[at] = id;
  return id;
}

/**
 * A standard identifier.
 * @throws ERR_OUT_OF_RANGE above 0x7ff, ERR_INVALID_ARG_TYPE for what is no number.
 */
export function std(value: number): CanId {
  return standardId(checkUint('value', value, 11));
}

/**
 * An extended identifier.
 * @throws ERR_OUT_OF_RANGE above 0x1fffffff, ERR_INVALID_ARG_TYPE for what is no number.
 */
export function ext(value: number): CanId {
  return extendedId(checkUint('value', value, 29));
}

/** Whether both name the same frames on the bus: number and kind are equal. */
export function sameId(one: CanId, other: CanId): boolean {
  checkObject('one', one);
  checkObject('other', other);
  return one.value === other.value && one.extended === other.extended;
}

/**
 * An identifier as it may be given: one, or a plain number up to 0x7ff, which is a standard one.
 * @param name of the argument, for the error
 * @throws ERR_INVALID_ARG_VALUE for a number that only `ext()` can mean, ERR_OUT_OF_RANGE for one that no identifier has,
 * ERR_INVALID_ARG_TYPE.
 */
export function toCanId(name: string, given: CanId | number): CanId {
  if (typeof given === 'number') {
    if (given >>> 0 === given && given <= CAN_SFF_MASK) return standardId(given);
    if (given > CAN_SFF_MASK && given <= CAN_EFF_MASK && Number.isInteger(given)) {
      throw wrongValue(name, `ext(0x${given.toString(16)}) where more than 11 bits are meant`, given);
    }
    return standardId(checkUint(name, given, 11));
  }
  if (given instanceof Id) return given;
  if (typeof given !== 'object' || given === null) throw wrongType(name, 'a CanId, std(…) or ext(…)', given);
  const { value, extended: isExtended } = given;
  if (typeof isExtended !== 'boolean') throw wrongType(`${name}.extended`, 'a boolean', isExtended);
  checkUint(`${name}.value`, value, isExtended ? 29 : 11);
  return isExtended ? extendedId(value) : standardId(value);
}

/** What a canid_t says beside the identifier. */
export interface CanIdFlags {
  /** Remote transmission request. */
  readonly remote: boolean;
  /**
   * Made by the driver to report something, never seen on the bus. Its identifier is the class of the error, `ext(class)`,
   * see `decodeErrorFrame`.
   */
  readonly error: boolean;
}

/** The identifier in a canid_t. A standard one has its 11 bits only, as in the kernel's own comparisons. */
export function idOfCanId(canId: number): CanId {
  return (canId & (CAN_EFF_FLAG | CAN_ERR_FLAG)) === 0
    ? standardId(canId & CAN_SFF_MASK)
    : extendedId(canId & CAN_EFF_MASK);
}

/**
 * Splits a canid_t (linux/can.h).
 * @throws ERR_OUT_OF_RANGE when it is no number of 32 bits.
 */
export function decodeCanId(canId: number): CanIdFlags & { readonly id: CanId } {
  checkUint('canId', canId, 32);
  return {
    id: idOfCanId(canId),
    remote: (canId & CAN_RTR_FLAG) !== 0,
    error: (canId & CAN_ERR_FLAG) !== 0,
  };
}

/**
 * Makes a canid_t; flags left out are false.
 * @throws As {@link toCanId}; ERR_OUT_OF_RANGE for an error frame whose identifier is not `ext(class)`.
 */
export function encodeCanId(
  id: CanId | number,
  flags: { readonly [Flag in keyof CanIdFlags]?: boolean | undefined } = {},
): number {
  checkObject('flags', flags);
  const { value, extended: isExtended } = toCanId('id', id);
  const { remote = false, error = false } = flags;
  if (error && !isExtended) throw outOfRange('id', 'ext(class) on an error frame', value);
  // The kernel's own error frames have no CAN_EFF_FLAG.
  const format = error ? CAN_ERR_FLAG : isExtended ? CAN_EFF_FLAG : 0;
  return (format | (remote ? CAN_RTR_FLAG : 0) | value) >>> 0;
}

/**
 * `123` or `00000123`: three hexadecimal digits for a standard identifier, eight for an extended one, as
 * candump has it.
 */
export function formatId(id: CanId): string {
  const { value, extended: isExtended } = toCanId('id', id);
  return value
    .toString(16)
    .toUpperCase()
    .padStart(isExtended ? 8 : 3, '0');
}
