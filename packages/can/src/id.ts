import { checkUint } from '@sockeye/addr/check';

/** Flags and masks of a canid_t (linux/can.h). */
export const CAN_EFF_FLAG = 0x80000000;
export const CAN_RTR_FLAG = 0x40000000;
export const CAN_ERR_FLAG = 0x20000000;
export const CAN_SFF_MASK = 0x7ff;
export const CAN_EFF_MASK = 0x1fffffff;

/** The parts of a canid_t. On error frames `id` is the error class, see `decodeErrorFrame`. */
export interface CanId {
  /** 11 bits, or 29 when `extended` or `error`. */
  readonly id: number;
  /** 29-bit identifier. */
  readonly extended: boolean;
  /** Remote transmission request. */
  readonly remote: boolean;
  /** Made by the driver to report something, never seen on the bus. */
  readonly error: boolean;
}

/** What {@link encodeCanId} takes: flags left out are false. */
export type CanIdFields = Pick<CanId, 'id'> & {
  readonly [Flag in 'extended' | 'remote' | 'error']?: boolean | undefined;
};

/** Splits a canid_t. A standard identifier has its 11 bits only, as in the kernel's own comparisons. */
export function decodeCanId(canId: number): CanId {
  checkUint('canId', canId, 32);
  const extended = (canId & CAN_EFF_FLAG) !== 0;
  const error = (canId & CAN_ERR_FLAG) !== 0;
  return {
    id: canId & (extended || error ? CAN_EFF_MASK : CAN_SFF_MASK),
    extended,
    remote: (canId & CAN_RTR_FLAG) !== 0,
    error,
  };
}

/**
 * Makes a canid_t.
 * @throws ERR_OUT_OF_RANGE when `id` needs more than 11 bits and is not said to be extended, or more than 29.
 */
export function encodeCanId(fields: CanIdFields): number {
  const { id, extended = false, remote = false, error = false } = fields;
  if (extended || error) checkUint('id', id, 29);
  else checkUint('id without `extended`', id, 11);
  return (
    ((extended ? CAN_EFF_FLAG : 0) | (remote ? CAN_RTR_FLAG : 0) | (error ? CAN_ERR_FLAG : 0) | id) >>> 0
  );
}

/**
 * `123` or `00000123`: three hexadecimal digits for a standard identifier, eight for an extended one, as
 * candump has it.
 */
export function formatId(id: Pick<CanId, 'id' | 'extended'>): string {
  return id.id
    .toString(16)
    .toUpperCase()
    .padStart(id.extended ? 8 : 3, '0');
}
