/** AF_CAN: `(ifname,)` for raw CAN and the broadcast manager; Linux, Documentation/networking/can.rst. */
import { type CanAddress, can } from '@sockeye/addr';
import { constants } from '@sockeye/core';
import { typeName } from '../arguments.ts';
import { plainError, typeError } from '../errors.ts';
import { toName } from '../filesystem.ts';
import { indexOf, nameOf } from '../interfaces.ts';
import type { Called, ReturnedCan } from './family.ts';

/** `IFNAMSIZ`. */
const NAME_SIZE = 16;

/** `''` is every CAN interface. */
export function toCan(address: unknown, { caller, proto }: Called): CanAddress {
  if (proto !== constants.CAN_RAW && proto !== constants.CAN_BCM) {
    throw plainError(`${caller}(): unsupported CAN protocol`);
  }
  if (!Array.isArray(address)) {
    throw typeError(`${caller}(): AF_CAN address must be tuple, not ${typeName(address)}`);
  }
  if (address.length !== 1) throw typeError('AF_CAN address must be a tuple (interface, )');
  const name = toName(address[0]);
  if (name === '') return can(0);
  if (Buffer.byteLength(name) >= NAME_SIZE) throw plainError('AF_CAN interface name too long');
  return can(indexOf(name));
}

export function fromCan({ ifindex }: CanAddress): ReturnedCan {
  return [nameOf(ifindex)];
}
