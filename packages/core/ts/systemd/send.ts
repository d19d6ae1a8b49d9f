/** How a notification travels: sd_notify(3), unix(7), vsock(7). */

import type { SyncOptions } from '../arguments.ts';
import { checkOptions, wrongType } from '../check.ts';
import type { ControlMessage } from '../cmsg/header.ts';
import { type HasDescriptor, rights } from '../cmsg/socket.ts';
import { remaining } from '../connect.ts';
import { constants as c, errnos } from '../constants.ts';
import { type SocketError, systemError } from '../errors.ts';
import { Socket } from '../socket.ts';
import type { WaitOptions } from '../wait.ts';
import { type Destination, destination, vsockAddress } from './address.ts';
import { encoded, type State } from './state.ts';

/** What may be said with a notification beside its state. */
export interface NotifyOptions {
  /** Whether NOTIFY_SOCKET is taken out of `process.env`, whatever comes of it, so that children do not have it. */
  unsetEnvironment?: boolean | undefined;
  /** Descriptors that go along, Unix only: FDSTORE=1 and BARRIER=1 want them. They stay the caller's, open. */
  fds?: readonly (number | HasDescriptor)[] | undefined;
}

/** A notification, ready to be sent. */
interface Notification {
  readonly data: Buffer;
  readonly control: ControlMessage[] | undefined;
  readonly to: Destination;
}

/** Undefined when nobody wants to know: NOTIFY_SOCKET is unset or empty. */
function notification(state: State, options: NotifyOptions | undefined): Notification | undefined {
  const { unsetEnvironment = false, fds } = checkOptions(options);
  if (typeof unsetEnvironment !== 'boolean')
    throw wrongType('options.unsetEnvironment', 'a boolean', unsetEnvironment);
  const data = encoded(state);
  const control = fds === undefined ? undefined : carrying(fds);
  const value = process.env.NOTIFY_SOCKET;
  if (unsetEnvironment) delete process.env.NOTIFY_SOCKET;
  if (!value) return undefined;
  const to = destination(value);
  if (control !== undefined && to.family !== c.AF_UNIX)
    throw systemError(-errnos.EOPNOTSUPP, 'sendmsg', 'VSOCK carries no descriptors');
  return { data, control, to };
}

/** The control message for these, if there are any; one that is closed is refused now, not when there is room to send. */
function carrying(fds: readonly (number | HasDescriptor)[]): ControlMessage[] | undefined {
  const message = rights(fds);
  return message.data.length === 0 ? undefined : [message];
}

/**
 * Sends assignments to the service manager. Whether there is one: false when NOTIFY_SOCKET is unset, as outside of systemd.
 * That the manager has accepted them is not said; NotifyAccess= decides.
 *
 * Over VSOCK (a machine that tells its host) the call also waits until the host has read and closed.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE for a bad state, and for a NOTIFY_SOCKET that is no address;
 *   SocketError ENOENT, ECONNREFUSED when nobody is there, EMSGSIZE when it is too long, EBADF for a descriptor that is
 *   closed, EOPNOTSUPP for any over VSOCK, ERR_SOCKET_TIMEOUT
 */
export async function notify(state: State, options?: NotifyOptions & WaitOptions): Promise<boolean> {
  const wanted = notification(state, options);
  const { timeout, signal } = options ?? {};
  const left = remaining(timeout);
  if (wanted === undefined) return false;
  const { data, control, to } = wanted;
  const socket = opened(to);
  try {
    if (to.family === c.AF_UNIX) {
      await socket.sendMsg(data, { address: to.address, control, timeout, signal });
      return true;
    }
    await socket.connect(to.address, { timeout: left(), signal });
    await socket.sendAll(data, { timeout: left(), signal });
    if (socket.type !== c.SOCK_DGRAM) {
      socket.shutdown(c.SHUT_WR);
      await socket.recv(1, { timeout: left(), signal });
    }
    return true;
  } finally {
    socket.close();
  }
}

/** As {@link notify}, blocking this thread: for a process that is about to end. */
export function notifySync(state: State, options?: NotifyOptions & SyncOptions): boolean {
  const wanted = notification(state, options);
  const { timeout, interruptible } = options ?? {};
  const left = remaining(timeout);
  if (wanted === undefined) return false;
  const { data, control, to } = wanted;
  const socket = opened(to);
  try {
    if (to.family === c.AF_UNIX) {
      socket.sendMsgSync(data, { address: to.address, control, timeout, interruptible });
      return true;
    }
    socket.connectSync(to.address, { timeout: left(), interruptible });
    socket.sendAllSync(data, { timeout: left(), interruptible });
    if (socket.type !== c.SOCK_DGRAM) {
      socket.shutdown(c.SHUT_WR);
      socket.recvSync(1, { timeout: left(), interruptible });
    }
    return true;
  } finally {
    socket.close();
  }
}

/** What a kernel says that carries no VSOCK datagrams. */
const UNCARRIED = ['ENODEV', 'ESOCKTNOSUPPORT', 'EPROTONOSUPPORT', 'EOPNOTSUPP'];

/** A socket of the first type that the kernel has. */
function opened({ family, types }: Destination): Socket {
  for (const type of types.slice(0, -1)) {
    try {
      return made(family, type);
    } catch (error) {
      if (!UNCARRIED.includes((error as SocketError).code)) throw error;
    }
  }
  return made(family, types.at(-1) ?? c.SOCK_DGRAM);
}

function made(family: number, type: number): Socket {
  const socket = Socket.create(family, type);
  if (family === c.AF_VSOCK) privileged(socket);
  return socket;
}

/** The last port that only the privileged may have: linux/vm_sockets.h, LAST_RESERVED_PORT. */
const PRIVILEGED = 1023;

/** A low port shows the host that a privileged process speaks; whoever may not have one goes without. */
function privileged(socket: Socket): void {
  for (let port = PRIVILEGED; port > 0; port--) {
    try {
      socket.bind(vsockAddress(c.VMADDR_CID_ANY, port));
      return;
    } catch (error) {
      if ((error as SocketError).code !== 'EADDRINUSE') return;
    }
  }
}
