import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { addresses } from './arbitraries.ts';
import { bundle } from './bundle.ts';

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;

/** Bytes, minified and gzipped. What grows beyond is to be looked at, and here to be let grow. */
const WHOLE = 18_500;
const FAMILIES = 12_000;
/** A family alone, with every check and the words of every error. */
const FAMILY = 4_600;

const families = Object.keys(addresses);

describe('what an application pays', () => {
  it('for everything', async () => {
    expect(gzipped(await bundle("export * from '#index.ts';", true))).toBeLessThan(WHOLE);
    expect(gzipped(await bundle("export * from '#address.ts';", true))).toBeLessThan(FAMILIES);
  });

  it.each(families)('for %s alone, from the root or by its subpath', async (family) => {
    const alone = await bundle(`export * from '#${family}.ts';`, true);
    expect(gzipped(alone)).toBeLessThan(FAMILY);
    // Of the root it takes no more.
    const name = family.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
    const rooted = await bundle(`export { ${name} } from '#index.ts';`, true);
    expect(gzipped(rooted)).toBeLessThan(gzipped(alone) + 20);
    // Its own prefix is there, and no other family's.
    const prefixes = families.filter((other) => alone.includes(`\`${other.replace('tipc-', 'tipc:')}:\``));
    const own = ['inet', 'inet6', 'unknown'].includes(family) ? [] : [family];
    expect(prefixes).toEqual(own);
  });
});
