/**
 * `bytes` behind a proxy that throws when an element outside of it is read (a plain Uint8Array answers
 * undefined, which arithmetic turns into a silent 0). Views taken from it are guarded too.
 */
export function guarded(bytes: Uint8Array): Uint8Array {
  return new Proxy(bytes, {
    get(target, property) {
      if (typeof property === 'string' && /^-?\d+$|^NaN$/.test(property) && !(Number(property) in target)) {
        throw new Error(`read at ${property} of ${target.length} bytes`);
      }
      if (property === 'subarray') {
        return (start?: number, end?: number) => guarded(target.subarray(start, end));
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' && property !== 'constructor' ? value.bind(target) : value;
    },
  });
}
