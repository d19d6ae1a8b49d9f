/** Packages that a contender stands for. */
import { createRequire } from 'node:module';
import { missing } from './turns.mjs';

/**
 * Where they are: this workspace's, and those that compile at install and are in no lock file, which
 * `npm install --prefix .cache/peers <package>` puts into the second.
 */
const places = ['./', '../../../.cache/peers/'].map((path) => createRequire(new URL(path, import.meta.url)));

/**
 * Calls `run` with the package, or says that it is missing here.
 * @param {string} name
 * @param {(exports: any) => void | Promise<void>} run
 */
export async function withPackage(name, run) {
  for (const require of places) {
    try {
      require.resolve(name);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
      continue;
    }
    let exports;
    try {
      exports = require(name);
    } catch (error) {
      return missing(
        `the package ${name} is installed, but not for this Node.js: ${String(error.message).split('\n')[0]}`,
      );
    }
    return run(exports);
  }
  return missing(`the package ${name} is not installed: npm install --prefix .cache/peers ${name}`);
}
