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
  const type = typeof value;
  if (typeof value === 'string') {
    const text = JSON.stringify(value.slice(0, LONGEST)).slice(1, -1).replaceAll('\\"', '"');
    return `'${text}${value.length > LONGEST ? '…' : ''}'`;
  }
  if (typeof value !== 'object' || value === null)
    return /^(?:f|s|bi)/.test(type) ? `a ${type}` : String(value);
  try {
    if (isBytes(value)) return value.length === 1 ? '1 byte' : `${value.length} bytes`;
    // What is no text has no slice() that gives some.
    return `an object of ${value.constructor.name.slice(0, LONGEST)}`;
  } catch {
    return 'an object';
  }
}
