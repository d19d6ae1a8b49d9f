/** Builds the native part and puts it into the package of this platform. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const target = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
const folder = `${root}packages/core/npm/${target}`;

if (!existsSync(folder)) {
  console.error(
    `@sockeye/core has no native part for ${target} yet: there is no folder packages/core/npm/${target}`,
  );
  process.exit(1);
}
const cargo = spawnSync('cargo', ['build', '--release', '--locked', '--quiet', '-p', 'sockeye-core'], {
  cwd: root,
  stdio: 'inherit',
});
if (cargo.error?.code === 'ENOENT') {
  console.error('The native build needs Rust: install it from https://rustup.rs, then run this again.');
  process.exit(1);
}
if (cargo.status !== 0) process.exit(cargo.status ?? 1);
// Renamed into place, so that a running process that has the old one mapped keeps it.
copyFileSync(`${root}target/release/libsockeye_core.so`, `${folder}/sockeye.node.new`);
renameSync(`${folder}/sockeye.node.new`, `${folder}/sockeye.node`);
