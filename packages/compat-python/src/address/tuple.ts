/** What the forms of several families have in common. */

import { errnos } from '@sockeye/core';
import { typeName } from '../arguments.ts';
import { plainError, systemError, typeError } from '../errors.ts';
import { toName } from '../filesystem.ts';
import { indexOf } from '../interfaces.ts';
import type { Called } from './family.ts';

/** `IFNAMSIZ`. */
const NAME_SIZE = 16;

/** Refuses anything but a tuple, with the words that most families have. */
export function toTuple(address: unknown, caller: string, family: string): readonly unknown[] {
  if (Array.isArray(address)) return address;
  throw typeError(`${caller}(): ${family} address must be tuple, not ${typeName(address)}`);
}

/** The index of an interface by its name. Python asks the socket itself, of which a closed one knows none: EBADF. */
export function indexOn(name: string, { closed }: Called): number {
  if (closed === true) throw systemError(errnos.EBADF);
  return indexOf(name);
}

/** The index of a CAN interface by its name; `''` is every one. */
export function interfaceIndex(value: unknown, called: Called): number {
  const name = toName(value);
  if (name === '') return 0;
  if (Buffer.byteLength(name) >= NAME_SIZE) throw plainError('AF_CAN interface name too long');
  return indexOn(name, called);
}
