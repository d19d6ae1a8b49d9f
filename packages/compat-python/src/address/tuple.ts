/** What the forms of several families have in common. */
import { typeName } from '../arguments.ts';
import { plainError, typeError } from '../errors.ts';
import { toName } from '../filesystem.ts';
import { indexOf } from '../interfaces.ts';

/** `IFNAMSIZ`. */
const NAME_SIZE = 16;

/** Refuses anything but a tuple, with the words that most families have. */
export function toTuple(address: unknown, caller: string, family: string): readonly unknown[] {
  if (Array.isArray(address)) return address;
  throw typeError(`${caller}(): ${family} address must be tuple, not ${typeName(address)}`);
}

/** The index of a CAN interface by its name; `''` is every one. */
export function interfaceIndex(value: unknown): number {
  const name = toName(value);
  if (name === '') return 0;
  if (Buffer.byteLength(name) >= NAME_SIZE) throw plainError('AF_CAN interface name too long');
  return indexOf(name);
}
