import { systemListsAge, update } from './apt.ts';
import { command } from './command.ts';

/** Packages that the rig needs, and may not or could not install itself. */
export class MissingPackages extends Error {
  readonly packages: readonly string[];

  /** @param mend what helps, a sentence */
  constructor(
    packages: readonly string[],
    why: string,
    reason: string,
    mend = `Run: apt-get install ${packages.join(' ')}`,
  ) {
    super(`${why} needs ${packages.join(', ')}; ${reason}. ${mend}`);
    this.name = 'MissingPackages';
    this.packages = packages;
  }
}

/** Days after which package lists are fetched anew before packages are installed. */
const OLD = 7;

/** Those of the packages that are not installed. */
export async function missing(packages: readonly string[]): Promise<string[]> {
  const { stdout } = await command('dpkg-query', [
    '-W',
    '-f',
    `\${Package} \${db:Status-Status}\n`,
    ...packages,
  ]);
  const installed = new Set(stdout.split('\n').flatMap((line) => line.match(/^(\S+) installed$/)?.[1] ?? []));
  return packages.filter((name) => !installed.has(name));
}

/** What has to stand before a command that needs root's rights; undefined when they cannot be had without a password. */
async function elevation(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const { status } = await command('sudo', ['-n', 'true']);
  return status === 0 ? ['sudo', '-n'] : undefined;
}

/**
 * Makes Debian packages present: as root or with a sudo that asks no password it installs what is missing, once, and says so
 * on stderr.
 *
 * @param packages names of Debian packages
 * @param why what needs them, the subject of a sentence: "the virtual machine"
 * @throws MissingPackages when they are missing and cannot be installed
 */
export async function provision(packages: readonly string[], why: string): Promise<void> {
  const wanted = await missing(packages);
  if (wanted.length === 0) return;
  if ((await command('apt-get', ['--version'])).status !== 0)
    throw new MissingPackages(wanted, why, 'this system has no apt-get, so they are its own to install');
  const before = await elevation();
  if (before === undefined)
    throw new MissingPackages(wanted, why, 'installing them takes root or a sudo without password');

  console.error(`rig: ${why} needs ${wanted.join(', ')}: installing`);
  const args = [
    'install',
    '-y',
    '-qq',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=300',
    ...wanted,
  ];
  const as = (program: string, rest: string[]) => {
    const [first = program, ...others] = [
      ...before,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      program,
      ...rest,
    ];
    return command(first, others);
  };
  const refresh = async (): Promise<void> => {
    if (before.length === 0) await update(undefined);
    else await as('apt-get', ['update', '-qq']);
  };
  const old = systemListsAge() > OLD;
  if (old) await refresh();
  let outcome = await as('apt-get', args);
  if (outcome.status !== 0 && !old) {
    await refresh();
    outcome = await as('apt-get', args);
  }
  if (outcome.status === 0) return;
  const last = outcome.stderr.trim().split('\n').slice(-3).join(' ');
  throw new MissingPackages(await missing(packages), why, `installing them failed: ${last}`);
}
