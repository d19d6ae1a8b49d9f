/** Acknowledgements (struct nlmsgerr) and what the kernel says beside the number: NETLINK_EXT_ACK, Linux 4.12. */
import { Attributes, align } from './attributes.ts';
import { MalformedNetlinkError } from './errors.ts';
import { LITTLE, viewOf, wordOf } from './host.ts';
import { type NetlinkMessage, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_HDRLEN } from './message.ts';

/** enum nlmsgerr_attrs */
export const NLMSGERR_ATTR = { MSG: 1, OFFS: 2, COOKIE: 3, POLICY: 4, MISS_TYPE: 5, MISS_NEST: 6 } as const;

/** enum netlink_policy_type_attr */
export const NL_POLICY_TYPE_ATTR = {
  TYPE: 1,
  MIN_VALUE_S: 2,
  MAX_VALUE_S: 3,
  MIN_VALUE_U: 4,
  MAX_VALUE_U: 5,
  MIN_LENGTH: 6,
  MAX_LENGTH: 7,
  POLICY_IDX: 8,
  POLICY_MAXTYPE: 9,
  BITFIELD32_MASK: 10,
  MASK: 12,
} as const;

/** enum netlink_attribute_type, without its NL_ATTR_TYPE_. */
export const NL_ATTR_TYPE = {
  INVALID: 0,
  FLAG: 1,
  U8: 2,
  U16: 3,
  U32: 4,
  U64: 5,
  S8: 6,
  S16: 7,
  S32: 8,
  S64: 9,
  BINARY: 10,
  STRING: 11,
  NUL_STRING: 12,
  NESTED: 13,
  NESTED_ARRAY: 14,
  BITFIELD32: 15,
  SINT: 16,
  UINT: 17,
} as const;

/** What the kernel takes for an attribute that it refused. */
export interface AttributePolicy {
  /** `U32`, `NUL_STRING`, … */
  readonly type: keyof typeof NL_ATTR_TYPE | number | undefined;
  readonly least: bigint | undefined;
  readonly most: bigint | undefined;
  readonly leastLength: number | undefined;
  readonly mostLength: number | undefined;
  /** Bits that are allowed. */
  readonly mask: bigint | undefined;
}

/** An acknowledgement. */
export interface Acknowledgement {
  /** 0, or a negative error number. */
  readonly error: number;
  /** The kernel's words; a warning when `error` is 0. */
  readonly message: string | undefined;
  /** Where in the request the attribute is that was refused, from the start of its header. */
  readonly offset: number | undefined;
  readonly policy: AttributePolicy | undefined;
  /** What the subsystem says beside it. */
  readonly cookie: Uint8Array | undefined;
  /** Type of an attribute that is missing, Linux 6.0, and where in the request the nest is that lacks it. */
  readonly missingType: number | undefined;
  readonly missingNest: number | undefined;
}

function signed(policy: Attributes, type: number): bigint | undefined {
  const value = policy.u64(type);
  return value === undefined ? undefined : BigInt.asIntN(64, value);
}

function decodePolicy(policy: Attributes): AttributePolicy {
  const type = policy.u32(NL_POLICY_TYPE_ATTR.TYPE);
  return {
    type: type === undefined ? undefined : wordOf(NL_ATTR_TYPE, type),
    least: signed(policy, NL_POLICY_TYPE_ATTR.MIN_VALUE_S) ?? policy.u64(NL_POLICY_TYPE_ATTR.MIN_VALUE_U),
    most: signed(policy, NL_POLICY_TYPE_ATTR.MAX_VALUE_S) ?? policy.u64(NL_POLICY_TYPE_ATTR.MAX_VALUE_U),
    leastLength: policy.u32(NL_POLICY_TYPE_ATTR.MIN_LENGTH),
    mostLength: policy.u32(NL_POLICY_TYPE_ATTR.MAX_LENGTH),
    mask: policy.u64(NL_POLICY_TYPE_ATTR.MASK),
  };
}

/**
 * Reads an NLMSG_ERROR, or an NLMSG_DONE, which says the same of a dump.
 * @throws MalformedNetlinkError
 */
export function decodeAcknowledgement({ type, flags, body }: NetlinkMessage): Acknowledgement {
  const done = type === NLMSG_DONE;
  // A dump of an old kernel's may end without a number.
  if (done && body.length < 4) return acknowledgement(0, undefined);
  const least = done ? 4 : 4 + NLMSG_HDRLEN;
  if (body.length < least)
    throw new MalformedNetlinkError('acknowledgement', 0, `${least} bytes`, body.length);
  const view = viewOf(body);
  const error = view.getInt32(0, LITTLE);
  if ((flags & NLM_F_ACK_TLVS) === 0) return acknowledgement(error, undefined);
  let start = least;
  if (!done && (flags & NLM_F_CAPPED) === 0) {
    const length = view.getUint32(4, LITTLE);
    if (length < NLMSG_HDRLEN || length > body.length - 4) {
      throw new MalformedNetlinkError('acknowledgement', 4, 'the length of the request', length);
    }
    start = 4 + align(length);
  }
  return acknowledgement(error, new Attributes(body, Math.min(start, body.length)));
}

function acknowledgement(error: number, said: Attributes | undefined): Acknowledgement {
  const policy = said?.nested(NLMSGERR_ATTR.POLICY);
  return {
    error,
    message: said?.text(NLMSGERR_ATTR.MSG),
    offset: said?.u32(NLMSGERR_ATTR.OFFS),
    policy: policy === undefined ? undefined : decodePolicy(policy),
    cookie: said?.bytes(NLMSGERR_ATTR.COOKIE),
    missingType: said?.u32(NLMSGERR_ATTR.MISS_TYPE),
    missingNest: said?.u32(NLMSGERR_ATTR.MISS_NEST),
  };
}

/** The policy as words: `U8 from 0 to 255`. */
export function describePolicy(policy: AttributePolicy): string {
  const { type, least, most, leastLength, mostLength, mask } = policy;
  const parts: string[] = [type === undefined ? 'an attribute' : String(type)];
  if (least !== undefined) parts.push(`from ${least}`);
  if (most !== undefined) parts.push(`to ${most}`);
  if (leastLength !== undefined) parts.push(`of at least ${leastLength} bytes`);
  if (mostLength !== undefined) parts.push(`of at most ${mostLength} bytes`);
  if (mask !== undefined) parts.push(`within 0x${mask.toString(16)}`);
  return parts.join(' ');
}
