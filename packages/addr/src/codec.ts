import type { Platform } from './layout.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** What every family's module has, as one object. `buffer` and `offset` are the caller's; lengths are in bytes. */
export interface Codec<T> {
  parse(text: string, options?: ParseOptions): T;
  format(value: T, options?: FormatOptions): string;
  size(value: T, platform: Platform): number;
  encode(value: T, buffer: Uint8Array, offset: number, platform: Platform): number;
  decode(buffer: Uint8Array, offset: number, length: number, platform: Platform): T;
}

/** The sockaddr of `value` in a new array. Throws what `size` and `encode` of its family throw. */
export function sockaddrOf<T>(codec: Codec<T>, value: T, platform: Platform): Uint8Array {
  const out = new Uint8Array(codec.size(value, platform));
  codec.encode(value, out, 0, platform);
  return out;
}
