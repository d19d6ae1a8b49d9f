import { defineConfig, type UserConfig } from 'tsdown';

const config: UserConfig = defineConfig({
  entry: [
    'src/index.ts',
    'src/asyncio.ts',
    'src/profiles/embedded.ts',
    'src/profiles/python1.ts',
    'src/profiles/python33.ts',
    'src/select.ts',
    'src/selectors.ts',
    'src/socketserver.ts',
    'src/struct.ts',
  ],
  format: ['esm', 'cjs'],
  fixedExtension: false,
  target: 'node20',
  dts: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
  // One file with the families' codecs in it: reading some thirty files costs more than all else that an import does. No value of
  // addr's is given out or taken as such, so it does not matter that they are not the same classes.
  deps: { alwaysBundle: [/^@sockeye\/addr(\/|$)/] },
  // What an import reads has no comments; types keep theirs.
  outputOptions: { comments: { jsdoc: false } },
});

export default config;
