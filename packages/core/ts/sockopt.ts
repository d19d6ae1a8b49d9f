/**
 * What typed options are applied to, and the three forms of getsockopt(2) and setsockopt(2) that they need beside the two that
 * everybody has. Those are under registered symbols, since the CommonJS and the ES module copy of this package meet in one
 * program, and not for others: the kernel takes addresses of memory from the bytes of some options.
 */
import type { Descriptor } from './descriptor.ts';

/** getsockopt(2) that is asked with bytes and answers into them. */
export const ANSWER: unique symbol = Symbol.for('@sockeye/core: getsockopt with an answer');
/** getsockopt(2) that makes a descriptor. */
export const MAKE: unique symbol = Symbol.for('@sockeye/core: getsockopt of a descriptor');
/** setsockopt(2) of a classic filter's instructions. */
export const PROGRAM: unique symbol = Symbol.for('@sockeye/core: setsockopt of a program');

export interface OptionForms {
  [ANSWER](level: number, name: number, value: Uint8Array): number;
  [MAKE](level: number, name: number): Descriptor;
  [PROGRAM](level: number, name: number, program: Uint8Array): void;
}

/** What has options: a Socket, or what `of(nodeSocket)` gives. */
export interface HasOptions {
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, length: number): Uint8Array;
  setsockopt(level: number, name: number, value: number | Uint8Array): void;
}

/** The further forms of what has options. Throws ENOTSUP where it has only the usual two. */
export function formsOf(socket: HasOptions): OptionForms {
  if (ANSWER in socket) return socket as HasOptions & OptionForms;
  throw Object.assign(new Error('this kind of socket has no options of structs'), { code: 'ENOTSUP' });
}
