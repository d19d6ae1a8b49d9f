import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['ts/index.ts'],
  format: ['esm', 'cjs'],
  fixedExtension: false,
  target: 'node20',
  dts: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
});
