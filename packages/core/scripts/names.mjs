/** Writes the TypeScript names of the constants that the native part has: run it after a change of the table in Rust. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const native = createRequire(import.meta.url)(`@sockeye/core-${process.platform}-${process.arch}-gnu`);
const union = (names) =>
  names
    .sort()
    .map((name) => `  | '${name}'`)
    .join('\n');

writeFileSync(
  new URL('../ts/constant-names.ts', import.meta.url),
  `/** Made from the native part by packages/core/scripts/names.mjs; a test holds it to the binary. */
export type ConstantName =
${union(Object.keys(native.constants()))};

export type ErrnoName =
${union(Object.keys(native.errnos()))};
`,
);
