/** Writes src/constants.ts: a named export for every constant that parity.json says is here. */
import { readFileSync, writeFileSync } from 'node:fs';

const parity = JSON.parse(readFileSync(new URL('../parity.json', import.meta.url), 'utf8'));
const names = Object.keys(parity.constants).filter((name) => parity.constants[name].state === 'here');
const strings = new Map([
  ['BDADDR_ANY', '00:00:00:00:00:00'],
  ['BDADDR_LOCAL', '00:00:00:FF:FF:FF'],
]);
const lines = [
  '/** Made by scripts/constants.mjs from parity.json; the numbers are those of the platform, undefined where it has none. */',
  "import { constants as c, errnos } from '@sockeye/core';",
  '',
  ...names.filter((name) => !strings.has(name)).map((name) => `export const ${name}: number = c.${name};`),
  '',
  '/** Bluetooth addresses: any device, and this one. */',
  ...[...strings].map(([name, value]) => `export const ${name}: string = '${value}';`),
  '',
  '/** For private use, says Python, but its programs use them. */',
  ...['EAGAIN', 'EBADF', 'EINTR', 'EWOULDBLOCK'].map(
    (name) => `export const ${name}: number = errnos.${name};`,
  ),
  '',
  '/** Whether this was built with IPv6: always. */',
  'export const has_ipv6: boolean = true;',
  '',
];
// A namespace of all constants would be an object of some five hundred getters.
const members = (prefix) =>
  names.filter((name) => name.startsWith(prefix) && name === name.toUpperCase()).join(' ');
const enumerations = [
  '/** Made by scripts/constants.mjs from parity.json: the members of the enumerations. */',
  ...['AF_', 'AI_', 'MSG_', 'SOCK_'].map(
    (prefix) => `export const ${prefix}NAMES: string =\n  '${members(prefix)}';`,
  ),
  '',
];
writeFileSync(new URL('../src/enum-members.ts', import.meta.url), enumerations.join('\n'));
writeFileSync(new URL('../src/constants.ts', import.meta.url), lines.join('\n'));
