import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import type { OptionLayout } from './options.ts';
import { checkPlace } from './view.ts';

const END = 0;
const NO_OPERATION = 1;
const MAXIMUM_SEGMENT_SIZE = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;

/** How TCP's options are laid out, for an `OptionCursor`. */
export const tcpOptionLayout: OptionLayout = {
  name: 'TCP option',
  pad: NO_OPERATION,
  end: END,
  counts: 2,
  unit: 1,
};

/** The lengths that RFC 9293, RFC 7323 and RFC 2018 fix, kind and length bytes included. */
const FIXED_LENGTH: Readonly<Record<number, number>> = {
  [MAXIMUM_SEGMENT_SIZE]: 4,
  [WINDOW_SCALE]: 3,
  [SACK_PERMITTED]: 2,
  [TIMESTAMPS]: 10,
};

/**
 * A TCP option, by name where its layout is known and as bytes where it is not (IANA, "TCP Option Kind
 * Numbers").
 */
export type TcpOption =
  | { readonly name: 'end' }
  | { readonly name: 'noOperation' }
  | { readonly name: 'maximumSegmentSize'; readonly size: number }
  | { readonly name: 'windowScale'; readonly shift: number }
  | { readonly name: 'sackPermitted' }
  | { readonly name: 'sack'; readonly blocks: readonly { readonly left: number; readonly right: number }[] }
  | { readonly name: 'timestamps'; readonly value: number; readonly echo: number }
  | { readonly name: 'unknown'; readonly kind: number; readonly data: Uint8Array };

/**
 * The list of a TCP header's `options`, up to the end-of-list option, which is listed; what follows it is
 * padding.
 * @throws MalformedPacketError when an option's length is impossible for its kind or runs past the bytes.
 */
export function decodeTcpOptions(options: Uint8Array): TcpOption[] {
  checkBytes('options', options);
  const list: TcpOption[] = [];
  let at = 0;
  while (at < options.length) {
    const kind = options[at]!;
    if (kind === END) {
      list.push({ name: 'end' });
      break;
    }
    if (kind === NO_OPERATION) {
      list.push({ name: 'noOperation' });
      at += 1;
      continue;
    }
    checkPlace('TCP option', options, at, options.length, 2);
    const length = options[at + 1]!;
    if (length < 2) throw new MalformedPacketError('TCP option', at + 1, 'a length of at least 2', length);
    checkPlace('TCP option', options, at, options.length, length);
    list.push(decodeOption(options, at, kind, length));
    at += length;
  }
  return list;
}

function decodeOption(options: Uint8Array, at: number, kind: number, length: number): TcpOption {
  const fixed = FIXED_LENGTH[kind];
  if (fixed !== undefined && length !== fixed) {
    throw new MalformedPacketError('TCP option', at + 1, `a length of ${fixed} for kind ${kind}`, length);
  }
  switch (kind) {
    case MAXIMUM_SEGMENT_SIZE:
      return { name: 'maximumSegmentSize', size: readU16(options, at + 2) };
    case WINDOW_SCALE:
      return { name: 'windowScale', shift: options[at + 2]! };
    case SACK_PERMITTED:
      return { name: 'sackPermitted' };
    case TIMESTAMPS:
      return { name: 'timestamps', value: readU32(options, at + 2), echo: readU32(options, at + 6) };
    case SACK: {
      if (length < 10 || length % 8 !== 2) {
        throw new MalformedPacketError('TCP option', at + 1, 'a length of 2 + 8 n for kind 5', length);
      }
      const blocks = [];
      for (let block = at + 2; block < at + length; block += 8) {
        blocks.push({ left: readU32(options, block), right: readU32(options, block + 4) });
      }
      return { name: 'sack', blocks };
    }
    default:
      return { name: 'unknown', kind, data: options.subarray(at + 2, at + length) };
  }
}

function optionLength(option: TcpOption): number {
  switch (option.name) {
    case 'end':
    case 'noOperation':
      return 1;
    case 'maximumSegmentSize':
      return 4;
    case 'windowScale':
      return 3;
    case 'sackPermitted':
      return 2;
    case 'sack':
      return 2 + 8 * option.blocks.length;
    case 'timestamps':
      return 10;
    case 'unknown':
      return 2 + checkBytes('option.data', option.data).length;
  }
}

/**
 * The bytes of a list of TCP options, padded with zeros (end of list) to a multiple of 4: what `encodeTcp`
 * takes.
 * @throws ERR_OUT_OF_RANGE when a field does not fit, ERR_INVALID_ARG_VALUE when they need more than 40
 * bytes.
 */
export function encodeTcpOptions(list: readonly TcpOption[]): Uint8Array {
  const length = list.reduce((sum, option) => sum + optionLength(option), 0);
  if (length > 40) throw wrongValue('list', 'options of at most 40 bytes', length);
  const bytes = new Uint8Array(Math.ceil(length / 4) * 4);
  let at = 0;
  for (const option of list) at += encodeOption(option, bytes, at);
  return bytes;
}

function encodeOption(option: TcpOption, into: Uint8Array, at: number): number {
  const length = optionLength(option);
  checkRoom('into', into, at, length);
  const start = (kind: number): void => {
    into[at] = kind;
    into[at + 1] = length;
  };
  switch (option.name) {
    case 'end':
      into[at] = END;
      break;
    case 'noOperation':
      into[at] = NO_OPERATION;
      break;
    case 'maximumSegmentSize':
      start(MAXIMUM_SEGMENT_SIZE);
      writeU16(into, at + 2, checkUint('option.size', option.size, 16));
      break;
    case 'windowScale':
      start(WINDOW_SCALE);
      into[at + 2] = checkUint('option.shift', option.shift, 8);
      break;
    case 'sackPermitted':
      start(SACK_PERMITTED);
      break;
    case 'sack':
      start(SACK);
      option.blocks.forEach(({ left, right }, index) => {
        writeU32(into, at + 2 + 8 * index, checkUint('option.blocks.left', left, 32));
        writeU32(into, at + 6 + 8 * index, checkUint('option.blocks.right', right, 32));
      });
      break;
    case 'timestamps':
      start(TIMESTAMPS);
      writeU32(into, at + 2, checkUint('option.value', option.value, 32));
      writeU32(into, at + 6, checkUint('option.echo', option.echo, 32));
      break;
    case 'unknown':
      start(checkUint('option.kind', option.kind, 8));
      into.set(option.data, at + 2);
      break;
  }
  return length;
}
