import { constants } from '../constants.ts';

const { AF_UNIX, MSG_CMSG_CLOEXEC } = constants;

/**
 * The flag that has descriptors be close-on-exec which come with a message, for the one family that brings any: others
 * (ISO-TP, J1939) refuse it. recvmsg(2) MSG_CMSG_CLOEXEC, unix(7).
 */
export function closeOnExec(family: number): number {
  return family === AF_UNIX ? MSG_CMSG_CLOEXEC : 0;
}
