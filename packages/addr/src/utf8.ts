/*
 * UTF-8 by hand: a bare JavaScript engine has no TextEncoder, and names of files must come back byte for byte.
 */

/**
 * The well-formed sequence at `i`: its length, or minus the length of the ill-formed part to skip
 * (Unicode 15, section 3.9, table 3-7, and "substitution of maximal subparts").
 */
function sequence(b: Uint8Array, i: number): number {
  const lead = b[i]!;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let n = 1; n < size; n++) {
    const next = b[i + n];
    if (next === undefined || next < (n === 1 ? low : 0x80) || next > (n === 1 ? high : 0xbf)) return -n;
  }
  return size;
}

function codePoint(b: Uint8Array, i: number, size: number): number {
  let point = size === 1 ? b[i]! : b[i]! & (0xff >> (size + 1));
  for (let n = 1; n < size; n++) point = (point << 6) | (b[i + n]! & 0x3f);
  return point;
}

/**
 * Text of `bytes`. `illFormed` says what stands for each ill-formed part, `wellFormed` for each code point;
 * by default U+FFFD and the character, as TextDecoder does.
 */
export function decodeUtf8(
  bytes: Uint8Array,
  illFormed: (from: number, to: number) => string = () => '\ufffd',
  wellFormed: (point: number, at: number) => string = (point) => String.fromCodePoint(point),
): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const size = sequence(bytes, i);
    text += size > 0 ? wellFormed(codePoint(bytes, i, size), i) : illFormed(i, i - size);
    i += Math.abs(size);
  }
  return text;
}

/** Appends the UTF-8 of code point `point` to `out`. */
export function pushUtf8(out: number[], point: number): void {
  // Behind the first byte there are as many as it says, of six bits each.
  let more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  out.push(more ? ((0x3f80 >> more) & 0xff) | (point >> (6 * more)) : point);
  while (more-- > 0) out.push(0x80 | ((point >> (6 * more)) & 0x3f));
}

/** The code point at `i`, or -1 for half of a surrogate pair, which has no UTF-8. */
export function pointAt(text: string, i: number): number {
  const point = text.codePointAt(i)!;
  return point >= 0xd800 && point <= 0xdfff ? -1 : point;
}
