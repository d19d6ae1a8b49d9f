import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/attributes.ts',
    'src/bit-timing.ts',
    'src/can.ts',
    'src/can-gateway.ts',
    'src/errors.ts',
    'src/extended-ack.ts',
    'src/generic.ts',
    'src/interface-address.ts',
    'src/link.ts',
    'src/message.ts',
    'src/neighbour.ts',
    'src/route.ts',
    'src/sock-diag.ts',
  ],
  format: ['esm', 'cjs'],
  fixedExtension: false,
  target: 'node20',
  dts: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
});
