/** The native part, type-checked for operating systems that this machine is not: `cargo check`, with the standard library built first. */
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder, command, root, rust, withWorkFolder } from '../provision/index.ts';

/** Rust's names of the targets, with the operating system and the machine as Node.js names them. */
export const TARGETS = {
  'aarch64-apple-darwin': 'darwin-arm64',
  'x86_64-pc-windows-gnu': 'win32-x64',
  'aarch64-unknown-linux-gnu': 'linux-arm64',
} as const;

export type Target = keyof typeof TARGETS;

/** What the compiler said, errors and warnings; empty when the types are right. */
export interface Checked {
  /** Whether it compiles, and without warnings. */
  right: boolean;
  said: string;
  /** The compiler's version, as Debian's package has it. */
  version: string;
}

const ARGUMENTS = [
  'rustc',
  '--quiet',
  '--locked',
  '--profile=check',
  '--package=sockeye-core',
  '--lib',
  // Without what only a program that runs has: symbols in backtraces, unwinding.
  '-Zbuild-std=std',
  '-Zbuild-std-features=',
];

/** What makes the crate. */
const CRATE = ['Cargo.toml', 'Cargo.lock', 'packages/core/Cargo.toml', 'packages/core/src'];

/**
 * Checks the crate for one target, warnings being errors. The first time a standard library is built for the target, which
 * the cache keeps; later what changed is checked.
 *
 * @param target Rust's name of it
 * @param change edits the copy of the checkout that is checked, in this folder
 * @throws MissingPackages when the compiler cannot be had
 */
export async function checkTarget(target: Target, change?: (folder: string) => void): Promise<Checked> {
  const { version, rustc, env } = await rust();
  // A copy, since what cargo knows a standard library by depends on whether it lies in the checkout.
  return withWorkFolder(cacheFolder('rust', 'copies'), async (folder) => {
    for (const name of CRATE) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    change?.(folder);
    const outcome = await command('cargo', [...ARGUMENTS, `--target=${target}`, '--', '-Dwarnings'], {
      cwd: folder,
      env: {
        ...process.env,
        ...env,
        RUSTC: rustc,
        // What is not stable is allowed: building the standard library.
        RUSTC_BOOTSTRAP: '1',
        // Nothing of it will run.
        RUSTFLAGS: '-Zno-codegen',
        CARGO_PROFILE_DEV_DEBUG: '0',
        CARGO_INCREMENTAL: '0',
        // A folder each: cargo lets nobody else into its own.
        CARGO_TARGET_DIR: cacheFolder('rust', target),
      },
    });
    return { right: outcome.status === 0, said: outcome.stderr.trim(), version };
  });
}
