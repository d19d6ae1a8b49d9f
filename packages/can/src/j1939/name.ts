/** The 64-bit NAME by which J1939 knows a controller application: SAE J1939-81, 4.1; linux/can/j1939.h. Pure. */
import { checkInteger, checkObject, checkString, outOfRange, wrongType } from '@sockeye/addr/check';
import { ParseError } from '@sockeye/addr/errors';

/** The fields of a NAME, highest bit first. Of two that want one address the lower NAME, as a number, gets it. */
export interface J1939Name {
  /** Bit 63: may choose another address when it loses its own. */
  readonly arbitrary: boolean;
  /** 3 bits: 0 global, 1 on-highway, 2 agriculture and forestry, 3 construction, 4 marine, 5 industrial. */
  readonly industryGroup: number;
  /** 4 bits. */
  readonly vehicleSystemInstance: number;
  /** 7 bits. */
  readonly vehicleSystem: number;
  /** Bit 48: 0 until SAE says otherwise. */
  readonly reserved: boolean;
  /** 8 bits: 0 to 127 mean the same in all industry groups. */
  readonly function: number;
  /** 5 bits. */
  readonly functionInstance: number;
  /** 3 bits. */
  readonly ecuInstance: number;
  /** 11 bits, which SAE assigns. */
  readonly manufacturer: number;
  /** 21 bits, which the manufacturer assigns: no two of its units have the same. */
  readonly identity: number;
}

/** What {@link encodeName} takes: what is left out is 0 or false. */
export type J1939NameFields = { readonly [Field in keyof J1939Name]?: J1939Name[Field] | undefined };

type NumberField = Exclude<keyof J1939Name, 'arbitrary' | 'reserved'>;

/** Where each field begins, counted from bit 0, and its bits. */
const NUMBERS: readonly (readonly [NumberField, at: number, bits: number])[] = [
  ['industryGroup', 60, 3],
  ['vehicleSystemInstance', 56, 4],
  ['vehicleSystem', 49, 7],
  ['function', 40, 8],
  ['functionInstance', 35, 5],
  ['ecuInstance', 32, 3],
  ['manufacturer', 21, 11],
  ['identity', 0, 21],
];
const FLAGS: readonly (readonly [field: 'arbitrary' | 'reserved', at: number])[] = [
  ['arbitrary', 63],
  ['reserved', 48],
];
/** J1939_NO_NAME. */
export const NO_NAME = 0n;

/**
 * A NAME, as given: a bigint of 64 bits.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function checkName(argument: string, value: unknown): bigint {
  if (typeof value !== 'bigint') throw wrongType(argument, 'a bigint, such as encodeName() makes', value);
  if (BigInt.asUintN(64, value) !== value) throw outOfRange(argument, 'from 0n to 2n ** 64n - 1n', value);
  return value;
}

/**
 * Makes a NAME of its fields.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE naming the field
 */
export function encodeName(fields: J1939NameFields): bigint {
  checkObject('fields', fields);
  let name = 0n;
  for (const [field, at] of FLAGS) {
    const value: unknown = fields[field] ?? false;
    if (typeof value !== 'boolean') throw wrongType(field, 'true or false', value);
    if (value) name |= 1n << BigInt(at);
  }
  for (const [field, at, bits] of NUMBERS) {
    name |= BigInt(checkInteger(field, fields[field] ?? 0, 0, 2 ** bits - 1)) << BigInt(at);
  }
  return name;
}

/**
 * Splits a NAME into its fields; `encodeName` makes the same of them.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function decodeName(name: bigint): J1939Name {
  checkName('name', name);
  const field = (at: number, bits: number): number => Number(BigInt.asUintN(bits, name >> BigInt(at)));
  return {
    arbitrary: field(63, 1) === 1,
    industryGroup: field(60, 3),
    vehicleSystemInstance: field(56, 4),
    vehicleSystem: field(49, 7),
    reserved: field(48, 1) === 1,
    function: field(40, 8),
    functionInstance: field(35, 5),
    ecuInstance: field(32, 3),
    manufacturer: field(21, 11),
    identity: field(0, 21),
  };
}

/** The 8 bytes of a NAME in an address claim: the lowest first. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function nameToBytes(name: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, checkName('name', name), true);
  return bytes;
}

/** Reads 8 bytes that {@link nameToBytes} wrote; undefined when fewer are there. */
export function nameFromBytes(bytes: Uint8Array): bigint | undefined {
  if (bytes.length < 8) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

/** `arbitrary/industryGroup=4/function=130/manufacturer=275/identity=4711`: fields that are 0 are left out. */
export function formatName(name: bigint): string {
  const fields = decodeName(name);
  const parts: string[] = fields.arbitrary ? ['arbitrary'] : [];
  if (fields.reserved) parts.push('reserved');
  for (const [field] of NUMBERS) if (fields[field] !== 0) parts.push(`${field}=${fields[field]}`);
  return parts.length === 0 ? 'identity=0' : parts.join('/');
}

/**
 * Reads what {@link formatName} writes, fields in any order, numbers decimal or 0x; or the whole NAME as one number,
 * `0xa0008200226004d2`.
 * @throws ParseError with the offset into the text, ERR_INVALID_ARG_TYPE
 */
export function parseName(text: string): bigint {
  checkString('text', text);
  if (/^(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})$/.test(text)) {
    const name = BigInt(text);
    if (BigInt.asUintN(64, name) === name) return name;
  }
  const fields: { -readonly [Field in keyof J1939Name]?: J1939Name[Field] } = {};
  let at = 0;
  for (const part of text.split('/')) {
    const fail = (expected: string): ParseError => new ParseError('text', text, at, expected);
    const [, word = '', digits] = /^(\w+)(?:=(0[xX][0-9a-fA-F]+|[0-9]+))?$/.exec(part) ?? [];
    const number = NUMBERS.find(([field]) => field === word);
    const flag = FLAGS.find(([field]) => field === word);
    if (number === undefined && flag === undefined) {
      throw fail('a field of a NAME, such as identity=1, or all of it as a number of 64 bits');
    }
    if ((number ?? flag)![0] in fields) throw fail('each field once');
    if (number !== undefined) {
      const most = 2 ** number[2] - 1;
      if (digits === undefined || Number(digits) > most)
        throw fail(`${word}= and a number from 0 to ${most}`);
      fields[number[0]] = Number(digits);
    } else if (flag !== undefined) {
      if (digits !== undefined) throw fail(`${word} alone`);
      fields[flag[0]] = true;
    }
    at += part.length + 1;
  }
  return encodeName(fields);
}
