import { checkObject, wrongType, wrongValue } from '@sockeye/addr/check';
import { SocketError } from '@sockeye/core';
import { CanSocket } from '../can-socket.ts';
import type { IsoTpConnection } from './connection.ts';
import { KernelIsoTp } from './kernel.ts';
import { type IsoTpOptions, settingsOf } from './options.ts';
import { type IsoTpBus, OwnIsoTp } from './own.ts';

/** What socket(2) says on a kernel without can-isotp. */
const ABSENT: ReadonlySet<string> = new Set(['EPROTONOSUPPORT', 'EAFNOSUPPORT']);

/** A connection, as {@link IsoTp.open} gives it. */
export type IsoTp = IsoTpConnection;

/**
 * Opens a connection.
 * @param busOrName an interface's name or index, or a bus of any kind, which stays the caller's
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE for options; ENODEV; EINVAL for `fd` on an interface
 * without; EPROTONOSUPPORT for `implementation: 'kernel'` on a kernel without can-isotp
 */
async function open(busOrName: string | number | IsoTpBus, options: IsoTpOptions): Promise<IsoTp> {
  const settings = settingsOf(options);
  const { implementation } = options;
  if (implementation !== undefined && implementation !== 'kernel' && implementation !== 'own') {
    throw wrongValue('implementation', "'kernel' or 'own'", implementation);
  }
  if (typeof busOrName !== 'string' && typeof busOrName !== 'number') {
    checkObject('busOrName', busOrName);
    if (typeof busOrName.send !== 'function' || typeof busOrName.frames !== 'function') {
      throw wrongType('busOrName', 'the name or index of an interface, or a CanBus', busOrName);
    }
    if (implementation === 'kernel') {
      throw wrongValue(
        'implementation',
        "'own' with a bus: the kernel's takes the name of an interface",
        implementation,
      );
    }
    return new OwnIsoTp(busOrName, settings);
  }
  if (implementation !== 'own') {
    try {
      return KernelIsoTp.open(busOrName, settings);
    } catch (error) {
      // What only the kernel has is not made up for.
      const absent = error instanceof SocketError && ABSENT.has(error.code) && error.syscall === 'socket';
      if (!absent || implementation === 'kernel' || settings.waitTxDone) throw error;
    }
  }
  const { rx, fd } = settings;
  const filters = rx === undefined ? [] : [rx];
  const bus = CanSocket.openSync(busOrName, { fd, filters, timestamps: false });
  try {
    return new OwnIsoTp(bus, settings, bus);
  } catch (error) {
    await bus.close();
    throw error;
  }
}

/** ISO-TP: messages of any length between two CAN ids. */
export const IsoTp: { readonly open: typeof open } = { open };
