/** Descriptors that go along with a message: unix(7), SCM_RIGHTS. */
import { checkInteger, wrongType, wrongValue } from '../check.ts';
import type { ControlMessage } from '../cmsg/header.ts';
import { constants as c } from '../constants.ts';

/** A descriptor: a Socket, a Descriptor, a file of `node:fs`, anything with `fd`; or its number. */
export type Carried = number | { readonly fd: number };

/** The most that one message may carry: SCM_MAX_FD, unix(7). */
const MOST = 253;

/** The control message for these, read anew whenever it is sent: one that was closed meanwhile is not sent. */
export function rights(fds: readonly Carried[]): ControlMessage[] | undefined {
  if (!Array.isArray(fds)) throw wrongType('options.fds', 'an array of descriptors', fds);
  if (fds.length > MOST) throw wrongValue('options.fds', `at most ${MOST} descriptors`, fds);
  const kept: readonly Carried[] = [...fds];
  if (kept.length === 0) return undefined;
  const message: ControlMessage = {
    level: c.SOL_SOCKET,
    type: c.SCM_RIGHTS,
    get data(): Uint8Array {
      return new Uint8Array(Int32Array.from(kept, numberOf).buffer);
    },
  };
  // Refused now, not when there is room to send.
  void message.data;
  return [message];
}

function numberOf(carried: Carried, index: number): number {
  const name = `options.fds[${index}]`;
  const fd: unknown = typeof carried === 'object' && carried !== null ? carried.fd : carried;
  if (fd === -1) throw wrongValue(name, 'open', carried);
  if (typeof fd !== 'number') throw wrongType(name, 'a number, or an object with fd', carried);
  return checkInteger(name, fd, 0, 0x7fffffff);
}
