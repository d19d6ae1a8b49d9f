/** Is it a Uint8Array, of whichever realm? (`instanceof` fails for one made in another.) */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) && (value as Uint8Array)[Symbol.toStringTag] === 'Uint8Array')
  );
}

const LONGEST = 40;

/**
 * A value in a message, short however long it is. Control characters are escaped: no terminal gets them raw. Objects
 * are named by class; looking at them must not run code of theirs that throws.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const text = JSON.stringify(value.slice(0, LONGEST)).slice(1, -1).replaceAll('\\"', '"');
    return `'${text}${value.length > LONGEST ? '…' : ''}'`;
  }
  if (['function', 'symbol', 'bigint'].includes(typeof value)) return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const object = 'an object';
  try {
    if (isBytes(value)) return value.length === 1 ? '1 byte' : `${value.length} bytes`;
    const name: unknown = value.constructor.name;
    return typeof name === 'string' ? `${object} of ${name.slice(0, LONGEST)}` : object;
  } catch {
    return object;
  }
}
