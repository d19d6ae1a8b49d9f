/** Messages (struct nlmsghdr, linux/netlink.h), several of which may come in one datagram. */
import { checkBytes, checkUint } from '@sockeye/addr/check';
import { Attributes, align } from './attributes.ts';
import { MalformedNetlinkError } from './errors.ts';
import { LITTLE, viewOf } from './host.ts';

/** sizeof(struct nlmsghdr), which is padded already. */
export const NLMSG_HDRLEN = 16;

/** Types of messages that all protocols have; a protocol's own begin at NLMSG_MIN_TYPE. */
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;
export const NLMSG_MIN_TYPE = 16;

/** Flags of all messages. */
export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_ECHO = 0x8;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP_FILTERED = 0x20;
/** Flags of requests that get. */
export const NLM_F_ROOT = 0x100;
export const NLM_F_MATCH = 0x200;
export const NLM_F_ATOMIC = 0x400;
export const NLM_F_DUMP = 0x300;
/** Flags of requests that make. */
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
/** Flags of acknowledgements. */
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

/** The fields of a header; what is left out is 0. */
export interface MessageFields {
  readonly type: number;
  readonly flags?: number | undefined;
  readonly sequence?: number | undefined;
  /** The port of the socket that asked. */
  readonly port?: number | undefined;
}

/** One message as it came. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
  /** What follows the header, a view. */
  readonly body: Uint8Array;
}

/**
 * One message: header and body.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function encodeMessage(fields: MessageFields, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  checkBytes('body', body);
  const length = NLMSG_HDRLEN + body.length;
  const bytes = new Uint8Array(align(length));
  const view = viewOf(bytes);
  view.setUint32(0, length, LITTLE);
  view.setUint16(4, checkUint('type', fields.type, 16), LITTLE);
  view.setUint16(6, checkUint('flags', fields.flags ?? 0, 16), LITTLE);
  view.setUint32(8, checkUint('sequence', fields.sequence ?? 0, 32), LITTLE);
  view.setUint32(12, checkUint('port', fields.port ?? 0, 32), LITTLE);
  bytes.set(body, NLMSG_HDRLEN);
  return bytes;
}

/**
 * The messages of a datagram.
 * @throws MalformedNetlinkError where a length is shorter than the header or leads outside
 */
export function decodeMessages(bytes: Uint8Array): NetlinkMessage[] {
  checkBytes('bytes', bytes);
  const view = viewOf(bytes);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const left = bytes.length - at;
    if (left < NLMSG_HDRLEN) throw new MalformedNetlinkError('message', at, 'a header of 16 bytes', left);
    const length = view.getUint32(at, LITTLE);
    if (length < NLMSG_HDRLEN || length > left) {
      throw new MalformedNetlinkError('message', at, `a length from 16 to ${left}`, length);
    }
    messages.push({
      type: view.getUint16(at + 4, LITTLE),
      flags: view.getUint16(at + 6, LITTLE),
      sequence: view.getUint32(at + 8, LITTLE),
      port: view.getUint32(at + 12, LITTLE),
      body: bytes.subarray(at + NLMSG_HDRLEN, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** The body's first `size` bytes, a structure, and the attributes behind it. Throws MalformedNetlinkError. */
export function split(body: Uint8Array, size: number, what: string): [DataView, Attributes] {
  if (body.length < size) throw new MalformedNetlinkError(what, 0, `${size} bytes`, body.length);
  return [viewOf(body.subarray(0, size)), new Attributes(body, Math.min(align(size), body.length))];
}
