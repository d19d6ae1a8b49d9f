import { checkInteger, checkString } from './check.ts';
import type { DecodeOptions } from './codec.ts';
import { guid } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of an AF_HYPERV address; what is left out is zeros. */
export interface HypervFields {
  /** The partition: HV_GUID_ZERO is any, HV_GUID_PARENT the host, HV_GUID_LOOPBACK this one. */
  readonly vmId?: string | undefined;
  /** The service, registered with the host. */
  readonly serviceId?: string | undefined;
}

/** AF_HYPERV, SOCKADDR_HV: Microsoft's "Make your own integration services". Windows only; FreeBSD's has another form. */
export interface HypervAddress extends StructAddress<'hyperv'> {
  readonly vmId: string;
  readonly serviceId: string;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<HypervAddress, HypervFields> = /* @__PURE__ */ structCodec<
  HypervAddress,
  HypervFields
>('hyperv', { vmId: guid, serviceId: guid }, 2, {
  // Windows SDK: hvsocket.h, SOCKADDR_HV; ws2def.h, AF_HYPERV
  win32: [34, 36, 4, 20],
});

/** The class of its values. */
export const HypervAddress: new (fields: HypervFields) => HypervAddress = /* @__PURE__ */ classOf(codec);

/** A Hyper-V socket's address, `hyperv:` and two GUIDs. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE. */
export function hyperv(vmId: string, serviceId: string): HypervAddress {
  return new codec.Address({ vmId, serviceId });
}

/** What follows the port in a service's GUID: the template of linux/hyperv.h and net/vmw_vsock/hyperv_transport.c. */
const VSOCK_SERVICE = '-facb-11e6-bd58-64006a7986d3';

/**
 * The service under which a Linux guest's AF_VSOCK port is known to Windows: Linux has no AF_HYPERV, it carries vsock over
 * Hyper-V, up to port 0x7fffffff. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function hypervService(vsockPort: number): string {
  const port = checkInteger('vsockPort', vsockPort, 0, 0x7fffffff);
  return `${port.toString(16).padStart(8, '0')}${VSOCK_SERVICE}`;
}

/** The vsock port that a service's GUID stands for, undefined for another service. Throws ERR_INVALID_ARG_TYPE. */
export function vsockPortOf(serviceId: string): number | undefined {
  const port = checkString('serviceId', serviceId).toLowerCase();
  if (!port.endsWith(VSOCK_SERVICE) || !/^[0-7][\da-f]{7}-/.test(port) || port.length !== 36)
    return undefined;
  return Number.parseInt(port, 16);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): HypervAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: HypervAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: HypervAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(value: HypervAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): HypervAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
