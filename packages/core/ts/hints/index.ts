/** What mends an error: one leaf table per family, asked in turn. */
import { errnoName } from '../errors.ts';
import { canHint } from './can.ts';
import { inetHint } from './inet.ts';
import { packetHint } from './packet.ts';

/** What failed, as far as it is known. */
export interface Failure {
  code: string;
  syscall: string;
  family: number;
  type: number;
  protocol: number;
  /** The sockaddr that was given, where one was. */
  address?: Uint8Array | undefined;
}

/** The family in front of a sockaddr, which a kernel that was given another one's compares. */
function mismatch({ address, code, family }: Failure): string | undefined {
  if (address === undefined || (code !== 'EAFNOSUPPORT' && code !== 'EINVAL')) return undefined;
  if (address.byteLength < 2)
    return `the address has ${address.byteLength} bytes, no sockaddr has fewer than 2`;
  const given = new DataView(address.buffer, address.byteOffset).getUint16(0, true);
  return given === family ? undefined : `the address is of family ${given}, the socket of family ${family}`;
}

/** A sentence that says what to do about `-errno`, or nothing. */
export function hint(result: number, failure: Omit<Failure, 'code'>): string | undefined {
  const known = { ...failure, code: errnoName(-result) };
  return mismatch(known) ?? packetHint(known) ?? canHint(known) ?? inetHint(known);
}

/** How this process gets a capability: for the program file, or for a container. */
export function capability(name: string): string {
  const lower = name.toLowerCase();
  return (
    `it takes the capability ${name}: run "sudo setcap ${lower}+ep '${process.execPath}'", ` +
    `or start the container with --cap-add ${name.replace('CAP_', '')}, or run as root`
  );
}
