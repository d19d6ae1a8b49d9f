/** What control messages mean: one table over the levels and types of all families. */
import { checkBytes, checkInt, wrongType } from '../check.ts';
import { constants } from '../constants.ts';
import { type AlgControl, algDecoders } from './alg.ts';
import { type CanControl, canDecoders } from './can.ts';
import type { Decoder } from './codec.ts';
import type { ControlMessage } from './header.ts';
import { type IpControl, ipDecoders } from './ip.ts';
import { type Ipv6Control, ipv6Decoders } from './ipv6.ts';
import { type NetlinkControl, netlinkDecoders } from './netlink.ts';
import { type PacketControl, packetDecoders } from './packet.ts';
import { type SctpControl, sctpDecoders } from './sctp.ts';
import { type SocketControl, socketDecoders } from './socket.ts';
import { tcpDecoders } from './tcp.ts';
import { type TimeControl, timeDecoders } from './time.ts';
import { type TipcControl, tipcDecoders } from './tipc.ts';
import { type TlsRecordType, tlsDecoders } from './tls.ts';
import { type SegmentSize, udpDecoders } from './udp.ts';
import { vsockDecoders } from './vsock.ts';

/** A message of a level and type that this library does not know. */
export interface UnknownControl extends ControlMessage {
  readonly kind: 'unknown';
}

/** A message of a level and type that this library knows, with too few bytes for it: cut, or not the kernel's. */
export interface MalformedControl extends ControlMessage {
  readonly kind: 'malformed';
}

/** A control message read: `kind` says what it is. */
export type Control =
  | SocketControl
  | TimeControl
  | IpControl
  | Ipv6Control
  | SegmentSize
  | AlgControl
  | PacketControl
  | TlsRecordType
  | SctpControl
  | CanControl
  | TipcControl
  | NetlinkControl
  | UnknownControl
  | MalformedControl;

/** All of them; core's README has a table of the same, and a test holds the two together. */
export const DECODERS: readonly Decoder<Control>[] = [
  ...socketDecoders,
  ...timeDecoders,
  ...ipDecoders,
  ...ipv6Decoders,
  ...udpDecoders,
  ...tcpDecoders,
  ...algDecoders,
  ...packetDecoders,
  ...tlsDecoders,
  ...sctpDecoders,
  ...canDecoders,
  ...vsockDecoders,
  ...tipcDecoders,
  ...netlinkDecoders,
];

/** By level, then by type. */
type Table = ReadonlyMap<number, ReadonlyMap<number, Decoder<Control>>>;

function build(): Table {
  const table = new Map<number, Map<number, Decoder<Control>>>();
  for (const decoder of DECODERS) {
    const level: number | undefined = constants[decoder.level];
    const type: number | undefined = constants[decoder.type];
    // What the platform has not, it does not send.
    if (level === undefined || type === undefined) continue;
    const types = table.get(level) ?? new Map<number, Decoder<Control>>();
    table.set(level, types.set(type, decoder));
  }
  return table;
}

let table: Table | undefined;

/**
 * What a control message says. Never throws for what a kernel or a peer may have sent: a message of no known level and
 * type is of the kind `unknown`, one with too few bytes `malformed`, both with `level`, `type` and `data` as they were.
 * Bytes in the result (`data`, addresses) are views of the message's; numbers and times are not.
 *
 * Levels are told apart by number, and SOL_IP's is 0, which Bluetooth's HCI sockets use too: do not give theirs.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE when it is no control message
 */
export function decodeControl(message: ControlMessage): Control {
  if (message === null || typeof message !== 'object') {
    throw wrongType('message', 'an object { level, type, data }', message);
  }
  const { level, type, data } = message;
  checkInt('message.level', level);
  checkInt('message.type', type);
  checkBytes('message.data', data);
  table ??= build();
  const decoder = table.get(level)?.get(type);
  if (decoder === undefined) return { kind: 'unknown', level, type, data };
  const control = data.length < decoder.least ? undefined : decoder.decode(data);
  return control ?? { kind: 'malformed', level, type, data };
}
