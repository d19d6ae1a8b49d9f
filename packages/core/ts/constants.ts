import { native } from './binding.ts';
import type { ConstantName, ErrnoName } from './constant-names.ts';

/**
 * This platform's numbers by their C names: `AF_…`, `SOCK_…`, `SOL_…`, `SO_…`, `IPPROTO_…`, `MSG_…` and the rest, as the
 * C headers have them. A name that the platform lacks is `undefined`.
 */
export const constants: { readonly [name in ConstantName]: number } = Object.freeze(native.constants()) as {
  readonly [name in ConstantName]: number;
};

/** Error numbers by name, positive as in `errno.h`: `errnos.EAGAIN`. What a `try…` call returns is `-errnos.EAGAIN`. */
export const errnos: { readonly [name in ErrnoName]: number } = Object.freeze(native.errnos()) as {
  readonly [name in ErrnoName]: number;
};

/** Which layout of addresses the native part was built for: what `toSockaddr` is asked for. */
export type Platform = 'linux' | 'darwin' | 'win32' | 'freebsd';

/** The platform that the native part was built for. */
export const platform: Platform = native.platform() as Platform;
