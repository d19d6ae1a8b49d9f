/** What is told to the service manager, checked and encoded: lines of `NAME=value`, sd_notify(3). */
import { wrongType, wrongValue } from '../check.ts';

/** Assignments as `NAME=value` lines, or as an object: `'READY=1'`, `{ READY: 1, STATUS: 'serving' }`. */
export type State = string | Readonly<Record<string, string | number | bigint>>;

const LINE = /^[A-Za-z_][A-Za-z0-9_]*=[^\0]*$/;

/** The bytes of a state. @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
export function encoded(state: State): Buffer {
  const text = typeof state === 'object' && state !== null ? joined(state) : state;
  if (typeof text !== 'string') throw wrongType('state', 'a string of NAME=value lines, or an object', state);
  const lines = text.replace(/\n$/, '').split('\n');
  for (const line of lines) {
    if (!LINE.test(line)) throw wrongValue('state', 'lines of NAME=value, at least one', line);
  }
  return Buffer.from(text);
}

function joined(state: Readonly<Record<string, string | number | bigint>>): string {
  const lines = Object.entries(state).map(([name, value]) => {
    if (!['string', 'number', 'bigint'].includes(typeof value))
      throw wrongType(`state.${name}`, 'a string or a number', value);
    return `${name}=${oneLine(`state.${name}`, String(value))}`;
  });
  return lines.join('\n');
}

/** Refuses what would be more than one assignment. */
export function oneLine(argument: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(argument, 'a string', value);
  if (/[\n\0]/.test(value)) throw wrongValue(argument, 'a single line without NUL', value);
  return value;
}
