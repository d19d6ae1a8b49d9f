import { checkString } from '@sockeye/addr/check';
import { MalformedFrameError } from './errors.ts';
import { CANFD_BRS, CANFD_ESI, CANFD_MAX_DLEN } from './fd.ts';
import { type CanFrame, type CanFrameFields, encodeFrame } from './frame.ts';
import { CAN_EFF_MASK, CAN_ERR_FLAG, CAN_SFF_MASK, ext, formatId, std, toCanId } from './id.ts';
import { CAN_MAX_DLEN, CANFD_MTU, CANXL_MAX_DLEN, CANXL_MTU, CANXL_XLF } from './layout.ts';
import { CANXL_RRS, CANXL_SEC } from './xl.ts';

const hex = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).toUpperCase().padStart(2, '0');
  return text;
};

const scratch = new Uint8Array(CANFD_MTU);

const digits = (value: number, count: number): string =>
  value.toString(16).toUpperCase().padStart(count, '0');

/**
 * A frame as `candump -L` and `cansend` of can-utils write it: `123#DEADBEEF`, `00000123#R4` (extended,
 * remote, asking for 4 bytes), `123#1122334455667788_B` (data length code 11), `123##1AABB` (FD; the digit
 * holds BRS 1 and ESI 2), `20000040#0000000000000000` (error frame), `45123#81:00:12345678#1122` (XL: virtual network 45,
 * priority 123, the flags with SEC, SDT and acceptance field).
 *
 * @throws As `encodeFrame`, for what is no frame.
 */
export function formatFrame(frame: CanFrameFields): string {
  // What is no frame has no text either.
  encodeFrame(frame, frame?.xl === true ? new Uint8Array(CANXL_MTU) : scratch);
  const id = toCanId('id', frame.id);
  if (frame.xl === true) {
    const { vcid = 0, sdt = 0, acceptance = 0, sec, rrs } = frame;
    const flags = CANXL_XLF | (sec ? CANXL_SEC : 0) | (rrs ? CANXL_RRS : 0);
    const head = `${digits(vcid, 2)}${formatId(id)}#${digits(flags, 2)}:${digits(sdt, 2)}:${digits(acceptance, 8)}`;
    return `${head}#${hex(frame.data)}`;
  }
  const head = frame.error
    ? (CAN_ERR_FLAG | id.value).toString(16).toUpperCase().padStart(8, '0')
    : formatId(id);
  const data = frame.data === undefined ? '' : hex(frame.data);
  if (frame.fd === true) {
    const flags = (frame.bitRateSwitch ? CANFD_BRS : 0) | (frame.errorStateIndicator ? CANFD_ESI : 0);
    return `${head}##${flags}${data}`;
  }
  const dlc = frame.len8Dlc ? `_${frame.len8Dlc.toString(16).toUpperCase()}` : '';
  return `${head}#${frame.remote ? `R${frame.length || ''}` : data}${dlc}`;
}

const XL_HEAD =
  /^([0-9A-Fa-f]{2})([0-7][0-9A-Fa-f]{2})#([89A-Fa-f][0-9A-Fa-f]):([0-9A-Fa-f]{2}):([0-9A-Fa-f]{8})#/;
const HEAD = /^([0-9A-Fa-f]{8}|[0-9A-Fa-f]{3})#/;
const DATA = /^(?:[0-9A-Fa-f]{2}(?:\.?[0-9A-Fa-f]{2})*\.?)?/;

/**
 * Reads what {@link formatFrame} writes; hexadecimal digits of either case, bytes may be separated by dots.
 * candump's FD flags may have CANFD_FDF (4) set, which says nothing that ## does not: it is not kept.
 * @throws MalformedFrameError with the offset into the text, ERR_INVALID_ARG_TYPE when it is no string.
 */
export function parseFrame(text: string): CanFrame {
  checkString('text', text);
  const fail = (offset: number, expected: string): MalformedFrameError =>
    new MalformedFrameError('text', offset, expected, text.slice(offset) || undefined);
  const xl = XL_HEAD.exec(text);
  const head = HEAD.exec(text)?.[1];
  if (head === undefined && xl === null) throw fail(0, '3 or 8 hexadecimal digits and #');
  const given = head ?? '';
  const value = Number.parseInt(given, 16);
  const long = given.length === 8;
  const error = long && (value & CAN_ERR_FLAG) !== 0;
  if (value > (long ? CAN_EFF_MASK + (error ? CAN_ERR_FLAG : 0) : CAN_SFF_MASK)) {
    throw fail(0, long ? 'an identifier of 29 bits' : 'an identifier of 11 bits (8 digits make it extended)');
  }
  const id = { id: long || xl !== null ? ext(value & CAN_EFF_MASK) : std(value), error };
  let at = given.length + 1;

  const takeData = (max: number): Uint8Array => {
    const found = DATA.exec(text.slice(at))![0];
    const bytes = Uint8Array.from(found.match(/[0-9A-Fa-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));
    if (bytes.length > max) throw fail(at, `at most ${max} bytes`);
    at += found.length;
    return bytes;
  };
  const takeLen8Dlc = (length: number): number => {
    const dlc = length === CAN_MAX_DLEN ? /^_([9A-Fa-f])/.exec(text.slice(at))?.[1] : undefined;
    if (dlc === undefined) return 0;
    at += 2;
    return Number.parseInt(dlc, 16);
  };
  const end = <Frame extends CanFrame>(frame: Frame): Frame => {
    if (at !== text.length) throw fail(at, frame.remote ? 'the end' : 'pairs of hexadecimal digits');
    return frame;
  };

  if (xl !== null) {
    const [vcid = 0, priority = 0, flags = 0, sdt = 0, acceptance = 0] = xl
      .slice(1)
      .map((part) => Number.parseInt(part, 16));
    at = xl[0].length;
    const data = takeData(CANXL_MAX_DLEN);
    if (data.length === 0) throw fail(at, 'a pair of hexadecimal digits or more');
    return end({
      fd: false,
      xl: true,
      id: std(priority),
      remote: false,
      error: false,
      sdt,
      vcid,
      acceptance,
      sec: (flags & CANXL_SEC) !== 0,
      rrs: (flags & CANXL_RRS) !== 0,
      data,
    });
  }
  if (text[at] === '#') {
    const flags = Number.parseInt(text[at + 1] ?? '', 16);
    if (Number.isNaN(flags)) throw fail(at + 1, 'a hexadecimal digit of flags');
    at += 2;
    const data = takeData(CANFD_MAX_DLEN);
    return end({
      fd: true,
      xl: false,
      ...id,
      remote: false,
      bitRateSwitch: (flags & CANFD_BRS) !== 0,
      errorStateIndicator: (flags & CANFD_ESI) !== 0,
      data,
    });
  }
  if (text[at] === 'R' || text[at] === 'r') {
    const asked = /^[0-8]/.exec(text.slice(at + 1))?.[0];
    at += asked === undefined ? 1 : 2;
    const length = Number(asked ?? 0);
    const len8Dlc = takeLen8Dlc(length);
    return end({ fd: false, xl: false, ...id, remote: true, length, len8Dlc, data: new Uint8Array(0) });
  }
  const data = takeData(CAN_MAX_DLEN);
  const len8Dlc = takeLen8Dlc(data.length);
  return end({ fd: false, xl: false, ...id, remote: false, length: data.length, len8Dlc, data });
}
