import { wrongValue } from '@sockeye/addr/check';
import { type ControlMessage, constants, type Socket } from '@sockeye/core';
import { decodeControl, timestampStage } from '@sockeye/core/cmsg';
import {
  packetAuxiliaryData,
  packetBypassQueue,
  packetVnetHeader,
  packetVnetHeaderSize,
  type TimestampingFlag,
  timestamping,
  timestampNanoseconds,
} from '@sockeye/core/options';
import { type VirtioLength, virtioLength } from './virtio.ts';

/** By whose clock packets are stamped: the kernel's, or the interface's where it has one (and the kernel's beside it). */
export type PacketTimestamps = 'software' | 'hardware';

/** When a sent frame left. */
export interface TransmitTimestamp {
  /** How many frames were sent before it, on the same socket: modulo 2^32. */
  readonly id: number;
  /** `sent`: it was handed to the interface, or by its clock it was on the wire; others as `timestampStage` has them. */
  readonly stage: 'sent' | 'scheduled' | 'acknowledged' | 'completed';
  /** Nanoseconds since 1970, by the kernel's clock; undefined where that gave none. */
  readonly software: bigint | undefined;
  /** Nanoseconds of the interface's own clock; undefined where it has none. */
  readonly hardware: bigint | undefined;
}

interface Wanted {
  readonly auxiliaryData?: boolean | undefined;
  readonly timestamps?: PacketTimestamps | undefined;
  readonly transmitTimestamps?: PacketTimestamps | undefined;
  readonly virtioHeader?: VirtioLength | undefined;
  readonly bypassQueue?: boolean | undefined;
}

function check(argument: string, value: PacketTimestamps | undefined): void {
  if (value !== undefined && value !== 'software' && value !== 'hardware') {
    throw wrongValue(argument, "'software' or 'hardware'", value);
  }
}

/** Has packets begin with a virtio header of this length; before a socket has a ring. @throws ENOPROTOOPT for 12 before Linux 6.4 */
export function setUpVirtio(socket: Socket, header: VirtioLength): void {
  if (header === 10) packetVnetHeader.set(socket, true);
  else if (header !== 0) packetVnetHeaderSize.set(socket, header);
}

/** Sets what a packet socket tells beside its packets, and how it sends; before it is bound. */
export function setUp(socket: Socket, wanted: Wanted): void {
  const { timestamps, transmitTimestamps } = wanted;
  check('timestamps', timestamps);
  check('transmitTimestamps', transmitTimestamps);
  if (wanted.auxiliaryData) packetAuxiliaryData.set(socket, true);
  if (wanted.bypassQueue) packetBypassQueue.set(socket, true);
  setUpVirtio(socket, virtioLength(wanted.virtioHeader));
  if (timestamps !== undefined) timestampNanoseconds.set(socket, true);
  const flags: TimestampingFlag[] = [];
  if (timestamps === 'hardware') flags.push('rxHardware', 'rawHardware', 'rxSoftware', 'software');
  if (transmitTimestamps !== undefined) flags.push('txSoftware', 'software', 'optId', 'optTsonly');
  if (transmitTimestamps === 'hardware') flags.push('txHardware', 'rawHardware');
  if (flags.length > 0) timestamping.set(socket, { flags });
}

/** The transmit time stamp among control messages of the error queue; undefined when they are of something else. */
export function receiveStamps(control: readonly ControlMessage[]): TransmitTimestamp | undefined {
  let times: { software: bigint | undefined; hardware: bigint | undefined } | undefined;
  let id = 0;
  let stage: TransmitTimestamp['stage'] | undefined;
  for (const message of control) {
    const decoded = decodeControl(message);
    if (decoded.kind === 'timestamping') times = decoded;
    if (decoded.kind === 'error') {
      stage = timestampStage(decoded);
      id = decoded.data;
    }
  }
  if (times === undefined || stage === undefined) return undefined;
  return { id, stage, software: times.software, hardware: times.hardware };
}

/** `constants.SO_ERROR`: an error that stands, as a positive number; reading it clears it. */
export function standingError(socket: Socket): number {
  return socket.getsockopt(constants.SOL_SOCKET, constants.SO_ERROR);
}
