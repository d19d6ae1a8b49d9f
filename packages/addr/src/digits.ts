/** Digits of addresses, one at a time and as ready text. */

const ZERO = 0x30;

/** Is the UTF-16 unit one of 0 to 9? */
export function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= 0x39;
}

/** The value of a hex digit, or -1. */
export function hexDigit(unit: number): number {
  if (unit >= ZERO && unit <= 0x39) return unit - ZERO;
  const letter = unit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** The byte that two hex digits at `at` stand for, or a number below 0. */
export function hexPair(text: string, at: number): number {
  return (hexDigit(text.charCodeAt(at)) << 4) | hexDigit(text.charCodeAt(at + 1));
}

const PAIRS: readonly string[] = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** Bytes as two hex digits each, in lower case, with `between` between them. */
export function hex(bytes: ArrayLike<number>, between: string): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += (i > 0 ? between : '') + PAIRS[bytes[i]!];
  return text;
}
