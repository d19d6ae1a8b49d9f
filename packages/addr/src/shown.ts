/** Is it a Uint8Array, of whichever realm? (`instanceof` fails for one made in another.) */
export function isBytes(value: unknown): value is Uint8Array {
  if (value instanceof Uint8Array) return true;
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

const LONGEST = 40;

/**
 * A value in a message, short however long it is. Control characters are escaped: no terminal gets them raw. Objects
 * are named by class; looking at them must not run code of theirs that throws.
 */
export function shown(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    const text = JSON.stringify(value.slice(0, LONGEST)).slice(1, -1).replaceAll('\\"', '"');
    return `'${text}${value.length > LONGEST ? '…' : ''}'`;
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol' || typeof value === 'bigint') return `a ${typeof value}`;
  if (typeof value !== 'object') return String(value);
  try {
    if (isBytes(value)) return value.length === 1 ? '1 byte' : `${value.length} bytes`;
    const name: unknown = value.constructor.name;
    return typeof name === 'string' ? `an object of ${name.slice(0, LONGEST)}` : 'an object';
  } catch {
    return 'an object';
  }
}
