/** Control messages of TIPC, level SOL_TIPC: `<linux/tipc.h>`, tipc(7). All are received, with no option. */
import { type Decoder, decoder } from './codec.ts';
import { readUint } from './fields.ts';

/** TIPC_ERRINFO: a message that came back, or the end of a connection. */
export interface TipcError {
  readonly kind: 'tipc-error';
  /** `TIPC_ERR_…`, TIPC_CONN_SHUTDOWN. */
  readonly code: number;
  /** Bytes of the message that came back. */
  readonly length: number;
}

/** TIPC_RETDATA: the message that came back. */
export interface TipcReturnedData {
  readonly kind: 'tipc-returned-data';
  /** A view. */
  readonly data: Uint8Array;
}

/** TIPC_DESTNAME: the service address, or range, that the message was sent to. */
export interface TipcDestinationName {
  readonly kind: 'tipc-destination-name';
  readonly type: number;
  readonly lower: number;
  readonly upper: number;
}

export type TipcControl = TipcError | TipcReturnedData | TipcDestinationName;

export const tipcDecoders: readonly Decoder<TipcControl>[] = [
  decoder<TipcError>('tipc-error', 'SOL_TIPC', 'TIPC_ERRINFO', 8, (data) => ({
    kind: 'tipc-error',
    code: readUint(data, 0),
    length: readUint(data, 4),
  })),
  decoder<TipcReturnedData>('tipc-returned-data', 'SOL_TIPC', 'TIPC_RETDATA', 0, (data) => ({
    kind: 'tipc-returned-data',
    data,
  })),
  decoder<TipcDestinationName>('tipc-destination-name', 'SOL_TIPC', 'TIPC_DESTNAME', 12, (data) => ({
    kind: 'tipc-destination-name',
    type: readUint(data, 0),
    lower: readUint(data, 4),
    upper: readUint(data, 8),
  })),
];
