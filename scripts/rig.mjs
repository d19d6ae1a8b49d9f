/** npm run rig: rigs/cli.ts, in this process so that signals reach it. */
import { setUp } from './setup.mjs';

// The standard output is the command's.
const { log } = console;
console.log = console.error;
setUp();
console.log = log;
const { tsImport } = await import('tsx/esm/api');
const { main } = await tsImport('../rigs/cli.ts', import.meta.url);
process.exitCode = await main(process.argv.slice(2));
