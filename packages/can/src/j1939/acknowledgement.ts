/** What the one who was asked for a parameter group says instead of sending it. */
import { SocketError } from '@sockeye/core';
import { pgnFromBytes } from './pgn.ts';
import type { J1939Message } from './receiver.ts';

/** What an acknowledgement says; SAE J1939-21, 5.4.4. */
const ANSWERS: readonly (readonly [code: string, words: string])[] = [
  ['ENODATA', 'was acknowledged without an answer'],
  ['EOPNOTSUPP', 'was refused: it is not supported there'],
  ['EACCES', 'was refused: access denied'],
  ['EBUSY', 'cannot be answered now'],
];

/** Throws for an acknowledgement of what was asked for: EOPNOTSUPP, EACCES, EBUSY, ENODATA. */
export function refuseAnswer({ data, from }: J1939Message, asked: number): void {
  if (pgnFromBytes(data, 5) !== asked) return;
  const [code, words] = ANSWERS[data[0] ?? 1] ?? (ANSWERS[1] as (typeof ANSWERS)[number]);
  const what = `request for 0x${asked.toString(16)} to 0x${from.toString(16)}`;
  throw new SocketError(`${code}: the ${what} ${words}`, { code, syscall: 'request' });
}
