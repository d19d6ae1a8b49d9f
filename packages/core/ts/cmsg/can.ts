/**
 * Control messages of J1939, level SOL_CAN_J1939: the kernel's Documentation/networking/j1939.rst, 5.4. All are
 * received, with no option.
 */
import { type Decoder, decoder } from './codec.ts';
import { type ExtendedError, errorDecoder, type ZeroCopyCompletion } from './error.ts';
import { readUint64 } from './fields.ts';

/** SCM_J1939_DEST_ADDR: given when the packet was sent to one address. */
export interface J1939DestinationAddress {
  readonly kind: 'j1939-destination-address';
  /** 0 to 253. */
  readonly address: number;
}

/** SCM_J1939_DEST_NAME: given when the destination has a NAME. */
export interface J1939DestinationName {
  readonly kind: 'j1939-destination-name';
  readonly name: bigint;
}

/** SCM_J1939_PRIO. */
export interface J1939Priority {
  readonly kind: 'j1939-priority';
  /** 0, the highest, to 7. */
  readonly priority: number;
}

export type CanControl =
  | J1939DestinationAddress
  | J1939DestinationName
  | J1939Priority
  | ExtendedError
  | ZeroCopyCompletion;

export const canDecoders: readonly Decoder<CanControl>[] = [
  decoder<J1939DestinationAddress>(
    'j1939-destination-address',
    'SOL_CAN_J1939',
    'SCM_J1939_DEST_ADDR',
    1,
    (data) => ({
      kind: 'j1939-destination-address',
      address: data[0] as number,
    }),
  ),
  decoder<J1939DestinationName>(
    'j1939-destination-name',
    'SOL_CAN_J1939',
    'SCM_J1939_DEST_NAME',
    8,
    (data) => ({
      kind: 'j1939-destination-name',
      name: readUint64(data, 0),
    }),
  ),
  decoder<J1939Priority>('j1939-priority', 'SOL_CAN_J1939', 'SCM_J1939_PRIO', 1, (data) => ({
    kind: 'j1939-priority',
    priority: data[0] as number,
  })),
  // After SO_J1939_ERRQUEUE; `info` is a J1939_EE_INFO_… unless `origin` is `txstatus`.
  errorDecoder('SOL_CAN_J1939', 'SCM_J1939_ERRQUEUE'),
];
