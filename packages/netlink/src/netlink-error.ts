import { errnos, SocketError, strerror } from '@sockeye/core';
import {
  type Acknowledgement,
  type AttributePolicy,
  decodeAcknowledgement,
  describePolicy,
} from './extended-ack.ts';
import type { NetlinkMessage } from './message.ts';

const names = new Map<number, string>();
for (const [name, number] of Object.entries(errnos)) if (!names.has(number)) names.set(number, name);
names.set(errnos.EAGAIN, 'EAGAIN').set(errnos.EOPNOTSUPP, 'EOPNOTSUPP');

/**
 * The kernel refused a request: `code` and `errno` as of any SocketError, `syscall` the request's name (`RTM_NEWLINK`), and what its
 * extended acknowledgement says.
 */
export class NetlinkError extends SocketError {
  /** The kernel's own words. */
  readonly kernelMessage: string | undefined;
  /** Where in the request the attribute is that was refused, from the start of the request's header. */
  readonly offset: number | undefined;
  /** What the kernel takes there. */
  readonly policy: AttributePolicy | undefined;
  /** The type of an attribute that is missing. */
  readonly missingType: number | undefined;
  /** What the subsystem says beside it. */
  readonly cookie: Uint8Array | undefined;

  constructor(request: string, acknowledgement: Acknowledgement, hint?: string) {
    const { error, message, offset, policy, missingType, cookie } = acknowledgement;
    const code = names.get(-error) ?? `E${-error}`;
    const words = [`${request} ${code}: ${strerror(-error)}`];
    if (message !== undefined) words.push(`the kernel says "${message}"`);
    if (offset !== undefined) words.push(`the attribute at offset ${offset} of the request`);
    if (policy !== undefined) words.push(`it takes ${describePolicy(policy)}`);
    if (missingType !== undefined) words.push(`attribute ${missingType} is missing`);
    if (hint !== undefined) words.push(hint);
    super(words.join('; '), { code, errno: error, syscall: request });
    this.name = 'NetlinkError';
    this.kernelMessage = message;
    this.offset = offset;
    this.policy = policy;
    this.missingType = missingType;
    this.cookie = cookie;
  }
}

const PRIVILEGE =
  'it takes the capability CAP_NET_ADMIN in the network namespace: run as root, or start the container with --cap-add NET_ADMIN';

/** The error of an acknowledgement; undefined where it is none. */
export function refusal(request: string, message: NetlinkMessage): NetlinkError | undefined {
  const acknowledgement = decodeAcknowledgement(message);
  const { error } = acknowledgement;
  if (error === 0) return undefined;
  return new NetlinkError(request, acknowledgement, error === -errnos.EPERM ? PRIVILEGE : undefined);
}

function failed(
  code: 'ENOBUFS' | 'EINTR' | 'ENODEV' | 'EOPNOTSUPP',
  request: string,
  words: string,
): SocketError {
  const errno = -errnos[code];
  return new SocketError(`${request} ${code}: ${words}`, { code, errno, syscall: request });
}

/** The socket's receive queue ran over: the answer to a request may be among what was lost. */
export function overrunError(request: string): SocketError {
  return failed(
    'ENOBUFS',
    request,
    'the receive queue ran over, and the answer may have been lost; it may have been done',
  );
}

/** What was listed changed each time while it was listed. */
export function interruptedError(request: string, times: number): SocketError {
  return failed('EINTR', request, `what it lists changed each of ${times} times while it was listed`);
}

/** Nothing came back, where one answer was to. */
export function missingError(request: string, what: string): SocketError {
  return failed('ENODEV', request, `there is no ${what}`);
}

/** The kernel has no CAN gateway. */
export function noGateway(request: string): SocketError {
  return failed('EOPNOTSUPP', request, 'this kernel has no can-gw loaded: run "sudo modprobe can-gw"');
}

export function timeoutError(request: string): SocketError {
  return new SocketError(`${request}: the timeout ran out`, {
    code: 'ERR_SOCKET_TIMEOUT',
    syscall: request,
  });
}

export function abortError(request: string, signal: AbortSignal): SocketError {
  const fields = { code: 'ABORT_ERR', syscall: request, cause: signal.reason as unknown };
  return Object.assign(new SocketError('The operation was aborted', fields), { name: 'AbortError' });
}

export function closedError(request: string): SocketError {
  const words = `${request} ECANCELED: the socket was closed while this call waited`;
  return new SocketError(words, { code: 'ECANCELED', errno: -errnos.ECANCELED, syscall: request });
}
