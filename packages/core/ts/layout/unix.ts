/** AF_UNIX: a socket of it asks about interfaces and needs nothing else of the kernel; netdevice(7). */
import { constants } from '../constants.ts';

/** Family and type of a socket for requests of netdevice(7). */
export const NETDEVICE: readonly [family: number, type: number] = [constants.AF_UNIX, constants.SOCK_DGRAM];
