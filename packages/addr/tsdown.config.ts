import { defineConfig, type UserConfig } from 'tsdown';

const config: UserConfig = defineConfig({
  entry: [
    'src/index.ts',
    'src/address.ts',
    'src/inet.ts',
    'src/inet6.ts',
    'src/unix.ts',
    'src/packet.ts',
    'src/can.ts',
    'src/unknown.ts',
    'src/layout.ts',
    'src/ip.ts',
    'src/mac.ts',
    'src/errors.ts',
    'src/check.ts',
  ],
  format: ['esm', 'cjs'],
  // One built file per source: what is imported is what is loaded, and names in stack traces are the sources'.
  unbundle: true,
  fixedExtension: false,
  target: 'node20',
  dts: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
});

export default config;
