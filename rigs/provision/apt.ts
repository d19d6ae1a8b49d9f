import { statSync } from 'node:fs';
import { cacheFolder } from './cache.ts';
import { command, type Outcome } from './command.ts';

/**
 * An apt that reads the system's sources but keeps its lists and its downloads to itself, so that it works for everyone
 * and changes nothing of the system. `undefined` is the system's own.
 */
export type Apt = readonly string[] | undefined;

/** The private apt of the rig. */
export function privateApt(): Apt {
  const folder = cacheFolder('apt');
  cacheFolder('apt', 'lists', 'partial');
  cacheFolder('apt', 'cache', 'archives', 'partial');
  const set: Record<string, string> = {
    'Dir::State::lists': `${folder}/lists`,
    'Dir::Cache': `${folder}/cache`,
    'APT::Sandbox::User': process.getuid?.() === 0 ? 'root' : '',
  };
  return Object.entries(set).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

const run = (apt: Apt, program: string, args: string[], cwd?: string): Promise<Outcome> =>
  command(program, [...(apt ?? []), ...args], cwd === undefined ? {} : { cwd });

/** `apt-get update`. */
export const update = (apt: Apt): Promise<Outcome> => run(apt, 'apt-get', ['update', '-qq']);

/** How old the system's package lists are, in days; infinite when there are none. */
export function systemListsAge(): number {
  try {
    return (Date.now() - statSync('/var/lib/apt/lists').mtimeMs) / 86_400_000;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** One version of a package, as apt's lists tell of it. */
export interface Package {
  name: string;
  version: string;
  depends: string;
  size: number;
  sha256: string;
}

/** The newest version of a package; undefined when the lists have none. */
export async function show(apt: Apt, name: string, version?: string): Promise<Package | undefined> {
  const wanted = version === undefined ? name : `${name}=${version}`;
  const { stdout } = await run(apt, 'apt-cache', ['show', '--no-all-versions', wanted]);
  const field = (title: string): string => new RegExp(`^${title}: (.*)$`, 'm').exec(stdout)?.[1] ?? '';
  if (field('Package') === '') return undefined;
  return {
    name: field('Package'),
    version: field('Version'),
    depends: field('Depends'),
    size: Number(field('Size')),
    sha256: field('SHA256'),
  };
}

/** `apt-get download` into a folder. */
export const download = (apt: Apt, { name, version }: Package, folder: string): Promise<Outcome> =>
  run(apt, 'apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', `${name}=${version}`], folder);
