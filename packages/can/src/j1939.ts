/** SAE J1939 on Linux: names, address claim, messages of any length, and NMEA 2000's fast-packet on top. */
export { type AbortedTransfer, J1939AbortError } from './j1939/abort.ts';
export type { ClaimState } from './j1939/claim.ts';
export type { J1939Change } from './j1939/claimer.ts';
export {
  J1939,
  type J1939ClaimOptions,
  type J1939MessageFields,
  type J1939OpenOptions,
  type J1939RequestOptions,
  type J1939SendOptions,
} from './j1939/ecu.ts';
export type { J1939Filter } from './j1939/filter.ts';
export {
  decodeName,
  encodeName,
  formatName,
  type J1939Name,
  type J1939NameFields,
  parseName,
} from './j1939/name.ts';
export {
  Nmea2000,
  type Nmea2000Message,
  type Nmea2000MessageFields,
  Nmea2000Messages,
  type Nmea2000Options,
  type Nmea2000ReceiveOptions,
} from './j1939/nmea2000.ts';
export {
  type J1939Message,
  J1939Messages,
  type J1939ReceiveOptions,
  type J1939Reception,
} from './j1939/receiver.ts';
