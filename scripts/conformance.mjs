/** npm run conformance: rigs/cpython/conformance.ts, in this process so that signals reach it. */
import { setUp } from './setup.mjs';

// The standard output is the command's.
const { log } = console;
console.log = console.error;
setUp();
console.log = log;
const { tsImport } = await import('tsx/esm/api');
const { command } = await tsImport('../rigs/cpython/conformance.ts', import.meta.url);
process.exitCode = await command(process.argv.slice(2));
