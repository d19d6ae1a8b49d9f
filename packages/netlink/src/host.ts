/** Numbers in netlink are in the byte order of the machine, but where a structure says otherwise. */
export const LITTLE: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Text up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The words of `table` whose bits are set; bits without a word as `0x…`. */
export function words<Word extends string>(
  table: Readonly<Record<Word, number>>,
  bits: number,
): (Word | `0x${string}`)[] {
  const out: (Word | `0x${string}`)[] = [];
  let rest = bits;
  for (const word of Object.keys(table) as Word[]) {
    const bit = table[word];
    if ((bits & bit) !== 0) out.push(word);
    rest &= ~bit;
  }
  if (rest !== 0) out.push(`0x${(rest >>> 0).toString(16)}`);
  return out;
}

/** The word of `table` for a number; a number without one stays a number. */
export function wordOf<Word extends string>(
  table: Readonly<Record<Word, number>>,
  value: number,
): Word | number {
  for (const word of Object.keys(table) as Word[]) if (table[word] === value) return word;
  return value;
}
