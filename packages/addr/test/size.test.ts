import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { addresses } from './arbitraries.ts';
import { bundle } from './bundle.ts';

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;

/**
 * Bytes, minified and gzipped. The aims are 14,000 for the whole and 2,000 for a family, and these are what is reached. What is left
 * compresses badly, since it says little twice: of the whole, its exports' names are 0.5 kB, all other words (errors,
 * scopes, prefixes of forms) 2.9 kB; prefixes with their table and the view, which share little with the rest, 3 kB. Of a
 * family, errors that name the argument, what it takes and what it got, the checks before them and the header of
 * sockaddrs on five platforms are 1.3 kB before its own first line.
 */
const WHOLE = 17_300;
const FAMILIES = 11_000;
/** A family alone, with every check and the words of every error. Most are a description that one engine reads. */
const FAMILY = 4_350;
/** Those that do without the engine, or most of it. */
const SMALL: Readonly<Record<string, number>> = { inet: 2_400, unix: 3_200, unknown: 1_800, vsock: 3_350 };

const families = Object.keys(addresses);

describe('what an application pays', () => {
  it('for everything', async () => {
    expect(gzipped(await bundle("export * from '#index.ts';", true))).toBeLessThan(WHOLE);
    expect(gzipped(await bundle("export * from '#address.ts';", true))).toBeLessThan(FAMILIES);
  });

  it.each(families)('for %s alone, from the root or by its subpath', async (family) => {
    const alone = await bundle(`export * from '#${family}.ts';`, true);
    expect(gzipped(alone)).toBeLessThan(SMALL[family] ?? FAMILY);
    // Of the root it takes no more.
    const name = family.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
    const rooted = await bundle(`export { ${name} } from '#index.ts';`, true);
    expect(gzipped(rooted)).toBeLessThan(gzipped(alone) + 20);
    // Its own name is there, and no other family's.
    expect(families.filter((other) => alone.includes(`family:\`${other}\``))).toEqual([family]);
  });

  it('is what the README says', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const said = [...readme.matchAll(/`@sockeye\/addr\/?([\w-]*)` ([\d.]+) kB/g)];
    expect(said.map(([, name]) => name)).toEqual(['', 'address', 'inet', 'unix', 'vsock', 'inet6']);
    for (const [, name, size] of said) {
      const code = await bundle(`export * from '#${name || 'index'}.ts';`, true);
      // zlibs differ by a few bytes.
      expect(Math.abs(gzipped(code) / 1000 - Number(size)), name).toBeLessThan(0.1);
    }
  });
});
