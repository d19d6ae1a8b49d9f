/** Control messages of TCP, level SOL_TCP. */
import type { Decoder } from './codec.ts';
import { type Queued, queuedDecoder } from './socket.ts';

export const tcpDecoders: readonly Decoder<Queued>[] = [queuedDecoder('SOL_TCP', 'TCP_CM_INQ')];
