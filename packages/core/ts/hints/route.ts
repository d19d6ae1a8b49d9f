/** Which ways lead out of this network namespace; ip-route(8), proc(5). */
import { constants } from '../constants.ts';
import { shownAddress } from '../shown.ts';
import type { Failure } from './failure.ts';
import { procLines } from './proc.ts';

/** The interface of the default route: of the main table, unless it leads nowhere. */
function defaultRoute(family: number): string | undefined {
  if (family === constants.AF_INET) {
    const lines = procLines('/proc/net/route');
    return lines.find(([, to, , , , , , mask]) => to === '00000000' && mask === '00000000')?.[0];
  }
  const lines = procLines('/proc/net/ipv6_route', 0);
  const found = lines.find(
    (words) => /^0{32}$/.test(words[0] ?? '') && words[1] === '00' && words[9] !== 'lo',
  );
  return found?.[9];
}

/** ENETUNREACH, EHOSTUNREACH. */
export function routeHint({ code, family, address, foreign }: Failure): string | undefined {
  const to = address === undefined ? 'it' : shownAddress(address);
  const more = `"ip route get ${address === undefined ? '…' : to}" says more`;
  if (code === 'EHOSTUNREACH') {
    return `a route refuses ${to}, or the host or the router before it did not answer: ${more}, and "ip neighbour"`;
  }
  if (code !== 'ENETUNREACH') return undefined;
  if (foreign === true) return `no route of its namespace leads to ${to}`;
  const by = defaultRoute(family);
  const words = by === undefined ? 'and there is no default route' : `though the default route is by ${by}`;
  return `no route leads to ${to}, ${words}: ${more}`;
}
