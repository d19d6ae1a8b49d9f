import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { OptionCursor, type OptionLayout } from './options.ts';

const END = 0;
const NO_OPERATION = 1;
const TIMESTAMP = 68;
const ROUTER_ALERT = 148;
const ROUTES = { recordRoute: 7, looseSourceRoute: 131, strictSourceRoute: 137 } as const;
const MOST = 40;

/** How IPv4 options (RFC 791) are laid out, for an `OptionCursor`. */
export const ipv4OptionLayout: OptionLayout = {
  name: 'IPv4 option',
  pad: NO_OPERATION,
  end: END,
  counts: 2,
  unit: 1,
};

/**
 * An IPv4 option, by name where its layout is known and as bytes where it is not (IANA, "IP Option Numbers").
 * `pointer` counts from 1 at the option's first byte.
 */
export type Ipv4Option =
  | { readonly name: 'end' }
  | { readonly name: 'noOperation' }
  | {
      readonly name: 'recordRoute' | 'looseSourceRoute' | 'strictSourceRoute';
      readonly pointer: number;
      /** 4 bytes each. */
      readonly addresses: readonly Uint8Array[];
    }
  | {
      readonly name: 'timestamp';
      readonly pointer: number;
      /** Hosts that found no room, 0 to 15. */
      readonly overflow: number;
      /** 0: time stamps alone; 1: with addresses; 3: of the addresses given. */
      readonly flag: number;
      /** 32-bit words: milliseconds since midnight UT, and addresses as `flag` says. */
      readonly words: readonly number[];
    }
  | { readonly name: 'routerAlert'; readonly value: number }
  | { readonly name: 'unknown'; readonly kind: number; readonly data: Uint8Array };

const routeName = (kind: number): keyof typeof ROUTES | undefined =>
  kind === 7
    ? 'recordRoute'
    : kind === 131
      ? 'looseSourceRoute'
      : kind === 137
        ? 'strictSourceRoute'
        : undefined;

/**
 * The list of an IPv4 header's `options`, up to the end-of-list option, which is listed. Addresses are views. An option
 * whose length is none of its kind's is `unknown`.
 * @throws MalformedPacketError when an option's length is below 2 or runs past the bytes.
 */
export function decodeIpv4Options(options: Uint8Array): Ipv4Option[] {
  checkBytes('options', options);
  const list: Ipv4Option[] = [];
  const cursor = new OptionCursor({ ...ipv4OptionLayout, pad: -1 });
  let at = 0;
  while (at < options.length) {
    if (options[at] === NO_OPERATION) {
      list.push({ name: 'noOperation' });
      at += 1;
      continue;
    }
    if (!cursor.start(options, at).next()) {
      list.push({ name: 'end' });
      break;
    }
    list.push(decodeOption(cursor, options));
    at = cursor.position;
  }
  return list;
}

function decodeOption(cursor: OptionCursor, options: Uint8Array): Ipv4Option {
  const { kind, dataOffset: at, dataLength: length, data } = cursor;
  const route = routeName(kind);
  if (route !== undefined && length % 4 === 1) {
    const count = (length - 1) / 4;
    const addresses = Array.from({ length: count }, (_, index) =>
      options.subarray(at + 1 + 4 * index, at + 5 + 4 * index),
    );
    return { name: route, pointer: options[at]!, addresses };
  }
  if (kind === TIMESTAMP && length >= 2 && length % 4 === 2) {
    const words = Array.from({ length: (length - 2) / 4 }, (_, index) =>
      readU32(options, at + 2 + 4 * index),
    );
    const byte = options[at + 1]!;
    return { name: 'timestamp', pointer: options[at]!, overflow: byte >>> 4, flag: byte & 0xf, words };
  }
  if (kind === ROUTER_ALERT && length === 2) return { name: 'routerAlert', value: readU16(options, at) };
  return { name: 'unknown', kind, data };
}

function optionLength(option: Ipv4Option): number {
  switch (option.name) {
    case 'end':
    case 'noOperation':
      return 1;
    case 'timestamp':
      return 4 + 4 * option.words.length;
    case 'routerAlert':
      return 4;
    case 'unknown':
      return 2 + checkBytes('option.data', option.data).length;
    default:
      return 3 + 4 * option.addresses.length;
  }
}

/**
 * The bytes of a list of IPv4 options, padded with zeros (end of list) to a multiple of 4: what `encodeIpv4` takes.
 * @throws ERR_OUT_OF_RANGE when a field does not fit, ERR_INVALID_ARG_VALUE when they need more than 40 bytes or an
 * address is not 4 bytes.
 */
export function encodeIpv4Options(list: readonly Ipv4Option[]): Uint8Array {
  const length = list.reduce((sum, option) => sum + optionLength(option), 0);
  if (length > MOST) throw wrongValue('list', `options of at most ${MOST} bytes`, length);
  const bytes = new Uint8Array(Math.ceil(length / 4) * 4);
  let at = 0;
  for (const option of list) at += encodeOption(option, bytes, at);
  return bytes;
}

function encodeOption(option: Ipv4Option, into: Uint8Array, at: number): number {
  const length = optionLength(option);
  checkRoom('into', into, at, length);
  const start = (kind: number): void => {
    into[at] = kind;
    into[at + 1] = length;
  };
  switch (option.name) {
    case 'end':
      break;
    case 'noOperation':
      into[at] = NO_OPERATION;
      break;
    case 'timestamp':
      start(TIMESTAMP);
      into[at + 2] = checkUint('option.pointer', option.pointer, 8);
      into[at + 3] =
        (checkUint('option.overflow', option.overflow, 4) << 4) | checkUint('option.flag', option.flag, 4);
      option.words.forEach((word, index) => {
        writeU32(into, at + 4 + 4 * index, checkUint('option.words', word, 32));
      });
      break;
    case 'routerAlert':
      start(ROUTER_ALERT);
      writeU16(into, at + 2, checkUint('option.value', option.value, 16));
      break;
    case 'unknown':
      start(checkUint('option.kind', option.kind, 8));
      into.set(option.data, at + 2);
      break;
    default:
      start(ROUTES[option.name]);
      into[at + 2] = checkUint('option.pointer', option.pointer, 8);
      option.addresses.forEach((address, index) => {
        into.set(checkBytes('option.addresses', address, 4), at + 3 + 4 * index);
      });
  }
  return length;
}
