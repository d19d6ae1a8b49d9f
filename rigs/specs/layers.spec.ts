import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'sockeye-layers-'));

/** The layer rule, as npm run lint applies it, on a copy of the sources. */
function cruise(): { status: number | null; stdout: string } {
  const args = ['packages', 'rigs', '--output-type', 'err', '--config', '.dependency-cruiser.cjs'];
  return spawnSync(join(root, 'node_modules/.bin/depcruise'), args, { cwd: copy, encoding: 'utf8' });
}

beforeAll(() => {
  const skip = /node_modules|\/(dist|target|test|vectors|nodes|bench|specs)(\/|$)|\.node$/;
  for (const path of [
    'packages',
    'rigs',
    'package.json',
    'tsconfig.json',
    'tsconfig.base.json',
    '.dependency-cruiser.cjs',
  ]) {
    cpSync(join(root, path), join(copy, path), {
      recursive: true,
      filter: (from) => !skip.test(from.slice(root.length)),
    });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true }));

describe('the layers', () => {
  const wrong: [string, string, string, string][] = [
    ['addr imports core', 'addr/src/wrong.ts', '@sockeye/core', 'addr-imports-only-what-is-below'],
    ['core imports addr', 'core/ts/wrong.ts', '@sockeye/addr', 'core-imports-only-what-is-below'],
    ['can imports raw', 'can/src/wrong.ts', '@sockeye/raw', 'can-imports-only-what-is-below'],
    [
      'raw imports can by path',
      'raw/src/wrong.ts',
      '../../can/src/index.ts',
      'raw-imports-only-what-is-below',
    ],
    ['addr uses Node.js', 'addr/src/wrong.ts', 'node:fs', 'addr-and-capture-run-anywhere'],
    ['capture uses Node.js', 'capture/src/wrong.ts', 'node:fs', 'addr-and-capture-run-anywhere'],
    ['a package imports the rigs', 'can/src/wrong.ts', '../../../rigs/wrong.ts', 'nothing-imports-rigs'],
  ];

  it('hold', () => {
    expect(cruise()).toMatchObject({ status: 0 });
  });

  it.each(wrong)('%s: refused', (_, path, imported, rule) => {
    const file = join(copy, 'packages', path);
    const target = join(copy, 'rigs/wrong.ts');
    writeFileSync(file, `export * from '${imported}';\n`);
    writeFileSync(target, 'export const wrong = 1;\n');
    const { status, stdout } = cruise();
    rmSync(file);
    rmSync(target);
    expect(status).not.toBe(0);
    expect(stdout).toContain(rule);
  });
});
