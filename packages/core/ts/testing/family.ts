/** All that the in-memory sockets know of families: how their names look, and whether what is sent leaves the machine. */
import { LITTLE_ENDIAN } from '../cmsg/fields.ts';
import { constants } from '../constants.ts';

/** How sockets of a family are named, and how they fail. */
export interface Family {
  /** As Unix sockets do it: senders wait for receivers, and a dead peer is known at once. Else as TCP and UDP. */
  readonly local: boolean;
  /** The name of a socket that has none. */
  readonly unnamed: (family: number) => Uint8Array;
  /** The name that bind gives; where the address leaves something open, `number` is used for it. */
  readonly named: (address: Uint8Array, number: number) => Uint8Array;
  /** The same for all addresses that mean the same. */
  readonly key: (address: Uint8Array) => string;
  /** The address of which `address` is a special case: any host, the same port. */
  readonly wildcard: (address: Uint8Array) => Uint8Array | undefined;
  /** The name that a receiver is told, of what is sent to this address: any host becomes the receiver's. */
  readonly source: (name: Uint8Array, to: Uint8Array) => Uint8Array;
  /** Whether nobody being there is ENOENT rather than ECONNREFUSED. */
  readonly absent: (address: Uint8Array) => boolean;
}

/** `sa_family_t` of an address, in the machine's byte order. */
export function familyOf(address: Uint8Array): number {
  if (address.length < 2) return -1;
  return new DataView(address.buffer, address.byteOffset).getUint16(0, LITTLE_ENDIAN);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function starting(family: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(new Uint8Array(Uint16Array.of(family).buffer));
  return bytes;
}

/** Port at 2, big-endian; the host's bytes from `host` to `end`: ip(7), ipv6(7). */
function internet(length: number, host: number, end: number): Family {
  return {
    local: false,
    unnamed: (family) => starting(family, length),
    named: (address, number) => {
      const name = new Uint8Array(address);
      if (name.length >= 4 && name[2] === 0 && name[3] === 0) {
        name[2] = number >>> 8;
        name[3] = number & 0xff;
      }
      return name;
    },
    key: (address) => text(address.subarray(0, 4)) + text(address.subarray(host, end)),
    wildcard: (address) => {
      if (address.length < end) return undefined;
      const any = new Uint8Array(address);
      any.fill(0, host, end);
      return any;
    },
    source: (name, to) => {
      if (to.length < end || name.length < end || name.subarray(host, end).some((byte) => byte !== 0))
        return name;
      const source = new Uint8Array(name);
      source.set(to.subarray(host, end), host);
      return source;
    },
    absent: () => false,
  };
}

/** unix(7): a path, or behind a zero an abstract name; bound without either, the kernel makes one of five hex digits. */
const UNIX: Family = {
  local: true,
  unnamed: (family) => starting(family, 2),
  named: (address, number) => {
    if (address.length > 2) return new Uint8Array(address);
    const name = starting(familyOf(address), 8);
    name.set(Buffer.from(number.toString(16).padStart(5, '0')), 3);
    return name;
  },
  // A path ends at its first zero, an abstract name with the address.
  key: (address) => {
    const name = text(address.subarray(2));
    return address[2] === 0 ? name : name.replace(/\0.*$/s, '');
  },
  wildcard: () => undefined,
  source: (name) => name,
  absent: (address) => address[2] !== 0,
};

/** Any other: addresses are bytes that mean nothing but themselves, and one without bytes is given a number. */
const OPAQUE: Family = {
  local: false,
  unnamed: (family) => starting(family, 2),
  named: (address, number) => {
    if (address.length > 2) return new Uint8Array(address);
    const name = starting(familyOf(address), 6);
    new DataView(name.buffer).setUint32(2, number);
    return name;
  },
  key: text,
  wildcard: () => undefined,
  source: (name) => name,
  absent: () => false,
};

const FAMILIES: ReadonlyMap<number, Family> = new Map([
  [constants.AF_UNIX, UNIX],
  [constants.AF_INET, internet(16, 4, 8)],
  [constants.AF_INET6, internet(28, 8, 24)],
]);

export function familyFor(family: number): Family {
  return FAMILIES.get(family) ?? OPAQUE;
}
