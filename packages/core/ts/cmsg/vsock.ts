/** The error queue of VSOCK, level SOL_VSOCK: zero-copy completions, since 6.7. */
import type { Decoder } from './codec.ts';
import { type ExtendedError, errorDecoder, type ZeroCopyCompletion } from './error.ts';

export const vsockDecoders: readonly Decoder<ExtendedError | ZeroCopyCompletion>[] = [
  errorDecoder('SOL_VSOCK', 'VSOCK_RECVERR'),
];
