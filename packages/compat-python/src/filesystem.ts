/** Names in bytes as Python has them: UTF-8, bytes that are none as lone surrogates (PEP 383, surrogateescape). */
import { typeName } from './arguments.ts';
import { typeError, UnicodeEncodeError, ValueError } from './errors.ts';

let decoder: InstanceType<typeof TextDecoder> | undefined;

/** Throws for bytes that are no UTF-8. Made when it is first needed. */
export function decodeUtf8(bytes: Uint8Array): string {
  decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes);
}

/** The bytes of a name. Throws UnicodeEncodeError for a surrogate that stands for no byte. */
export function fsencode(name: string): Uint8Array {
  if (!/\p{Surrogate}/u.test(name)) return Buffer.from(name);
  const parts: Uint8Array[] = [];
  for (const [at, character] of [...name].entries()) {
    const point = character.codePointAt(0) as number;
    if (point >= 0xdc80 && point <= 0xdcff) parts.push(Uint8Array.of(point - 0xdc00));
    else if (point >= 0xd800 && point <= 0xdfff) {
      throw new UnicodeEncodeError('utf-8', name, at, at + 1, 'surrogates not allowed');
    } else parts.push(Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** The name that the bytes are. */
export function fsdecode(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    let text = '';
    for (let at = 0; at < bytes.length; ) {
      const length = wellFormed(bytes, at);
      text +=
        length === 0
          ? String.fromCharCode(0xdc00 + (bytes[at] as number))
          : decodeUtf8(bytes.subarray(at, at + length));
      at += length || 1;
    }
    return text;
  }
}

/** The length of the character that begins at `at`; 0 when none does. */
function wellFormed(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      decodeUtf8(bytes.subarray(at, at + length));
      return length;
    } catch {
      // Not yet a whole character, or none at all.
    }
  }
  return 0;
}

/** Python's FSConverter: a name as text or bytes, without NUL. */
export function toName(value: unknown): string {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw typeError(`expected str, bytes or os.PathLike object, not ${typeName(value)}`);
  }
  const name = typeof value === 'string' ? value : fsdecode(value);
  if (name === value) fsencode(name);
  if (name.includes('\0')) throw new ValueError('embedded null byte');
  return name;
}
