import { native } from './binding.ts';
import { checkInteger, wrongType, wrongValue } from './check.ts';
import { systemError } from './errors.ts';
import { canInterfaceHint } from './hints/can.ts';

/** Interfaces with an address, which is all that Node.js lists: enough to say what there is. */
function existing(): string {
  // Looked up only now: an import of node:os would cost everybody who never sees this.
  const { networkInterfaces } = process.getBuiltinModule('node:os');
  return `the interfaces with an address are: ${Object.keys(networkInterfaces()).join(', ')}`;
}

/**
 * The index of a network interface: if_nametoindex(3).
 *
 * @throws SocketError ENODEV when there is none of that name
 */
export function ifNameToIndex(name: string): number {
  if (typeof name !== 'string') throw wrongType('name', 'a string', name);
  if (name === '' || name.includes('\0')) throw wrongValue('name', 'an interface name', name);
  const index = native.ifNameToIndex(name);
  if (index < 0) {
    const made = canInterfaceHint(name);
    const words = `there is no interface ${name}; ${existing()}${made === undefined ? '' : `; ${made}`}`;
    throw systemError(index, 'if_nametoindex', words);
  }
  return index;
}

/**
 * The name of a network interface: if_indextoname(3).
 *
 * @throws SocketError ENXIO when there is none of that index
 */
export function ifIndexToName(index: number): string {
  const name = native.ifIndexToName(checkInteger('index', index, 0, 0xffffffff));
  if (typeof name === 'number') {
    throw systemError(name, 'if_indextoname', `there is no interface with the index ${index}; ${existing()}`);
  }
  return name;
}
