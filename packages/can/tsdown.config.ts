import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/bcm.ts',
    'src/bcm-message.ts',
    'src/bus.ts',
    'src/error-frame.ts',
    'src/errors.ts',
    'src/fd.ts',
    'src/filter.ts',
    'src/frame.ts',
    'src/id.ts',
    'src/link.ts',
    'src/text.ts',
    'src/xl.ts',
  ],
  format: ['esm', 'cjs'],
  fixedExtension: false,
  target: 'node20',
  dts: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
});
