import { readdirSync, readFileSync } from 'node:fs';
import * as options from '@sockeye/core/options';
import { expect, it } from 'vitest';

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);

it('every option of core is tried on a kernel: by its own tests, or in the machine', () => {
  const folder = 'packages/core/test';
  // These ask no kernel.
  const paper = new Set(['option-layout.test.ts', 'option-readme.test.ts']);
  const files = readdirSync(at(folder)).filter(
    (name) => /^option.*\.test\.ts$/.test(name) && !paper.has(name),
  );
  const paths = [...files.map((name) => `${folder}/${name}`), 'rigs/specs/inside/options.spec.ts'];
  expect(paths.length).toBeGreaterThan(3);
  const sources = paths.map((path) => readFileSync(at(path), 'utf8')).join('\n');
  const all = Object.entries(options).filter(([, value]) => typeof value === 'object' && 'constant' in value);
  expect(all.length).toBeGreaterThan(190);
  const untried = all.filter(([name]) => !new RegExp(`\\bo(ptions)?\\.${name}\\b`).test(sources));
  expect(untried.map(([name]) => name)).toEqual([]);
});
