import { checkRoom, checkUint } from '@sockeye/addr/check';
import { readU32, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const SEQUENCE = 4;

export const ESP_HEADER_LENGTH = 8;

/** What is in the clear of an encapsulated payload (RFC 4303): the rest, its trailer among it, only the two ends can read. */
export interface EspHeader {
  /** SPI: which security association; below 256 reserved. */
  readonly securityParametersIndex: number;
  /** The low 32 bits, where it has 64. */
  readonly sequence: number;
}

/** The clear part of an encapsulated payload. */
export class EspView extends HeaderView implements EspHeader {
  override readonly kind: 'esp' = 'esp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('ESP', bytes, offset, end, ESP_HEADER_LENGTH);
    this.place.set(bytes, offset, ESP_HEADER_LENGTH, end, end);
    return this;
  }

  get securityParametersIndex(): number {
    return readU32(this.place.bytes, this.place.offset);
  }

  get sequence(): number {
    return readU32(this.place.bytes, this.place.offset + SEQUENCE);
  }
}

/**
 * Writes the clear part into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodeEsp(header: EspHeader, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, ESP_HEADER_LENGTH);
  writeU32(into, offset, checkUint('securityParametersIndex', header.securityParametersIndex, 32));
  writeU32(into, offset + SEQUENCE, checkUint('sequence', header.sequence, 32));
  return ESP_HEADER_LENGTH;
}
