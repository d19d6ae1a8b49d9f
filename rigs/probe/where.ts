import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Set when the probe runs from its bundle: the folder of that. */
const bundle: string | undefined = process.env.SOCKEYE_PROBE_BUNDLE;

/** The checkout. The bundle is run from there. */
export const checkout: string =
  bundle === undefined ? fileURLToPath(new URL('../..', import.meta.url)) : process.cwd();

/** One of the small programs in Python, for what takes ioctl(2) or mmap(2). */
export const program = (name: string): string => join(checkout, 'rigs/probe/programs', name);

/** How the trials are started: node's arguments. */
export const inside = (): string[] =>
  bundle === undefined
    ? ['--import', import.meta.resolve('tsx'), join(dirname(fileURLToPath(import.meta.url)), 'inside.ts')]
    : [join(bundle, 'inside.mjs')];
