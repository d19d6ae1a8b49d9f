import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { addresses } from './arbitraries.ts';
import { bundle } from './bundle.ts';

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;

/**
 * Bytes, minified and gzipped. The aims are 14,000 for the whole and 2,000 for a family. A family of which an application makes values that
 * it writes and gives to sockets is held to the second; all of a family, and the whole, to what is reached: README.md has where
 * the bytes are, ARCHITECTURE.md why.
 */
const WHOLE = 13_500;
/** The root, and prefixes with their table, which have entries of their own. */
const WITH_PREFIXES = 15_700;
const FAMILIES = 9_800;
/** All of a family alone. */
const FAMILY: Readonly<Record<string, number>> = {
  unknown: 1_800,
  inet: 2_350,
  inet6: 4_050,
  packet: 3_900,
  'bt-l2cap': 3_450,
  'bt-rfcomm': 3_600,
  'can-j1939': 3_500,
  llc: 3_350,
  qipcrtr: 2_850,
  system: 2_900,
  vsock: 2_850,
  'bt-hci': 2_900,
};
/** All of the others. */
const OTHERS = 3_250;

/** Values of a family, which a socket takes, and their text: what comes with the function that makes them. */
const MADE: Readonly<Record<string, number>> = {
  can: 2_150,
  'can-isotp': 2_150,
  'can-j1939': 2_400,
  xdp: 2_150,
  netlink: 2_150,
  hyperv: 2_300,
  alg: 2_350,
  'bt-sco': 2_400,
  llc: 2_450,
  unix: 2_550,
  'bt-l2cap': 2_550,
  'bt-rfcomm': 2_700,
  packet: 2_850,
  inet6: 3_350,
};
/** Of the others. */
const AIM = 2_000;

const made = (family: string): string =>
  family.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());

const families = Object.keys(addresses);

describe('what an application pays', () => {
  it('for everything', async () => {
    expect(gzipped(await bundle("export * from '#index.ts';", true))).toBeLessThan(WHOLE);
    const all = "export * from '#index.ts'; export * from '#prefix.ts'; export * from '#prefix-table.ts';";
    expect(gzipped(await bundle(all, true))).toBeLessThan(WITH_PREFIXES);
    expect(gzipped(await bundle("export * from '#address.ts';", true))).toBeLessThan(FAMILIES);
  });

  it.each(families)('for %s alone, and for its values', async (family) => {
    const alone = await bundle(`export * from '#${family}.ts';`, true);
    expect(gzipped(alone)).toBeLessThan(FAMILY[family] ?? OTHERS);
    // What makes its values takes no more from the root, and is less.
    const values = await bundle(`export { ${made(family)} } from '#index.ts';`, true);
    expect(gzipped(values)).toBeLessThan(MADE[family] ?? AIM);
    expect(gzipped(values)).toBeLessThan(gzipped(alone));
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
    const makers = [...readme.matchAll(/^\| ((?:`\w+` ?)+) \| ([\d.]+) kB \|$/gm)].flatMap(
      ([, names = '', size]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, size] as const),
    );
    expect(makers.map(([name]) => name).sort()).toEqual(families.map(made).sort());
    const bundles = [
      ...said.map(([name, size]) => [`export * from '#${name || 'index'}.ts';`, size] as const),
      ...makers.map(([name, size]) => [`export { ${name} } from '#index.ts';`, size] as const),
    ];
    for (const [code, size] of bundles) {
      // zlibs differ by a few bytes.
      expect(Math.abs(gzipped(await bundle(code, true)) / 1000 - Number(size)), code).toBeLessThan(0.1);
    }
  });
});
