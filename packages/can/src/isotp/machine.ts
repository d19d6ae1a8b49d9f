/** ISO 15765-2 without sockets and clocks, for whoever has frames and time of their own: its frames, its sender, its receiver. */
export {
  CONTINUE,
  decodePci,
  decodeStMin,
  encodeConsecutive,
  encodeFirst,
  encodeFlow,
  encodeSingle,
  encodeStMin,
  type Layout,
  OVERFLOW,
  type PaddingCheck,
  type Pci,
  singleFrameRoom,
  WAIT,
} from './pci.ts';
export { type Received, Reception, type ReceptionSettings } from './reception.ts';
export type { IsoTpResult } from './result.ts';
export { Transmission, type TransmissionSettings, type TransmissionState } from './transmission.ts';
