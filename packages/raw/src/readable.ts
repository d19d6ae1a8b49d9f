import { bytesLeft } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';

/**
 * Refuses `bytes` of which fewer than the `need` bytes of `header` can be read from `offset` on.
 * @throws MalformedPacketError when they are too few, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function checkReadable(header: string, bytes: Uint8Array, offset: number, need: number): void {
  const have = bytesLeft('bytes', bytes, offset);
  if (have < need) throw new MalformedPacketError(header, offset, `${need} bytes or more`, have);
}
