/** Options of VSOCK, whose level is the family itself: vsock(7), linux/vm_sockets.h. */
import { UINT64 } from './codec.ts';
import { type Option, option } from './option.ts';
import { milliseconds } from './time.ts';

const page = 'vsock(7)';

/** The size of a stream's buffer, kept between the two below. */
export const vsockBufferSize: Option<bigint, bigint | number> = /* @__PURE__ */ option(
  'AF_VSOCK',
  'SO_VM_SOCKETS_BUFFER_SIZE',
  UINT64,
  { unit: 'bytes', since: '3.9', page },
);
/** The least that {@link vsockBufferSize} may be. */
export const vsockBufferMinSize: Option<bigint, bigint | number> = /* @__PURE__ */ option(
  'AF_VSOCK',
  'SO_VM_SOCKETS_BUFFER_MIN_SIZE',
  UINT64,
  { unit: 'bytes', since: '3.9', page },
);
/** The most that {@link vsockBufferSize} may be. */
export const vsockBufferMaxSize: Option<bigint, bigint | number> = /* @__PURE__ */ option(
  'AF_VSOCK',
  'SO_VM_SOCKETS_BUFFER_MAX_SIZE',
  UINT64,
  { unit: 'bytes', since: '3.9', page },
);
/** How long connect may take, in a blocking call. */
export const vsockConnectTimeout: Option<number> = /* @__PURE__ */ option(
  'AF_VSOCK',
  'SO_VM_SOCKETS_CONNECT_TIMEOUT',
  milliseconds,
  { unit: 'ms', since: '3.9', page: 'linux/vm_sockets.h' },
);
