/**
 * Modules of the runtime that are loaded when they are first asked for: named in an import, each of them would have its parts
 * loaded too (`node:fs` and `node:timers` bring all of the streams), two milliseconds before anything is done.
 */
let known: typeof import('node:timers') | undefined;

/** Timers of Node.js's kind, which Deno's own are not, and which no fake clock of a test's stops. */
export function timers(): typeof import('node:timers') {
  known ??= process.getBuiltinModule('node:timers');
  return known;
}
