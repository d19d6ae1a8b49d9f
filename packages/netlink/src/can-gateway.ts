/** Rules of the CAN gateway: struct rtcanmsg and CGW_…, linux/can/gw.h. */
import { checkBytes, checkInteger, checkObject, checkUint, wrongType, wrongValue } from '@sockeye/addr/check';
import { type Attributes, AttributeWriter } from './attributes.ts';
import { LITTLE, viewOf } from './host.ts';
import { split } from './message.ts';
import { AF } from './numbers.ts';

/** sizeof(struct rtcanmsg), and CGW_TYPE_CAN_CAN. */
export const RTCANMSG_SIZE = 4;
export const CGW_TYPE_CAN_CAN = 1;

/** CGW_… */
export const CGW = {
  MOD_AND: 1,
  MOD_OR: 2,
  MOD_XOR: 3,
  MOD_SET: 4,
  CS_XOR: 5,
  CS_CRC8: 6,
  HANDLED: 7,
  DROPPED: 8,
  SRC_IF: 9,
  DST_IF: 10,
  FILTER: 11,
  DELETED: 12,
  LIM_HOPS: 13,
  MOD_UID: 14,
  FDMOD_AND: 15,
  FDMOD_OR: 16,
  FDMOD_XOR: 17,
  FDMOD_SET: 18,
} as const;

/** CGW_FLAGS_CAN_… */
export const CGW_FLAGS_CAN = { ECHO: 0x01, SRC_TSTAMP: 0x02, IIF_TX_OK: 0x04, FD: 0x08 } as const;

/** CGW_MOD_… */
export const CGW_MOD = { ID: 0x01, DLC: 0x02, DATA: 0x04, FLAGS: 0x08 } as const;

/** sizeof(struct can_frame) and sizeof(struct canfd_frame); behind them, packed, is what of them counts. */
const CAN_MTU = 16;
const CANFD_MTU = 72;
const CRC8_SIZE = 282;
const CRC8_TABLE = 5;
const CRC8_PROFILE = CRC8_TABLE + 256;

const OPERATIONS: readonly ['and', 'or', 'xor', 'set'] = ['and', 'or', 'xor', 'set'];
const FIELDS: Readonly<Record<GatewayField, number>> = {
  id: CGW_MOD.ID,
  dlc: CGW_MOD.DLC,
  data: CGW_MOD.DATA,
  flags: CGW_MOD.FLAGS,
};

/** A part of a frame; `flags` is CAN FD's. */
export type GatewayField = 'id' | 'dlc' | 'data' | 'flags';

/** What is done to a frame that passes: in the order and, or, xor, set, each once at most. */
export interface GatewayModification {
  readonly operation: 'and' | 'or' | 'xor' | 'set';
  /** What of the frame is changed. */
  readonly fields: readonly GatewayField[];
  /** The operand: struct can_frame (16 bytes), or of a rule for CAN FD struct canfd_frame (72), as `encodeFrame` of `@sockeye/can` writes it. */
  readonly frame: Uint8Array;
}

/**
 * A checksum over bytes `from` to `to` of the data, into byte `result`; negative ones count from the end. Of frames that are
 * modified too: without a modification the kernel leaves it out.
 */
export interface GatewayXor {
  readonly from: number;
  readonly to: number;
  readonly result: number;
  readonly initial: number;
}

/** CRC-8 with a table of 256 bytes. */
export interface GatewayCrc8 extends GatewayXor {
  readonly final: number;
  readonly table: Uint8Array;
  /** CGW_CRC8PRF_…: 0 none, 1 one byte more, 2 sixteen by the data's first, 3 the identifier's. */
  readonly profile?: number | undefined;
  /** 20 bytes. */
  readonly profileData?: Uint8Array | undefined;
}

/** A rule: frames that come from one interface go out by another. */
export interface GatewayRuleFields {
  /** Indexes of interfaces. */
  readonly source: number;
  readonly destination: number;
  /** As of raw sockets, with the kernel's flags in the numbers: `id & mask === frame & mask`. Default: all frames. */
  readonly filter?: { readonly id: number; readonly mask: number } | undefined;
  readonly modifications?: readonly GatewayModification[] | undefined;
  readonly xor?: GatewayXor | undefined;
  readonly crc8?: GatewayCrc8 | undefined;
  /** Is for CAN FD frames, and for those alone. Linux 5.4. */
  readonly fd?: boolean | undefined;
  /** Local sockets on the destination hear them. */
  readonly echo?: boolean | undefined;
  /** Keeps the time stamp of the source. */
  readonly keepTimestamp?: boolean | undefined;
  /** Allows the way back to the interface that the frame came from. */
  readonly allowBack?: boolean | undefined;
  /** Gateways that a frame may pass in all: 1 to the module's parameter max_hops, which is 1 unless set. */
  readonly hops?: number | undefined;
  /** Modifications can be changed in place under this number. */
  readonly uid?: number | undefined;
}

/** A rule that there is. */
export interface GatewayRule extends GatewayRuleFields {
  readonly modifications: readonly GatewayModification[];
  /** Frames that it sent, and could not send, and those beyond `hops`. */
  readonly handled: number;
  readonly dropped: number;
  readonly deleted: number;
}

function signed(argument: string, value: number): number {
  return checkInteger(argument, value, -64, 63) & 0xff;
}

function xorBytes(argument: string, sum: GatewayXor): number[] {
  checkObject(argument, sum);
  return [
    signed(`${argument}.from`, sum.from),
    signed(`${argument}.to`, sum.to),
    signed(`${argument}.result`, sum.result),
    checkUint(`${argument}.initial`, sum.initial, 8),
  ];
}

/**
 * The body of an RTM_NEWROUTE or RTM_DELROUTE; the kernel takes away the rule that is the same in all.
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export function encodeGatewayRule(rule: GatewayRuleFields): Uint8Array {
  checkObject('rule', rule);
  const { filter, modifications = [], xor, crc8, hops, uid } = rule;
  let flags = 0;
  for (const [name, bit] of [
    ['echo', CGW_FLAGS_CAN.ECHO],
    ['keepTimestamp', CGW_FLAGS_CAN.SRC_TSTAMP],
    ['allowBack', CGW_FLAGS_CAN.IIF_TX_OK],
    ['fd', CGW_FLAGS_CAN.FD],
  ] as const) {
    const value = rule[name];
    if (value !== undefined && typeof value !== 'boolean') throw wrongType(name, 'true or false', value);
    if (value) flags |= bit;
  }
  const header = Uint8Array.of(AF.CAN, CGW_TYPE_CAN_CAN, 0, 0);
  viewOf(header).setUint16(2, flags, LITTLE);
  const out = new AttributeWriter().struct(header);
  const fd = rule.fd === true;
  const [size, first] = fd ? [CANFD_MTU, CGW.FDMOD_AND] : [CAN_MTU, CGW.MOD_AND];
  checkObject('modifications', modifications);
  if (modifications.length === 0 && (xor !== undefined || crc8 !== undefined)) {
    const takes = 'one or more beside `xor` or `crc8`: the kernel does sums of changed frames alone';
    throw wrongValue('modifications', takes, modifications);
  }
  for (const { operation, fields, frame } of modifications) {
    const index = OPERATIONS.indexOf(operation);
    if (index < 0) throw wrongValue('operation', `one of ${OPERATIONS.join(', ')}`, operation);
    const bytes = new Uint8Array(size + 1);
    bytes.set(checkBytes('frame', frame, size));
    for (const field of fields) {
      if (!Object.hasOwn(FIELDS, field)) {
        throw wrongValue('fields', `some of ${Object.keys(FIELDS).join(', ')}`, field);
      }
      bytes[size]! |= FIELDS[field];
    }
    out.data(first + index, bytes);
  }
  if (uid !== undefined) out.u32(CGW.MOD_UID, checkUint('uid', uid, 32));
  if (xor !== undefined) out.data(CGW.CS_XOR, Uint8Array.from(xorBytes('xor', xor)));
  if (crc8 !== undefined) {
    const bytes = new Uint8Array(CRC8_SIZE);
    bytes.set(xorBytes('crc8', crc8));
    bytes[4] = checkUint('crc8.final', crc8.final, 8);
    bytes.set(checkBytes('crc8.table', crc8.table, 256), CRC8_TABLE);
    bytes[CRC8_PROFILE] = checkUint('crc8.profile', crc8.profile ?? 0, 8);
    if (crc8.profileData !== undefined) {
      bytes.set(checkBytes('crc8.profileData', crc8.profileData, 20), CRC8_PROFILE + 1);
    }
    out.data(CGW.CS_CRC8, bytes);
  }
  if (filter !== undefined) {
    checkObject('filter', filter);
    const id = checkUint('filter.id', filter.id, 32);
    const mask = checkUint('filter.mask', filter.mask, 32);
    out.data(CGW.FILTER, new Uint8Array(Uint32Array.of(id, mask).buffer));
  }
  out.u32(CGW.SRC_IF, checkInteger('source', rule.source, 1, 0x7fffffff));
  out.u32(CGW.DST_IF, checkInteger('destination', rule.destination, 1, 0x7fffffff));
  if (hops !== undefined) out.u8(CGW.LIM_HOPS, checkInteger('hops', hops, 1, 255));
  return out.bytes();
}

function xorOf(bytes: Uint8Array): GatewayXor {
  const view = viewOf(bytes);
  return { from: view.getInt8(0), to: view.getInt8(1), result: view.getInt8(2), initial: view.getUint8(3) };
}

function modificationsOf(attributes: Attributes, fd: boolean): GatewayModification[] {
  const [size, first] = fd ? [CANFD_MTU, CGW.FDMOD_AND] : [CAN_MTU, CGW.MOD_AND];
  const all: GatewayModification[] = [];
  for (const [index, operation] of OPERATIONS.entries()) {
    const bytes = attributes.bytes(first + index, size + 1);
    if (bytes === undefined) continue;
    const fields = (Object.keys(FIELDS) as GatewayField[]).filter(
      (field) => ((bytes[size] as number) & FIELDS[field]) !== 0,
    );
    all.push({ operation, fields, frame: bytes.subarray(0, size) });
  }
  return all;
}

/**
 * Reads the body of a rule as the kernel lists it.
 * @throws MalformedNetlinkError
 */
export function decodeGatewayRule(body: Uint8Array): GatewayRule {
  const [header, attributes] = split(body, RTCANMSG_SIZE, 'rtcanmsg');
  const flags = header.getUint16(2, LITTLE);
  const fd = (flags & CGW_FLAGS_CAN.FD) !== 0;
  const filter = attributes.bytes(CGW.FILTER, 8);
  const xor = attributes.bytes(CGW.CS_XOR, 4);
  const crc8 = attributes.bytes(CGW.CS_CRC8, CRC8_SIZE);
  return {
    source: attributes.u32(CGW.SRC_IF) ?? 0,
    destination: attributes.u32(CGW.DST_IF) ?? 0,
    filter:
      filter === undefined
        ? undefined
        : { id: viewOf(filter).getUint32(0, LITTLE), mask: viewOf(filter).getUint32(4, LITTLE) },
    modifications: modificationsOf(attributes, fd),
    xor: xor === undefined ? undefined : xorOf(xor),
    crc8:
      crc8 === undefined
        ? undefined
        : {
            ...xorOf(crc8),
            final: crc8[4] as number,
            table: crc8.subarray(CRC8_TABLE, CRC8_PROFILE),
            profile: crc8[CRC8_PROFILE] as number,
            profileData: crc8.subarray(CRC8_PROFILE + 1, CRC8_SIZE),
          },
    fd,
    echo: (flags & CGW_FLAGS_CAN.ECHO) !== 0,
    keepTimestamp: (flags & CGW_FLAGS_CAN.SRC_TSTAMP) !== 0,
    allowBack: (flags & CGW_FLAGS_CAN.IIF_TX_OK) !== 0,
    hops: attributes.u8(CGW.LIM_HOPS),
    uid: attributes.u32(CGW.MOD_UID),
    handled: attributes.u32(CGW.HANDLED) ?? 0,
    dropped: attributes.u32(CGW.DROPPED) ?? 0,
    deleted: attributes.u32(CGW.DELETED) ?? 0,
  };
}

/** The body of a dump of rules. */
export function encodeGatewayQuery(): Uint8Array {
  return Uint8Array.of(AF.CAN, CGW_TYPE_CAN_CAN, 0, 0);
}
