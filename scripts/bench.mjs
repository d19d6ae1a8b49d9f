/** npm run bench: rigs/bench/main.ts, in this process so that signals reach it. */
import { setUp } from './setup.mjs';

setUp();
const { tsImport } = await import('tsx/esm/api');
const { main } = await tsImport('../rigs/bench/main.ts', import.meta.url);
process.exitCode = await main(process.argv.slice(2));
