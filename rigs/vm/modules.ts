import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Kernel } from '../provision/index.ts';

/** What the initramfs needs to reach the host's tree and the agent's port. */
export const EARLY: readonly string[] = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'virtio_console'];

/**
 * What is loaded before the first command. All else of the kernel loads by itself when it is first asked for (a socket of its
 * family, an interface of its kind, an algorithm, a node of /dev); these
 * have nothing that asks for them, or what every suite uses.
 */
export const MODULES: readonly string[] = ['vcan', 'can_raw', 'can_gw', 'rds_tcp', 'smc_diag', 'tipc'];

/** The kernel's modules by name, each with the modules that it needs, as depmod wrote them down. */
export class ModuleIndex {
  readonly #paths = new Map<string, string>();
  readonly #needs = new Map<string, string[]>();
  readonly #builtIn: ReadonlySet<string>;
  readonly #folder: string;

  constructor({ folder, version }: Kernel) {
    this.#folder = join(folder, 'lib/modules', version);
    for (const line of this.#lines('modules.dep')) {
      const [path = '', needs = ''] = line.split(':');
      this.#paths.set(moduleName(path), path);
      this.#needs.set(moduleName(path), needs.split(' ').filter(Boolean).map(moduleName));
    }
    this.#builtIn = new Set(this.#lines('modules.builtin').map(moduleName));
  }

  #lines(file: string): string[] {
    return readFileSync(join(this.#folder, file), 'utf8').split('\n').filter(Boolean);
  }

  has(name: string): boolean {
    return this.#paths.has(moduleName(name));
  }

  isBuiltIn(name: string): boolean {
    return this.#builtIn.has(moduleName(name));
  }

  /** Files of these modules and what they need, in the order in which they load. */
  files(names: readonly string[]): string[] {
    const ordered = names
      .filter((name) => this.has(name))
      .flatMap((name) => [...(this.#needs.get(moduleName(name)) ?? []).toReversed(), moduleName(name)]);
    return [...new Set(ordered)].map((name) => join(this.#folder, this.#paths.get(name) ?? ''));
  }
}

/** A module's name as the kernel has it: of its file, with underscores. */
export const moduleName = (path: string): string =>
  basename(path)
    .replace(/\.ko(\..*)?$/, '')
    .replaceAll('-', '_');
