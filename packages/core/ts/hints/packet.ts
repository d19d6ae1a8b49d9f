import { constants } from '../constants.ts';
import { capability, type Failure } from './failure.ts';

/** AF_PACKET, packet(7): every use takes CAP_NET_RAW. */
export function packetHint({ code, syscall, family }: Failure): string | undefined {
  if (family !== constants.AF_PACKET || syscall !== 'socket') return undefined;
  if (code === 'EPERM') return capability('CAP_NET_RAW');
  return undefined;
}
