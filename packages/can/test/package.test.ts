import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
};
const pure = Object.keys(exports)
  .filter((path) => path !== '.' && path !== './package.json')
  .map((path) => path.slice(2));

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

describe('the modules that can be imported alone', () => {
  it.each(pure)('%s needs no core and nothing of Node', (name) => {
    const file = join(root, 'src', `${name}.ts`);
    expect(existsSync(file)).toBe(true);
    const outside = [...reach(file)].filter((target) => !target.startsWith(root));
    for (const target of outside) expect(target).toMatch(/^@sockeye\/addr$/);
  });

  it('are built each, and the root is not one of them', () => {
    const config = readFileSync(join(root, 'tsdown.config.ts'), 'utf8');
    const entries = [...config.matchAll(/'src\/([\w-]+)\.ts'/g)].map(([, name]) => name);
    expect(entries.sort()).toEqual(['index', ...pure].sort());
    expect([...reach(join(root, 'src/index.ts'))]).toContain('@sockeye/core');
  });
});
