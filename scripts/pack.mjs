/** npm run pack [folder]: the packages as npm gets them, one tarball each, into a folder (tarballs unless named). */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root, run, setUp } from './setup.mjs';

const folders = [
  'addr',
  'core',
  'core/npm/linux-x64-gnu',
  'capture',
  'netlink',
  'can',
  'raw',
  'compat-python',
];

setUp();
const target = resolve(process.argv[2] ?? join(root, 'tarballs'));
rmSync(target, { recursive: true, force: true });
for (const folder of folders) {
  const from = join(root, 'packages', folder);
  const { name, files } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  // Packed from a copy, beside which the licence can lie.
  const copy = join(target, '.copies', name);
  mkdirSync(copy, { recursive: true });
  for (const file of ['package.json', 'README.md', ...files]) {
    if (existsSync(join(from, file))) cpSync(join(from, file), join(copy, file), { recursive: true });
  }
  cpSync(join(root, 'LICENSE'), join(copy, 'LICENSE'));
  run('npm', ['pack', '--loglevel=error', '--pack-destination', target, copy]);
}
rmSync(join(target, '.copies'), { recursive: true });
