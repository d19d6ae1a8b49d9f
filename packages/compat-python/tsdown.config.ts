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
  // With the families' codecs in it: reading some thirty files costs more than all else that an import does. No value of addr's is
  // given out or taken as such, so it does not matter that they are not the same classes.
  deps: { alwaysBundle: [/^@sockeye\/addr(\/|$)/] },
  outputOptions: {
    // What an import reads has no comments; types keep theirs.
    comments: { jsdoc: false },
    // What the entries share is two files, since each further one costs an import a third of a millisecond: what the smallest
    // profile needs, and the rest.
    codeSplitting: {
      groups: [
        {
          name: 'base',
          priority: 2,
          test: /rolldown\/runtime|\/src\/(address\/(registry|family|tuple|inet)|arguments|errors|builtin-errors|resolver|inet|host|open|repr|signature|timeouts|filesystem|socket\/(held|endpoint|transfer)|profiles\/subset)\.ts$/,
        },
        {
          name: 'shared',
          priority: 1,
          test: /\/src\/(?!index|asyncio|socketserver|struct|select|profiles)[\w/-]+\.ts$/,
        },
      ],
    },
  },
});

export default config;
