/**
 * The first program of a container: `start.mjs <npm> <name>`. Installs the tarballs as a user would, without a registry, and
 * becomes the agent of that name.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';

const [npm = '', name = ''] = process.argv.slice(2);
const tarballs = (process.env.TARBALLS ?? '').split(' ').map((file) => `/kit/tarballs/${file}`);
mkdirSync('/app', { recursive: true });
process.chdir('/app');
writeFileSync('package.json', '{ "private": true, "type": "module" }');
const options = [
  '--offline',
  '--no-update-notifier',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [`${npm}/bin/npm-cli.js`, 'install', ...options, ...tarballs],
  { encoding: 'utf8' },
);
if (status !== 0) {
  console.log(`npm install ended with ${status}: ${stdout}${stderr}`);
  process.exit(1);
}
// Beside the packages, where Node.js finds them.
cpSync('/kit/app/programs', '/app/programs', { recursive: true });
process.argv.splice(1, process.argv.length, '/app/programs/agent.mjs', name);
await import(process.argv[1] ?? '');
