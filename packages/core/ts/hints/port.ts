/** Who has a port of TCP or UDP, and why it is not to be had; ip(7), tcp(7), proc(5). */
import { constants } from '../constants.ts';
import type { Failure } from './failure.ts';
import { holder, procLines } from './proc.ts';

/** A line of /proc/net/tcp and its kin. */
interface Entry {
  listens: boolean;
  user: string;
  inode: string;
}

const STATE_LISTEN = '0A';
/** What a bound datagram socket has for a state. */
const STATE_CLOSE = '07';

const LISTS: ReadonlyMap<number, string> = new Map([
  [constants.SOCK_STREAM, 'tcp'],
  [constants.SOCK_DGRAM, 'udp'],
]);

function entries(list: string, port: number): Entry[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found: Entry[] = [];
  for (const version of ['', '6']) {
    for (const words of procLines(`/proc/net/${list}${version}`)) {
      const [, local = '', , state = '', , , , user = '', , inode = ''] = words;
      if (!local.endsWith(suffix)) continue;
      found.push({ listens: state === STATE_LISTEN || state === STATE_CLOSE, user, inode });
    }
  }
  return found;
}

const SHARED = 'two sockets share a port only where both set SO_REUSEPORT';

/** Why a port is taken; in another namespace than this process's nothing is known of it. */
export function takenHint({ type, foreign }: Failure, port: number): string {
  const general = 'another socket has this address; SO_REUSEADDR takes one whose connections are closing';
  const list = LISTS.get(type);
  if (list === undefined || foreign === true || port === 0) return general;
  const all = entries(list, port);
  const held = all.find(({ listens }) => listens);
  if (held !== undefined) {
    const who = holder(held.inode) ?? `a process of the user ${held.user}`;
    return `port ${port} is held by ${who}; ${SHARED}`;
  }
  if (all.length === 0) return general;
  return `connections over port ${port} are still there or closing: servers that all set SO_REUSEADDR before bind need not wait`;
}
