import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sockeye-pack-'));
const tarballs = join(folder, 'tarballs');
const packages = ['addr', 'core', 'capture', 'netlink', 'can', 'raw', 'compat-python'];

const command = (program: string, args: string[], cwd = folder): string =>
  execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const tarball = (name: string): string => {
  const found = readdirSync(tarballs).find((file) => new RegExp(`^sockeye-${name}-\\d`).test(file));
  if (found === undefined) throw new Error(`no tarball of ${name} among ${readdirSync(tarballs)}`);
  return join(tarballs, found);
};

/** The first example of a README, without its imports' types: plain JavaScript for a user's folder. */
function example(name: string): string {
  const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
  const [, code] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  if (code === undefined) throw new Error(`packages/${name}/README.md has no example`);
  return code;
}

beforeAll(() => {
  command(process.execPath, [join(root, 'scripts/pack.mjs'), tarballs], root);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('packed', () => {
  it('core and addr install into an empty folder without scripts, and core’s example runs there', () => {
    const home = join(folder, 'user');
    execFileSync('mkdir', [home]);
    writeFileSync(join(home, 'package.json'), '{ "private": true, "type": "module" }');
    const files = ['addr', 'core', 'core-linux-x64-gnu'].map(tarball);
    command(
      'npm',
      ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...files],
      home,
    );
    writeFileSync(join(home, 'example.ts'), example('core'));
    // The example is TypeScript: the user's own compiler, here the project's, turns it into JavaScript.
    const compiler = join(root, 'node_modules/.bin/tsc');
    const options = ['--target', 'es2023', '--module', 'nodenext', '--strict', '--skipLibCheck'];
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    command(compiler, [...options, ...types, 'example.ts'], home);
    expect(command(process.execPath, ['example.js'], home)).toBe('the answer is 42\n');
    const classic = `const { Socket, constants } = require('@sockeye/core');
      const [one, other] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_STREAM);
      one.trySend(Buffer.from('from CommonJS'));
      console.log(other.recvSync(64).toString());`;
    writeFileSync(join(home, 'classic.cjs'), classic);
    expect(command(process.execPath, ['classic.cjs'], home)).toBe('from CommonJS\n');
  }, 60_000);

  it.each(packages)('%s has what it needs and nothing else', (name) => {
    const files = command('tar', ['tzf', tarball(name)])
      .trim()
      .split('\n');
    expect(files).toEqual(
      expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/dist/index.cjs']),
    );
    expect(files.filter((file) => /\.(rs|map|node)$|\/(src|ts|test|vectors)\//.test(file))).toEqual([]);
  });

  it.each(['core', 'compat-python'])('%s is ASCII: V8 keeps other texts at twice the size', (name) => {
    const contents = command('tar', ['xzOf', tarball(name), '--wildcards', '*.js', '*.cjs']);
    expect(contents.length).toBeGreaterThan(100_000);
    expect(contents.match(/.*[\u0080-\uffff].*/g)).toBeNull();
  });

  it('the binary sits in its platform’s package', () => {
    const files = command('tar', ['tzf', tarball('core-linux-x64-gnu')])
      .trim()
      .split('\n');
    expect(files).toContain('package/sockeye.node');
  });

  it.each(packages)('%s: types and entry points resolve everywhere (publint, attw)', (name) => {
    command(join(root, 'node_modules/.bin/publint'), ['run', tarball(name), '--strict'], root);
    command(join(root, 'node_modules/.bin/attw'), ['--profile', 'node16', '--no-color', tarball(name)], root);
  }, 60_000);
});
