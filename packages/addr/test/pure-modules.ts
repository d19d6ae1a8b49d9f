import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** All modules that `file` imports, and those that they import. */
function reach(file: string, seen: Set<string> = new Set()): Set<string> {
  for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)\b[^;]*?\bfrom '([^']+)';/gm,
  )) {
    const target = from.startsWith('.') ? join(dirname(file), from) : from;
    if (seen.has(target)) continue;
    seen.add(target);
    if (from.startsWith('.')) reach(target, seen);
  }
  return seen;
}

/**
 * The tests of a package (`root` is its folder) whose codecs can be imported one by one: all subpaths that it exports but `sockets`
 * do without core and Node.js, with this package's help alone (bare.test.ts has it that this one is pure).
 */
export function describePureModules(root: URL, sockets: readonly string[] = []): void {
  const folder = fileURLToPath(root);
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const pure = Object.keys(manifest.exports)
    .filter((path) => path !== '.' && path !== './package.json')
    .map((path) => path.slice(2))
    .filter((name) => !sockets.includes(name));

  describe('the modules that can be imported alone', () => {
    it.each(pure)('%s needs no core and nothing of Node', (name) => {
      const file = join(folder, 'src', `${name}.ts`);
      expect(existsSync(file)).toBe(true);
      const outside = [...reach(file)].filter((target) => !target.startsWith(folder));
      for (const target of outside) expect(target).toMatch(/^@sockeye\/addr(\/[a-z0-9]+)?$/);
    });

    it('are built each, and the root is not one of them', () => {
      const config = readFileSync(join(folder, 'tsdown.config.ts'), 'utf8');
      const entries = [...config.matchAll(/'src\/([\w/-]+)\.ts'/g)].map(([, name]) => name);
      expect(entries.sort()).toEqual(['index', ...pure, ...sockets].sort());
      expect([...reach(join(folder, 'src/index.ts'))]).toContain('@sockeye/core');
    });
  });
}
