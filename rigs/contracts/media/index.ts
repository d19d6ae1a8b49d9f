/** All media: a new family joins here. */
import type { Medium } from '../medium.ts';
import { bluetoothMedia } from './bluetooth.ts';
import { canMedia } from './can.ts';
import { inetMedia } from './inet.ts';
import { localMedia } from './local.ts';
import { sctpMedia } from './sctp.ts';
import { unixMedia } from './unix.ts';

export const MEDIA: readonly Medium[] = [
  ...inetMedia,
  ...unixMedia,
  ...localMedia,
  ...sctpMedia,
  ...canMedia,
  ...bluetoothMedia,
];
