/** AF_ALG: `(type, name[, feat[, mask]])`; the kernel's crypto/userspace-if.rst. */
import { alg, decode } from '@sockeye/addr/alg';
import { constants, platform } from '@sockeye/core';
import { toUint32 } from '../arguments.ts';
import { typeError, ValueError } from '../errors.ts';
import type { Family } from './family.ts';
import { toTuple } from './tuple.ts';

/** `sizeof(salg_type)`, `sizeof(salg_name)`, with the NUL. */
const TYPE_SIZE = 14;
const NAME_SIZE = 64;

/** AF_ALG. */
export const algFamily: Family = {
  numbers: [constants.AF_ALG],
  nameless: true,
  to(address, { caller }) {
    const tuple = toTuple(address, caller, 'AF_ALG');
    const [type, name, feat = 0, mask = 0] = tuple;
    const two = typeof type === 'string' && typeof name === 'string';
    if (!two || tuple.length > 4) {
      throw typeError('AF_ALG address must be a tuple (type, name[, feat[, mask]])');
    }
    if (type.includes('\0') || name.includes('\0')) throw new ValueError('embedded null character');
    // 16 bits each: Python masks them.
    const flags = [toUint32(feat) & 0xffff, toUint32(mask) & 0xffff] as const;
    if (Buffer.byteLength(type) >= TYPE_SIZE) throw new ValueError('AF_ALG type too long.');
    if (Buffer.byteLength(name) >= NAME_SIZE) throw new ValueError('AF_ALG name too long.');
    return alg(type, name, ...flags).toSockaddr(platform);
  },
  from(bytes) {
    const { type, name, feat, mask } = decode(bytes, 0, bytes.length, platform);
    return [type, name, feat, mask];
  },
};
