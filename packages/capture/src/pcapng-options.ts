import type { ByteOrder } from './byte-order.ts';
import { MalformedCaptureError } from './errors.ts';
import { type CaptureInterface, type CaptureOption, NO_COMMENTS, NO_OPTIONS } from './record.ts';
import { decodeText } from './text.ts';

const COMMENT = 1;

/**
 * The options from `at` to `end` of a block that starts at `offset` of the file (draft-ietf-opsawg-pcapng, section 3.5).
 * A list without its end-of-options option ends with the block.
 */
export function readOptions(
  bytes: Uint8Array,
  at: number,
  end: number,
  { u16 }: ByteOrder,
  offset: number,
): readonly CaptureOption[] {
  if (at >= end) return NO_OPTIONS;
  const list: CaptureOption[] = [];
  let next = at;
  while (end - next >= 4) {
    const code = u16(bytes, next);
    const length = u16(bytes, next + 2);
    if (code === 0) return list;
    const start = next + 4;
    if (end - start < length) {
      throw new MalformedCaptureError(offset + next, `an option of ${length} bytes`, `${end - start} bytes`);
    }
    list.push({ code, value: bytes.subarray(start, start + length) });
    next = start + Math.ceil(length / 4) * 4;
  }
  if (next < end)
    throw new MalformedCaptureError(offset + next, 'an option of 4 bytes or more', `${end - next} bytes`);
  return list;
}

/** The text of the first option with that code. */
function textOption(options: readonly CaptureOption[], code: number): string | undefined {
  const value = options.find((option) => option.code === code)?.value;
  return value === undefined ? undefined : decodeText(value);
}

/** The texts of all comments (opt_comment). */
export function commentsOf(options: readonly CaptureOption[]): readonly string[] {
  if (options.length === 0) return NO_COMMENTS;
  return options.filter(({ code }) => code === COMMENT).map(({ value }) => decodeText(value));
}

/** The number of the first option with that code, of 4 bytes; undefined where it is not there, or of another length. */
export function u32Option(
  options: readonly CaptureOption[],
  code: number,
  { u32 }: ByteOrder,
): number | undefined {
  const value = options.find((option) => option.code === code)?.value;
  return value?.length === 4 ? u32(value, 0) : undefined;
}

/** The same of 8 bytes. */
export function u64Option(
  options: readonly CaptureOption[],
  code: number,
  order: ByteOrder,
): bigint | undefined {
  const value = options.find((option) => option.code === code)?.value;
  if (value?.length !== 8) return undefined;
  const [high, low] = order.bigEndian ? [0, 4] : [4, 0];
  return (BigInt(order.u32(value, high)) << 32n) | BigInt(order.u32(value, low));
}

const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_TSRESOL = 9;
const IF_FILTER = 11;
const IF_OS = 12;
const IF_FCSLEN = 13;
const IF_TSOFFSET = 14;
const IF_HARDWARE = 15;

/** What an interface's options say. */
export function interfaceOptions(
  options: readonly CaptureOption[],
  order: ByteOrder,
): Omit<CaptureInterface, 'id' | 'linkType' | 'snapLength'> {
  const byte = (code: number): number | undefined => options.find((option) => option.code === code)?.value[0];
  const resolution = byte(IF_TSRESOL) ?? 6;
  const filter = options.find(({ code }) => code === IF_FILTER)?.value;
  return {
    // The highest bit says that it is a power of 2 and not of 10.
    resolution: resolution >= 0x80 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution),
    timestampOffset: BigInt.asIntN(64, u64Option(options, IF_TSOFFSET, order) ?? 0n),
    fcsLength: byte(IF_FCSLEN),
    name: textOption(options, IF_NAME),
    description: textOption(options, IF_DESCRIPTION),
    filter: filter?.[0] === 0 ? decodeText(filter.subarray(1)) : undefined,
    hardware: textOption(options, IF_HARDWARE),
    system: textOption(options, IF_OS),
    options,
  };
}
