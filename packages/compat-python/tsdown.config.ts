import { defineConfig, type UserConfig } from 'tsdown';
import { ascii } from '../../scripts/ascii.mjs';

const common: UserConfig = {
  format: ['esm', 'cjs'],
  fixedExtension: false,
  target: 'node20',
  dts: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
  plugins: [ascii()],
  // With the families' codecs in it: reading some thirty files costs more than all else that an import does. No value of addr's is
  // given out or taken as such, so it does not matter that they are not the same classes.
  deps: { alwaysBundle: [/^@sockeye\/addr(\/|$)/] },
  // What an import reads has no comments; types keep theirs.
  outputOptions: { comments: { jsdoc: false } },
};

const config: UserConfig[] = defineConfig([
  {
    ...common,
    entry: [
      'src/index.ts',
      'src/asyncio.ts',
      'src/select.ts',
      'src/selectors.ts',
      'src/socketserver.ts',
      'src/struct.ts',
    ],
    outputOptions: {
      ...common.outputOptions,
      // What the entries share is one file, since each further one costs an import a third of a millisecond.
      codeSplitting: {
        groups: [
          {
            name: 'shared',
            test: /rolldown\/runtime|\/src\/(?!index|constants|enum|asyncio|socketserver|struct|select)[\w/-]+\.ts$/,
          },
        ],
      },
    },
  },
  // A profile is a file by itself, instead of the whole: the code of families that it does without is not near it.
  ...['embedded', 'python1', 'python33'].map(
    (name): UserConfig => ({
      ...common,
      entry: { [`profiles/${name}`]: `src/profiles/${name}.ts` },
      clean: false,
    }),
  ),
]);

export default config;
