import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Packages are tested from their sources; what is packed is tested by rigs/specs. */
const alias = [
  { find: /^@sockeye\/core$/, replacement: at('packages/core/ts/index.ts') },
  { find: /^@sockeye\/core\/(\w+)$/, replacement: at('packages/core/ts/$1/index.ts') },
  {
    find: /^@sockeye\/(addr|can|capture|netlink|raw|compat-python)$/,
    replacement: at('packages/$1/src/index.ts'),
  },
  {
    find: /^@sockeye\/(addr|can|netlink|raw|compat-python)\/(.*)$/,
    replacement: at('packages/$1/src/$2.ts'),
  },
];

/** Whether this is the vitest inside the rig's machine. */
const INSIDE = process.env.SOCKEYE_RIG !== undefined;

/** What is for there only; rigs/vm/transforms.ts loads it here, where none of its tests runs. */
const OUTSIDE = INSIDE || process.env.SOCKEYE_TRANSFORM !== undefined ? [] : ['rigs/specs/inside/**'];

const project = (
  name: string,
  include: string[],
  env: Record<string, string> = {},
  exclude: string[] = [],
) => ({
  resolve: { alias },
  test: { name, include, exclude, env, pool: 'forks' as const, testTimeout: 20_000 },
});

export default defineConfig({
  test: {
    projects: [
      ...['addr', 'core', 'capture', 'netlink', 'can', 'raw', 'compat-python'].map((name) =>
        project(name, [`packages/${name}/test/**/*.test.ts`]),
      ),
      // The same promises, kept by the other engine.
      project('core-thread', ['packages/core/test/**/*.test.ts'], { SOCKEYE_ENGINE: 'thread' }),
      // What is to run inside the rig's machine is listed there, by the machine's own vitest.
      project('rigs', ['rigs/specs/**/*.spec.ts'], {}, OUTSIDE),
      // The contracts, and what interfaces do that come and go, by the other engine.
      project(
        'rigs-thread',
        ['rigs/specs/**/{contracts,controllers,can-fd,bluetooth}.spec.ts'],
        { SOCKEYE_ENGINE: 'thread' },
        OUTSIDE,
      ),
    ],
  },
});
