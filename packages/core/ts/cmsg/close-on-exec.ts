import { constants } from '../constants.ts';

/**
 * The flag that has descriptors be close-on-exec which come with a message, for the one family that brings any: others
 * (ISO-TP, J1939) refuse it. recvmsg(2) MSG_CMSG_CLOEXEC, unix(7).
 */
export function closeOnExec(family: number): number {
  return family === constants.AF_UNIX ? (constants.MSG_CMSG_CLOEXEC ?? 0) : 0;
}
