import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { addresses } from './arbitraries.ts';
import { bundle } from './bundle.ts';

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;

/**
 * Bytes, minified and gzipped. The aims are 14,000 for the whole and 2,000 for a family, and these are what is reached. What is left
 * compresses badly, since it says little twice: of the whole, the text of strings is 2.6 kB (words of errors, scopes,
 * prefixes of forms), the exports' names 0.5 kB, and prefixes with their table and the views, which share little with the rest,
 * 4 kB; code written more tersely has other words, not fewer (a trie without a class: 550 bytes less, 25 gzipped). Of a family, errors that
 * name the argument, what it takes and what it got, the checks before them and the header of sockaddrs on five
 * platforms are 1.4 kB before its own first line, and the engine that reads its description 0.9 kB.
 */
const WHOLE = 16_150;
const FAMILIES = 10_150;
/** A family alone, with every check and the words of every error. */
const FAMILY: Readonly<Record<string, number>> = {
  unknown: 1_800,
  inet: 2_350,
  inet6: 4_200,
  packet: 3_950,
  'bt-l2cap': 3_500,
  'bt-rfcomm': 3_700,
  'can-j1939': 3_500,
  llc: 3_450,
  qipcrtr: 2_850,
  system: 2_900,
  vsock: 2_850,
  'bt-hci': 2_900,
};
/** The others. */
const OTHERS = 3_250;

const families = Object.keys(addresses);

describe('what an application pays', () => {
  it('for everything', async () => {
    expect(gzipped(await bundle("export * from '#index.ts';", true))).toBeLessThan(WHOLE);
    expect(gzipped(await bundle("export * from '#address.ts';", true))).toBeLessThan(FAMILIES);
  });

  it.each(families)('for %s alone, from the root or by its subpath', async (family) => {
    const alone = await bundle(`export * from '#${family}.ts';`, true);
    expect(gzipped(alone)).toBeLessThan(FAMILY[family] ?? OTHERS);
    // Of the root it takes no more.
    const name = family.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
    const rooted = await bundle(`export { ${name} } from '#index.ts';`, true);
    expect(gzipped(rooted)).toBeLessThan(gzipped(alone) + 20);
    // Its own name is there, and no other family's.
    expect(families.filter((other) => new RegExp(`(family[:=]|[(])\`${other}\``).test(alone))).toEqual([
      family,
    ]);
  });

  it('is what the README says', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const said = [...readme.matchAll(/^\| (`@sockeye\/addr.*?) \|.* ([\d.]+) kB \|$/gm)].flatMap(
      ([, names = '', size]) =>
        [...names.matchAll(/`@sockeye\/addr\/?([\w-]*)`/g)].map(([, name]) => [name, size] as const),
    );
    expect(said.map(([name]) => name)).toEqual(
      expect.arrayContaining(['', 'address', 'prefix-table', ...families]),
    );
    for (const [name, size] of said) {
      const code = await bundle(`export * from '#${name || 'index'}.ts';`, true);
      // zlibs differ by a few bytes.
      expect(Math.abs(gzipped(code) / 1000 - Number(size)), name).toBeLessThan(0.1);
    }
  });
});
