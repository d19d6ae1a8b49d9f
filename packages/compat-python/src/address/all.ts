/** Every family that Python has a form for on Linux. */
import { algFamily } from './alg.ts';
import { bluetoothFamily } from './bluetooth.ts';
import { canFamily } from './can.ts';
import type { Family } from './family.ts';
import { inet6Family, inetFamily } from './inet.ts';
import { packetFamily } from './packet.ts';
import { netlinkFamily, qipcrtrFamily, vsockFamily } from './pairs.ts';
import { tipcFamily } from './tipc.ts';
import { unixFamily } from './unix.ts';

/** What `register()` takes. */
export const allFamilies: readonly Family[] = [
  inetFamily,
  inet6Family,
  unixFamily,
  netlinkFamily,
  packetFamily,
  canFamily,
  tipcFamily,
  bluetoothFamily,
  algFamily,
  vsockFamily,
  qipcrtrFamily,
];
