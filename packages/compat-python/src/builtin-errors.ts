/** Python's built-in exceptions that the modules beside `socket` raise. */
import { LookupError } from './errors.ts';
import { shown } from './repr.ts';

/** Nothing has that key: the message is the key's repr, as Python shows it. */
export class KeyError extends LookupError {
  constructor(key: unknown) {
    super(shown(key));
  }
}

/** An object that is not in a state for the call. */
export class RuntimeError extends Error {
  readonly code: string = 'ERR_INVALID_STATE';
}

for (const [name, type] of Object.entries({ KeyError, RuntimeError })) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
