import { defineConfig } from 'tsdown';
import { ascii } from '../../scripts/ascii.mjs';

export default defineConfig({
  entry: [
    'ts/index.ts',
    'ts/cmsg/index.ts',
    'ts/mapping/index.ts',
    'ts/node/index.ts',
    'ts/options/index.ts',
    'ts/poll/index.ts',
    'ts/streams/index.ts',
    'ts/systemd/index.ts',
    'ts/testing/index.ts',
    'ts/udp/index.ts',
    'ts/watch/index.ts',
    'ts/zerocopy/index.ts',
  ],
  format: ['esm', 'cjs'],
  fixedExtension: false,
  target: 'node20',
  dts: true,
  // CommonJS has no import.meta.url, from which the native part is looked up.
  shims: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
  plugins: [ascii()],
  // What the entries share is one file: each further one would cost an import a third of a millisecond.
  outputOptions: {
    // The types have the documentation; each import would read it again.
    comments: { jsdoc: false },
    codeSplitting: {
      groups: [
        {
          name: 'shared',
          test: /\/ts\/((?!zerocopy)[\w-]+|cmsg\/(header|fields|close-on-exec)|hints\/\w+)\.ts$/,
        },
      ],
    },
  },
});
