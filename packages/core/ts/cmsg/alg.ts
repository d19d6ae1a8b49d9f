/**
 * Control messages to the kernel's ciphers, level SOL_ALG: `<linux/if_alg.h>`, the kernel's
 * Documentation/crypto/userspace-if.rst. All are sent.
 */
import { wrongValue } from '../check.ts';
import { checkUint, copied, type Decoder, decoder, message, number } from './codec.ts';
import { intBytes, readUint, writeInt } from './fields.ts';
import type { ControlMessage } from './header.ts';

/** ALG_SET_OP. */
export interface AlgOperation {
  readonly kind: 'alg-operation';
  /** `ALG_OP_…`. */
  readonly operation: number;
}

/** ALG_SET_IV: `struct af_alg_iv`. */
export interface AlgIv {
  readonly kind: 'alg-iv';
  /** A view. */
  readonly iv: Uint8Array;
}

/** ALG_SET_AEAD_ASSOCLEN. */
export interface AlgAssociatedLength {
  readonly kind: 'alg-associated-length';
  /** Bytes. */
  readonly length: number;
}

export type AlgControl = AlgOperation | AlgIv | AlgAssociatedLength;

/** `struct af_alg_iv`. */
const IVLEN = 0;
const IV = 4;

const OPERATIONS = {
  decrypt: 'ALG_OP_DECRYPT',
  encrypt: 'ALG_OP_ENCRYPT',
  sign: 'ALG_OP_SIGN',
  verify: 'ALG_OP_VERIFY',
} as const;

export const algDecoders: readonly Decoder<AlgControl>[] = [
  decoder<AlgOperation>('alg-operation', 'SOL_ALG', 'ALG_SET_OP', 4, (data) => ({
    kind: 'alg-operation',
    operation: readUint(data, 0),
  })),
  decoder<AlgIv>('alg-iv', 'SOL_ALG', 'ALG_SET_IV', IV, (data) => {
    const length = readUint(data, IVLEN);
    return length > data.length - IV ? undefined : { kind: 'alg-iv', iv: data.subarray(IV, IV + length) };
  }),
  decoder<AlgAssociatedLength>('alg-associated-length', 'SOL_ALG', 'ALG_SET_AEAD_ASSOCLEN', 4, (data) => ({
    kind: 'alg-associated-length',
    length: readUint(data, 0),
  })),
];

/**
 * ALG_SET_OP, since 2.6.38: what the socket is to do with the data; a word or an `ALG_OP_…`. Signing and verifying take
 * a kernel with patches for it.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE
 */
export function algOperation(operation: keyof typeof OPERATIONS | number): ControlMessage {
  const named = typeof operation === 'string';
  if (named && !Object.hasOwn(OPERATIONS, operation)) {
    throw wrongValue('operation', `${Object.keys(OPERATIONS).join(', ')} or a number`, operation);
  }
  const value = named ? number(OPERATIONS[operation]) : checkUint('operation', operation);
  return message('SOL_ALG', 'ALG_SET_OP', intBytes(value));
}

/**
 * ALG_SET_IV, since 2.6.38: the initialization vector, as long as the cipher wants it, copied. Throws
 * ERR_INVALID_ARG_TYPE.
 */
export function algIv(iv: Uint8Array): ControlMessage {
  const bytes = copied('iv', iv);
  const data = new Uint8Array(IV + bytes.length);
  writeInt(data, IVLEN, bytes.length);
  data.set(bytes, IV);
  return message('SOL_ALG', 'ALG_SET_IV', data);
}

/**
 * ALG_SET_AEAD_ASSOCLEN, since 4.1: how many bytes in front of the data are authenticated and not encrypted.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function algAssociatedLength(length: number): ControlMessage {
  return message('SOL_ALG', 'ALG_SET_AEAD_ASSOCLEN', intBytes(checkUint('length', length)));
}
