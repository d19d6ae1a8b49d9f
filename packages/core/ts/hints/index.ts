/** What mends an error: one leaf table per family, asked in turn. */
import { errnoName } from '../errors.ts';
import { canHint } from './can.ts';
import type { Failure } from './failure.ts';
import { inetHint } from './inet.ts';
import { limitHint } from './limits.ts';
import { moduleHint } from './modules.ts';
import { packetHint } from './packet.ts';
import { unixHint } from './unix.ts';

/** The family in front of a sockaddr, which a kernel that was given another one's compares. */
function mismatch({ address, code, family }: Failure): string | undefined {
  if (address === undefined || (code !== 'EAFNOSUPPORT' && code !== 'EINVAL')) return undefined;
  if (address.byteLength < 2)
    return `the address has ${address.byteLength} bytes, no sockaddr has fewer than 2`;
  const given = new DataView(address.buffer, address.byteOffset).getUint16(0, true);
  return given === family ? undefined : `the address is of family ${given}, the socket of family ${family}`;
}

/** The queue of an interface, which sends share: they wait for it, with bounds. */
function full({ code, syscall }: Failure): string | undefined {
  if (code !== 'ENOBUFS' || !syscall.startsWith('send')) return undefined;
  return 'the queue of the interface is full: send more slowly, or give it room (ip link set dev … txqueuelen …)';
}

const TABLES = [mismatch, packetHint, canHint, inetHint, unixHint, moduleHint, limitHint, full];

/** A sentence that says what to do about `-errno`, or nothing. */
export function hint(result: number, failure: Omit<Failure, 'code'>): string | undefined {
  const known = { ...failure, code: errnoName(-result) };
  for (const table of TABLES) {
    const words = table(known);
    if (words !== undefined) return words;
  }
  return undefined;
}
