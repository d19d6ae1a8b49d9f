/** Bytes of hexadecimal text; spaces are for the eye. */
export function parseHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}
