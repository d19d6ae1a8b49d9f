import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  fixedExtension: false,
  target: 'node20',
  dts: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
});
