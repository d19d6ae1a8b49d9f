/** TLS in the kernel, level SOL_TLS: the kernel's networking/tls.rst, linux/tls.h. First `tcpUpperLayer.set(socket, 'tls')`. */
import { checkBytes, wrongValue } from '../check.ts';
import type { ConstantName } from '../constant-names.ts';
import { constants } from '../constants.ts';
import { type Codec, checkObject, checkWord, FLAG } from './codec.ts';
import { type Option, option } from './option.ts';
import { answer, viewOf } from './struct.ts';

const page = 'networking/tls.rst';

/** Sizes in bytes of what a cipher takes, in the order of its struct: linux/tls.h. */
interface Sizes {
  readonly number: ConstantName;
  readonly iv: number;
  readonly key: number;
  readonly salt: number;
}
const CIPHERS = {
  'aes-128-gcm': { number: 'TLS_CIPHER_AES_GCM_128', iv: 8, key: 16, salt: 4 },
  'aes-256-gcm': { number: 'TLS_CIPHER_AES_GCM_256', iv: 8, key: 32, salt: 4 },
  'aes-128-ccm': { number: 'TLS_CIPHER_AES_CCM_128', iv: 8, key: 16, salt: 4 },
  'chacha20-poly1305': { number: 'TLS_CIPHER_CHACHA20_POLY1305', iv: 12, key: 32, salt: 0 },
  'sm4-gcm': { number: 'TLS_CIPHER_SM4_GCM', iv: 8, key: 16, salt: 4 },
  'sm4-ccm': { number: 'TLS_CIPHER_SM4_CCM', iv: 8, key: 16, salt: 4 },
  'aria-128-gcm': { number: 'TLS_CIPHER_ARIA_GCM_128', iv: 8, key: 16, salt: 4 },
  'aria-256-gcm': { number: 'TLS_CIPHER_ARIA_GCM_256', iv: 8, key: 32, salt: 4 },
} as const;
/** `TLS_CIPHER_…_REC_SEQ_SIZE`: the same for all. */
const SEQUENCE = 8;
/** `struct tls_crypto_info`: __u16 version, __u16 cipher_type. */
const INFO = 4;

/** A cipher, as OpenSSL names it. */
export type TlsCipher = keyof typeof CIPHERS;
const NAMES: readonly TlsCipher[] = /* @__PURE__ */ Object.keys(CIPHERS) as TlsCipher[];
const VERSIONS = ['1.2', '1.3'] as const;

/** What one direction of a TLS connection is encrypted with, as the handshake came out. */
export interface TlsCrypto {
  version: '1.2' | '1.3';
  cipher: TlsCipher;
  /** 8 bytes; 12 for chacha20-poly1305. */
  iv: Uint8Array;
  /** 16 or 32 bytes. */
  key: Uint8Array;
  /** The implicit part of the nonce, 4 bytes; none for chacha20-poly1305. */
  salt: Uint8Array;
  /** The number of the next record, 8 bytes. */
  recordSequence: Uint8Array;
}

function exactly(argument: string, value: Uint8Array, size: number): Uint8Array {
  if (checkBytes(argument, value).length !== size) throw wrongValue(argument, `${size} bytes`, value);
  return value;
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const sizeOf = ({ iv, key, salt }: Sizes): number => INFO + iv + key + salt + SEQUENCE;

const CRYPTO: Codec<TlsCrypto> = {
  type: 'struct tls12_crypto_info_…',
  get: (socket, level, name) => {
    // The kernel wants the exact size of the cipher's struct, which its head tells.
    const head = viewOf(answer(socket, level, name, INFO));
    const number = head.getUint16(2, LITTLE_ENDIAN);
    const cipher = NAMES.find((one) => constants[CIPHERS[one].number] === number);
    if (cipher === undefined)
      throw Object.assign(new Error(`a cipher that is not known here: ${number}`), { code: 'ENOTSUP' });
    const { iv, key, salt } = CIPHERS[cipher];
    const bytes = answer(socket, level, name, sizeOf(CIPHERS[cipher]));
    const version = viewOf(bytes).getUint16(0, LITTLE_ENDIAN);
    let at = INFO;
    const next = (size: number): Uint8Array => {
      at += size;
      return bytes.slice(at - size, at);
    };
    return {
      version: version === constants.TLS_1_3_VERSION ? '1.3' : '1.2',
      cipher,
      iv: next(iv),
      key: next(key),
      salt: next(salt),
      recordSequence: next(SEQUENCE),
    };
  },
  set: (socket, level, name, value) => {
    const given = checkObject('value', value);
    const version = checkWord('value.version', given.version, VERSIONS);
    const sizes: Sizes = CIPHERS[checkWord('value.cipher', given.cipher, NAMES)];
    const bytes = new Uint8Array(sizeOf(sizes));
    const view = viewOf(bytes);
    view.setUint16(
      0,
      version === '1.3' ? constants.TLS_1_3_VERSION : constants.TLS_1_2_VERSION,
      LITTLE_ENDIAN,
    );
    view.setUint16(2, constants[sizes.number], LITTLE_ENDIAN);
    let at = INFO;
    const put = (field: 'iv' | 'key' | 'salt' | 'recordSequence', size: number): void => {
      bytes.set(exactly(`value.${field}`, given[field], size), at);
      at += size;
    };
    put('iv', sizes.iv);
    put('key', sizes.key);
    put('salt', sizes.salt);
    put('recordSequence', SEQUENCE);
    socket.setsockopt(level, name, bytes);
  },
};

/** What is sent is encrypted with this from now on. A second time is EBUSY, but for new keys of TLS 1.3 since Linux 6.14. */
export const tlsTransmit: Option<TlsCrypto> = /* @__PURE__ */ option('SOL_TLS', 'TLS_TX', CRYPTO, {
  since: '4.13',
  page,
});
/** What is received is decrypted with this from now on, as {@link tlsTransmit}. */
export const tlsReceive: Option<TlsCrypto> = /* @__PURE__ */ option('SOL_TLS', 'TLS_RX', CRYPTO, {
  since: '4.17',
  page,
});
/** Whether sendfile sends a file's own pages, which must not change until they are acknowledged. For devices that encrypt. */
export const tlsTransmitZeroCopy: Option<boolean> = /* @__PURE__ */ option(
  'SOL_TLS',
  'TLS_TX_ZEROCOPY_RO',
  FLAG,
  {
    since: '5.19',
    page,
  },
);
/** Whether records of TLS 1.3 are hoped to have no padding, which spares a copy. */
export const tlsReceiveNoPadding: Option<boolean> = /* @__PURE__ */ option(
  'SOL_TLS',
  'TLS_RX_EXPECT_NO_PAD',
  FLAG,
  { since: '6.0', page },
);
