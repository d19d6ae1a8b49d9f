/** The layers of ARCHITECTURE.md as rules: what a package may import of the others. */
const packages = {
  addr: [],
  core: [],
  capture: [],
  netlink: ['core', 'addr'],
  can: ['core', 'addr', 'netlink', 'capture'],
  raw: ['core', 'addr', 'capture'],
  'compat-python': ['core', 'addr'],
};

const layers = Object.entries(packages).map(([name, below]) => ({
  name: `${name}-imports-only-what-is-below`,
  comment: `packages/${name} may import ${below.length > 0 ? below.join(', ') : 'no other package'}`,
  severity: 'error',
  from: { path: `^packages/${name}/` },
  to: { path: '^packages/([^/]+)/', pathNot: `^packages/(${[name, ...below].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'nothing-imports-rigs',
      severity: 'error',
      from: { path: '^(packages|examples)/' },
      to: { path: '^rigs/' },
    },
    {
      name: 'addr-and-capture-run-anywhere',
      comment: 'packages/addr and capture use nothing of Node.js and no other package: they run in a browser',
      severity: 'error',
      from: { path: '^packages/(addr|capture)/src/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg'] },
    },
    {
      name: 'sources-do-not-import-tests',
      severity: 'error',
      from: { path: '^packages/[^/]+/(src|ts)/' },
      to: { path: '/test/' },
    },
    { name: 'no-circles', severity: 'error', from: { path: '^packages/' }, to: { circular: true } },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/', '\\.config\\.ts$'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
