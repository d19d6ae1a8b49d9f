import { native } from './binding.ts';
import { constants } from './constants.ts';

/** The host of an address in digits, for a message; its length where it is of no family that has digits. */
export function shownAddress(address: Uint8Array): string {
  const answer = native.getnameinfoSync(address, constants.NI_NUMERICHOST | constants.NI_NUMERICSERV);
  return typeof answer === 'number' || 'eai' in answer ? `${address.byteLength} bytes` : answer.host;
}
