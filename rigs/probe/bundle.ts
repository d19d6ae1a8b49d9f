/** The probe as plain JavaScript: a virtual machine without KVM takes seconds to translate what takes this one no time. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { checkout } from './where.ts';

/** In the checkout, from where Node.js finds core's native part. */
const FOLDER = join(checkout, '.cache/rig/probe');
const DAY = 86_400_000;

let made: Promise<string> | undefined;

/** Makes the bundle, once a process; gives its folder, which has `run.mjs` and is named after what is in it. */
export function makeBundle(): Promise<string> {
  made ??= make();
  return made;
}

async function make(): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const outDir = mkdtempSync(join(FOLDER, 'new-'));
  const probe = await rolldown({
    input: { run: join(checkout, 'rigs/probe/run.ts'), inside: join(checkout, 'rigs/probe/inside.ts') },
    platform: 'node',
    tsconfig: join(checkout, 'tsconfig.json'),
    transform: { target: 'node20' },
    logLevel: 'silent',
  });
  try {
    await probe.write({
      dir: outDir,
      format: 'es',
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name].mjs',
    });
  } finally {
    await probe.close();
  }
  const hash = createHash('sha256');
  for (const name of readdirSync(outDir).sort()) hash.update(name).update(readFileSync(join(outDir, name)));
  const folder = join(FOLDER, hash.digest('hex').slice(0, 16));
  try {
    renameSync(outDir, folder);
  } catch {
    // It is there already.
    rmSync(outDir, { recursive: true });
  }
  for (const name of readdirSync(FOLDER)) {
    const path = join(FOLDER, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (path !== folder && age > DAY) rmSync(path, { recursive: true, force: true });
  }
  return folder;
}
