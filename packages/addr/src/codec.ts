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
