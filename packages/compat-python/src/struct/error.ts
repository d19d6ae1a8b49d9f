/** `struct.error`: a format, a value or a buffer that does not fit. */
export class StructError extends Error {
  readonly code: string = 'ERR_INVALID_ARG_VALUE';
}

Object.defineProperty(StructError.prototype, 'name', { value: 'error', configurable: true, writable: true });
