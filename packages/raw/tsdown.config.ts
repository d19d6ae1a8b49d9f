import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/arp.ts',
    'src/checksum.ts',
    'src/describe.ts',
    'src/errors.ts',
    'src/ethernet.ts',
    'src/icmp.ts',
    'src/ipv4.ts',
    'src/ipv6.ts',
    'src/tcp.ts',
    'src/tcp-options.ts',
    'src/udp.ts',
  ],
  format: ['esm', 'cjs'],
  fixedExtension: false,
  target: 'node20',
  dts: true,
  sourcemap: false,
  tsconfig: 'tsconfig.json',
});
