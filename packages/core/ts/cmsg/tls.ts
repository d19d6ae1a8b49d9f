/** Control messages of TLS in the kernel, level SOL_TLS: the kernel's Documentation/networking/tls.rst. */
import { checkInteger } from '../check.ts';
import { type Decoder, decoder, message } from './codec.ts';
import type { ControlMessage } from './header.ts';

/** TLS_GET_RECORD_TYPE, received on every socket with TLS_RX, 4.17; TLS_SET_RECORD_TYPE, sent, 4.13. */
export interface TlsRecordType {
  readonly kind: 'tls-record-type';
  /** RFC 8446: 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data. */
  readonly type: number;
}

function type(name: 'TLS_GET_RECORD_TYPE' | 'TLS_SET_RECORD_TYPE'): Decoder<TlsRecordType> {
  return decoder('tls-record-type', 'SOL_TLS', name, 1, (data) => ({
    kind: 'tls-record-type',
    type: data[0] as number,
  }));
}

export const tlsDecoders: readonly Decoder<TlsRecordType>[] = [
  type('TLS_GET_RECORD_TYPE'),
  type('TLS_SET_RECORD_TYPE'),
];

/**
 * TLS_SET_RECORD_TYPE: the type of the record that the data make, 0 to 255: 21 for an alert. Throws
 * ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function tlsRecordType(type: number): ControlMessage {
  return message('SOL_TLS', 'TLS_SET_RECORD_TYPE', Uint8Array.of(checkInteger('type', type, 0, 255)));
}
