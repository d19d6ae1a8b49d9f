import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import * as addr from '../src/index.ts';
import * as prefix from '../src/prefix.ts';
import * as prefixTable from '../src/prefix-table.ts';
import config from '../tsdown.config.ts';
import { addresses } from './arbitraries.ts';

/** What examples import. */
const MODULES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['@sockeye/addr', addr],
  ['@sockeye/addr/prefix', prefix],
  ['@sockeye/addr/prefix-table', prefixTable],
]);

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
  exports: Record<string, string | Record<string, Record<string, string>>>;
  dependencies?: unknown;
};
const readme = readFileSync(at('README.md'), 'utf8');

describe('package.json', () => {
  it('exports a built file for every entry, in one shape', () => {
    const { '.': root, './package.json': _, ...rest } = manifest.exports;
    const names = ['index', ...Object.keys(rest).map((path) => path.slice(2))];
    [root, ...Object.values(rest)].forEach((entry, i) => {
      expect(existsSync(at(`src/${names[i]}.ts`)), names[i]).toBe(true);
      expect(entry).toEqual({
        import: { types: `./dist/${names[i]}.d.ts`, default: `./dist/${names[i]}.js` },
        require: { types: `./dist/${names[i]}.d.cts`, default: `./dist/${names[i]}.cjs` },
      });
    });
    expect(config).toMatchObject({ entry: names.map((name) => `src/${name}.ts`) });
  });

  it('depends on nothing', () => {
    expect(manifest.dependencies).toBeUndefined();
  });
});

describe('README.md', () => {
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);

  it.each(examples)('has an example that prints what it says: %#', (block) => {
    const expected = [...block.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
    expect(expected.length).toBeGreaterThan(1);
    const { outputText } = ts.transpileModule(block, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
    });
    const printed: string[] = [];
    const require = (specifier: string): unknown => {
      const found = MODULES.get(specifier);
      if (found !== undefined) return found;
      throw new Error(`the example imports ${specifier}`);
    };
    new Function('require', 'exports', 'console', outputText)(
      require,
      {},
      { log: (...line: unknown[]) => printed.push(line.map(String).join(' ')) },
    );
    expect(printed).toEqual(expected);
  });

  it('has a table of forms, all of which are read and written as they stand', () => {
    const rows = [...readme.matchAll(/^\| `([a-z0-9-]+)` \|.*$/gm)];
    const forms = rows.flatMap(([row, family]) =>
      [...row.split('|')[2]!.matchAll(/`([^`]+)`/g)].map((match) => [family!, match[1]!] as const),
    );
    expect(new Set(forms.map(([family]) => family))).toEqual(new Set(Object.keys(addresses)));
    for (const [family, form] of forms) {
      const value = addr.parse(form);
      expect(value.family, form).toBe(family);
      expect(addr.format(value)).toBe(form);
    }
  });
});
