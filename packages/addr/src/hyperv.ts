import { checkInteger, checkString } from './check.ts';
import type { Codec } from './codec.ts';
import { guid } from './kinds.ts';
import {
  decodeOf,
  encodeOf,
  formatOf,
  parseOf,
  type StructAddress,
  type StructClass,
  type StructCodec,
  sizeOf,
  structClass,
  structCodec,
} from './struct.ts';

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

/** The class of its values. */
export const HypervAddress: StructClass<HypervAddress, HypervFields> = /* @__PURE__ */ structClass<
  HypervAddress,
  HypervFields
>('hyperv', { vmId: guid, serviceId: guid }, 2, {
  // Windows SDK: hvsocket.h, SOCKADDR_HV; ws2def.h, AF_HYPERV
  win32: [34, 36, 4, 20],
});

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<HypervAddress> = /* @__PURE__ */ structCodec(HypervAddress);

/** A Hyper-V socket's address, `hyperv:` and two GUIDs. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE. */
export function hyperv(vmId: string, serviceId: string): HypervAddress {
  return new HypervAddress({ vmId, serviceId });
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
  const of = new RegExp(`^[0-7][\\da-f]{7}${VSOCK_SERVICE}$`, 'i');
  return of.test(checkString('serviceId', serviceId)) ? Number.parseInt(serviceId, 16) : undefined;
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<HypervAddress>['parse'] = /* @__PURE__ */ parseOf(HypervAddress);

/** Writes the form that `parse` reads. */
export const format: Codec<HypervAddress>['format'] = /* @__PURE__ */ formatOf(HypervAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<HypervAddress>['size'] = /* @__PURE__ */ sizeOf(HypervAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<HypervAddress>['encode'] = /* @__PURE__ */ encodeOf(HypervAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<HypervAddress>['decode'] = /* @__PURE__ */ decodeOf(HypervAddress);
