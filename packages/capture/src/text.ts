/** Browsers, Node.js, Deno and Bun have it; this package is compiled without the types of any. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

let decoder: { decode(bytes: Uint8Array): string } | undefined;

/** UTF-8 as text; what is none shows as U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  decoder ??= new TextDecoder();
  return decoder.decode(bytes);
}
