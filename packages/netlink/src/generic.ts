/** Generic netlink: struct genlmsghdr, and the family of families, linux/genetlink.h. */
import { checkBytes, checkObject, checkUint } from '@sockeye/addr/check';
import { Attributes, AttributeWriter } from './attributes.ts';
import { split } from './message.ts';

/** sizeof(struct genlmsghdr) */
export const GENL_HDRLEN = 4;
/** The family that tells of families. */
export const GENL_ID_CTRL = 16;

/** CTRL_CMD_… */
export const CTRL_CMD = { NEWFAMILY: 1, DELFAMILY: 2, GETFAMILY: 3 } as const;
/** CTRL_ATTR_… */
export const CTRL_ATTR = {
  FAMILY_ID: 1,
  FAMILY_NAME: 2,
  VERSION: 3,
  HDRSIZE: 4,
  MAXATTR: 5,
  OPS: 6,
  MCAST_GROUPS: 7,
} as const;
/** CTRL_ATTR_OP_… and CTRL_ATTR_MCAST_GRP_… */
export const CTRL_ATTR_OP = { ID: 1, FLAGS: 2 } as const;
export const CTRL_ATTR_MCAST_GRP = { NAME: 1, ID: 2 } as const;

/** A message of a family's. */
export interface GenericMessage {
  readonly command: number;
  readonly version: number;
  readonly attributes: Attributes;
}

/** A family that the kernel has. */
export interface GenericFamily {
  readonly name: string;
  /** The type of its messages, which the kernel chose. */
  readonly id: number;
  readonly version: number;
  /** Bytes of its own header, between the generic one and the attributes. */
  readonly headerSize: number;
  readonly maxAttribute: number;
  readonly operations: readonly { readonly id: number; readonly flags: number }[];
  /** Numbers of its multicast groups by name. */
  readonly groups: ReadonlyMap<string, number>;
}

/**
 * Reads the body of a generic message; `headerSize` is the family's.
 * @throws MalformedNetlinkError
 */
export function decodeGeneric(body: Uint8Array, headerSize: number = 0): GenericMessage {
  const [header, attributes] = split(body, GENL_HDRLEN + headerSize, 'genlmsghdr');
  return { command: header.getUint8(0), version: header.getUint8(1), attributes };
}

/** What is asked of a family. */
export interface GenericRequest {
  readonly command: number;
  /** Default 1. */
  readonly version?: number | undefined;
  /** The family's own header, and attributes, as `AttributeWriter` makes them. */
  readonly attributes?: Uint8Array | undefined;
}

/** The body of a generic message. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function encodeGeneric(request: GenericRequest): Uint8Array {
  checkObject('request', request);
  const { command, version = 1, attributes } = request;
  const header = Uint8Array.of(checkUint('command', command, 8), checkUint('version', version, 8), 0, 0);
  const out = new AttributeWriter().struct(header);
  if (attributes !== undefined) out.struct(checkBytes('attributes', attributes));
  return out.bytes();
}

/** Reads what the family of families tells of one. Throws MalformedNetlinkError. */
export function decodeFamily(body: Uint8Array): GenericFamily {
  const { attributes } = decodeGeneric(body);
  const groups = new Map<string, number>();
  for (const { data } of attributes.nested(CTRL_ATTR.MCAST_GROUPS) ?? []) {
    const group = new Attributes(data);
    const name = group.text(CTRL_ATTR_MCAST_GRP.NAME);
    const id = group.u32(CTRL_ATTR_MCAST_GRP.ID);
    if (name !== undefined && id !== undefined) groups.set(name, id);
  }
  const operations: { id: number; flags: number }[] = [];
  for (const { data } of attributes.nested(CTRL_ATTR.OPS) ?? []) {
    const operation = new Attributes(data);
    operations.push({
      id: operation.u32(CTRL_ATTR_OP.ID) ?? 0,
      flags: operation.u32(CTRL_ATTR_OP.FLAGS) ?? 0,
    });
  }
  return {
    name: attributes.text(CTRL_ATTR.FAMILY_NAME) ?? '',
    id: attributes.u16(CTRL_ATTR.FAMILY_ID) ?? 0,
    version: attributes.u32(CTRL_ATTR.VERSION) ?? 0,
    headerSize: attributes.u32(CTRL_ATTR.HDRSIZE) ?? 0,
    maxAttribute: attributes.u32(CTRL_ATTR.MAXATTR) ?? 0,
    operations,
    groups,
  };
}
