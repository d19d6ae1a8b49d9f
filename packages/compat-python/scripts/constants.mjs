/** Writes src/constants.ts: a named export for every constant that parity.json says is here. */
import { readFileSync, writeFileSync } from 'node:fs';

const parity = JSON.parse(readFileSync(new URL('../parity.json', import.meta.url), 'utf8'));
const names = Object.keys(parity.constants).filter((name) => parity.constants[name] === 'here');
const lines = [
  '/** Made by scripts/constants.mjs from parity.json; the numbers are those of the platform, undefined where it has none. */',
  "import { constants as c, errnos } from '@sockeye/core';",
  '',
  ...names.map((name) => `export const ${name}: number = c.${name};`),
  '',
  '/** For private use, says Python, but its programs use them. */',
  ...['EAGAIN', 'EBADF', 'EWOULDBLOCK'].map((name) => `export const ${name}: number = errnos.${name};`),
  '',
  '/** Whether this was built with IPv6: always. */',
  'export const has_ipv6: boolean = true;',
  '',
];
writeFileSync(new URL('../src/constants.ts', import.meta.url), lines.join('\n'));
