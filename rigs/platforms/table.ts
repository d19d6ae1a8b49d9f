/** What the kernels have and do, as it was seen: platforms.json, and the table that is made of it. */
import { readFileSync } from 'node:fs';
import type { KernelKey } from '../contracts/medium.ts';

/** What was seen on one kernel. */
export interface Platform {
  /** As `uname -r` has it. */
  kernel: string;
  /** What the probe has found, by name. */
  facilities: Record<string, boolean>;
  /** What each behaviour was. */
  behaviours: Record<string, string>;
}

export type Platforms = Partial<Record<KernelKey, Platform>>;

export const PATH: URL = new URL('platforms.json', import.meta.url);
export const PLATFORMS: Platforms = JSON.parse(readFileSync(PATH, 'utf8'));

/** The line of a kernel: 6.12. */
export const line = (release: string): string => release.split('.').slice(0, 2).join('.');

const KEYS: readonly KernelKey[] = ['host', '6.1', '6.12'];

/** Facilities that one of the kernels has and another has not. */
export function differing(platforms: Platforms = PLATFORMS): string[] {
  const all = KEYS.flatMap((key): Record<string, boolean>[] => {
    const platform = platforms[key];
    return platform === undefined ? [] : [platform.facilities];
  });
  const names = [...new Set(all.flatMap((one) => Object.keys(one)))];
  return names.filter((name) => new Set(all.map((one) => one[name])).size > 1);
}

/** The table of what differs, in Markdown, and below it what does not. */
export function table(platforms: Platforms): string {
  const seen = KEYS.flatMap((key) => {
    const platform = platforms[key];
    return platform === undefined ? [] : [{ key, ...platform }];
  });
  const heads = seen.map(({ key, kernel }) =>
    key === 'host' ? `the host’s ${line(kernel)}` : `Debian’s ${line(kernel)}`,
  );
  const lines = [`| | ${heads.join(' | ')} |`, `| --- |${' --- |'.repeat(heads.length)}`];
  const row = (name: string, cells: string[]): number => lines.push(`| ${name} | ${cells.join(' | ')} |`);
  const different = differing(platforms);
  for (const name of different)
    row(
      `\`${name}\``,
      seen.map(({ facilities }) => (facilities[name] === true ? 'yes' : 'no')),
    );
  const behaviours = Object.keys(seen[0]?.behaviours ?? {});
  const differs = (name: string): boolean => new Set(seen.map((one) => one.behaviours[name])).size > 1;
  for (const name of behaviours.filter(differs))
    row(
      name,
      seen.map((one) => one.behaviours[name] ?? '?'),
    );
  const alike = behaviours.filter((name) => !differs(name));
  const facilities = Object.keys(seen[0]?.facilities ?? {}).filter((name) => !different.includes(name));
  const there = facilities.filter((name) => seen[0]?.facilities[name] === true);
  return [
    ...lines,
    '',
    ...alike.map((name) => `- On all: ${name}: ${seen[0]?.behaviours[name]}.`),
    `- All have ${there.map((name) => `\`${name}\``).join(', ')}.`,
  ].join('\n');
}
