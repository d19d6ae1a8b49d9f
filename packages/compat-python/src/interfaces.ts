/** Names and indices of network interfaces: if_nametoindex(3). */
import { errnos, ifIndexToName, ifNameIndex, ifNameToIndex } from '@sockeye/core';
import { toInteger } from './arguments.ts';
import { asPython, OverflowError, plainError, systemError, typeError } from './errors.ts';
import { toName } from './filesystem.ts';
import { takes, takesNone, takesOne } from './signature.ts';

/**
 * The index of an interface.
 *
 * @throws OSError when there is none of that name
 */
export function if_nametoindex(...args: [if_name: string | Uint8Array]): number {
  takes('if_nametoindex', args, 1, 1);
  const name = toName(args[0]);
  try {
    return indexOf(name);
  } catch (error) {
    throw plainError('no interface with this name', (error as { cause?: unknown }).cause);
  }
}

/**
 * The name of an interface.
 *
 * @throws OSError ENXIO when there is none of that index; OverflowError when it is negative or beyond 32 bits
 */
export function if_indextoname(...args: [if_index: number]): string {
  takesOne('_socket.if_indextoname', args);
  const given: unknown = args[0];
  if (!['boolean', 'bigint'].includes(typeof given) && !Number.isInteger(given)) {
    throw typeError('an integer is required');
  }
  const index = toInteger(given);
  if (index < 0) throw new OverflowError("can't convert negative value to unsigned int");
  if (index >= 2 ** 64) throw new OverflowError('Python int too large to convert to C unsigned long');
  // Before 3.13 Python took the low 32 bits for another interface's index.
  if (index >= 2 ** 32) throw new OverflowError('index is too large');
  return asPython(() => ifIndexToName(index));
}

/** Index and name of every interface: if_nameindex(3). */
export function if_nameindex(...surplus: never[]): [index: number, name: string][] {
  takesNone('_socket.if_nameindex', surplus);
  return asPython(() => ifNameIndex().map(({ index, name }): [number, string] => [index, name]));
}

/** The index of an interface for an address. Throws OSError ENODEV. */
export function indexOf(name: string): number {
  if (name === '') throw systemError(errnos.ENODEV);
  return asPython(() => ifNameToIndex(name));
}

/** The name of an interface of an address; `''` for 0, and where the interface is gone. */
export function nameOf(index: number): string {
  if (index === 0) return '';
  try {
    return ifIndexToName(index);
  } catch {
    return '';
  }
}
