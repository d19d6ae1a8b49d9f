/** Packages that a contender stands for. */
import { createRequire } from 'node:module';
import { missing } from './turns.mjs';

const require = createRequire(import.meta.url);

/**
 * Calls `run` with the package, or says that it is missing here.
 * @param {string} name
 * @param {(exports: any) => void} run
 */
export function withPackage(name, run) {
  let exports;
  try {
    exports = require(name);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return missing(`the package ${name} is not installed`);
  }
  run(exports);
}
