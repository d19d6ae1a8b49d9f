/**
 * Modules of the runtime that are loaded when they are first asked for: named in an import, each would have its parts loaded too
 * (`node:fs` brings all of the streams), before anything is done.
 */
type Fs = typeof import('node:fs');
type Util = typeof import('node:util');
type Url = typeof import('node:url');
type Threads = typeof import('node:worker_threads');

let knownFs: Fs | undefined;
let knownTypes: Util['types'] | undefined;

export function fs(): Fs {
  knownFs ??= process.getBuiltinModule('node:fs');
  return knownFs;
}

/** What kind of buffer or view a value is, of whichever realm. */
export function types(): Util['types'] {
  knownTypes ??= process.getBuiltinModule('node:util').types;
  return knownTypes;
}

export function url(): Url {
  return process.getBuiltinModule('node:url');
}

export function threads(): Threads {
  return process.getBuiltinModule('node:worker_threads');
}
