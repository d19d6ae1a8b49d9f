/**
 * Python's address tuples, as JavaScript arrays, to and from `sockaddr` bytes. The families are in files of their own, and
 * only those that somebody registers are known: a subset of the module holds no code for others.
 */
import { platform } from '@sockeye/core';
import type { BytesLike } from '../arguments.ts';
import { plainError } from '../errors.ts';
import type { Called, Family, RetAddress } from './family.ts';

/** An address as calls take it: a path for AF_UNIX, a device for HCI, an array for Python's tuple otherwise. */
export type Address = string | number | BytesLike | readonly (string | number | bigint | BytesLike)[];

const families = new Map<number, Family>();

/** Makes families known to `bind`, `connect` and all that take or give an address. Registering twice is fine. */
export function register(...some: readonly Family[]): void {
  for (const family of some) {
    for (const number of family.numbers) if (number !== undefined) families.set(number, family);
  }
}

/** The sockaddr of an address as Python writes it for the family of the socket. */
export function toSockaddr(address: unknown, called: Called): Uint8Array {
  const family = families.get(called.family);
  if (family === undefined) throw plainError(`${called.caller}(): bad family`);
  return family.to(address, called);
}

/** Whether accept(2) tells who has connected. */
export function tellsPeers(family: number): boolean {
  return families.get(family)?.nameless !== true;
}

/** `sizeof(sa_data)`: what Python shows of a family that it does not know. */
const DATA_SIZE = 14;

/** A sockaddr as Python writes it, by its own family; null when it is empty. */
export function fromSockaddr(bytes: Uint8Array, proto = 0): RetAddress {
  if (bytes.length === 0) return null;
  const number = familyOf(bytes);
  const family = families.get(number);
  if (family !== undefined) {
    try {
      return family.from(bytes, proto);
    } catch (error) {
      // What no kernel writes: shown as it is. An address that has no form in Python is Python's error.
      if ((error as { refused?: boolean }).refused === true) throw error;
    }
  }
  const data = Buffer.alloc(DATA_SIZE);
  data.set(bytes.subarray(2, 2 + DATA_SIZE));
  return [number, data];
}

function familyOf(bytes: Uint8Array): number {
  const [first = 0, second = 0] = bytes;
  return platform === 'linux' || platform === 'win32' ? first | (second << 8) : second;
}
