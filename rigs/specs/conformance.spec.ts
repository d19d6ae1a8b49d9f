import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';
import { makeHost } from '../cpython/bundle.ts';
import { measure } from '../cpython/measure.ts';
import { mutants } from '../cpython/mutants.ts';
import { type Run, runSuite, type Variant } from '../cpython/suite.ts';
import { EXCEPTIONS, judge, unexpected } from '../cpython/verdict.ts';

const PYTHON = 'python3.11';
const MINUTES = 60_000;
/** Some tests, and functions that they call, in order. */
const BROKEN: readonly [only: string, variant: Variant, functions: string[]][] = [
  [
    'BasicTCPTest.',
    'blocking',
    ['dup', 'socket.accept', 'socket.detach', 'socket.recv', 'socket.sendall', 'socket.shutdown'],
  ],
  ['BasicUDPTest.', 'blocking', ['socket.recvfrom', 'socket.sendto']],
  ['RecvmsgIntoSCMRightsStreamTest.', 'blocking', ['CMSG_LEN', 'socket.recvmsg_into', 'socket.sendmsg']],
  ['SendRecvFdsTests.', 'full', ['recv_fds', 'send_fds']],
  ['SmallBufferedFileObject', 'full', ['file.fileno', 'file.readline', 'socket.makefile']],
  // The bridge closes a descriptor too, which is not to answer for the facade.
  ['GeneralModuleTests.test_socket_close', 'blocking', ['close']],
];
/** What the bridge may grow to, the variant `full` and the start of the threads included. */
const MOST_LINES = 500;

/** CPython with its tests, or the test is skipped. */
function executable(context: TestContext): string {
  try {
    const program = 'import sys, test.test_socket; print(sys.executable, end="")';
    return execFileSync(PYTHON, ['-c', program], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return context.skip(`no ${PYTHON} with CPython's own tests`);
  }
}

describe('the bridge', () => {
  const BRIDGE = ['bridge.py', 'worker.ts', 'full.py', 'host.ts'];
  const text = (name: string): string =>
    readFileSync(fileURLToPath(new URL(`../cpython/${name}`, import.meta.url)), 'utf8');
  const code = (name: string): string[] =>
    text(name)
      .replace(name.endsWith('.py') ? /"""[\s\S]*?"""/g : /\/\*\*[\s\S]*?\*\//g, '')
      .split('\n')
      .filter((line) => line.trim() !== '' && !/^\s*(#|\/\/)/.test(line));

  it('is thin: lines of code, their width', () => {
    const lines = BRIDGE.flatMap(code);
    expect(lines.length).toBeLessThan(MOST_LINES);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  it('sees of this project only the public entry of the facade', () => {
    const imports = BRIDGE.filter((name) => name.endsWith('.ts')).flatMap((name) =>
      [...text(name).matchAll(/from '([^']+)'/g)].map(([, from]) => from),
    );
    const strange = imports.filter((from) => !/^(node:|\.\/break\.ts$)/.test(from ?? ''));
    expect(new Set(strange)).toEqual(new Set(['@sockeye/compat-python']));
  });

  it('has no error number and no constant of its own', () => {
    for (const name of BRIDGE) {
      expect(code(name).join('\n')).not.toMatch(
        /\berrno\b|\bE[A-Z]{4,}\b|\b(AF|SO|MSG|IPPROTO|AI)_[A-Z]+\s*=\s*\d/,
      );
    }
  });
});

describe("CPython's tests with the facade behind them", () => {
  it('no more than five cannot pass', () => {
    expect(Object.keys({ ...EXCEPTIONS.blocking, ...EXCEPTIONS.full }).length).toBeLessThanOrEqual(5);
  });

  it(
    'the tests of TCP, of files and of descriptors pass in both variants',
    async (context) => {
      using host = await makeHost();
      const python = executable(context);
      const options = { python, modules: ['test_socket'], host: host.folder };
      for (const only of ['BasicTCPTest.', 'SmallBufferedFileObject', 'RecvmsgIntoSCMRights']) {
        const { own, runs } = await measure({ ...options, only }, ['blocking', 'full']);
        for (const [variant, run] of runs) {
          const verdict = judge(variant, run, own);
          expect(unexpected(verdict)).toEqual([]);
          expect(verdict.passed).toBeGreaterThan(8);
          expect(verdict.calls).toBeGreaterThan(50);
        }
      }
    },
    4 * MINUTES,
  );

  it.each<[variant: Variant, calls: Record<string, number>, why: string | undefined]>([
    ['blocking', { socket: 1, 'socket.accept': 1, 'socket.recv': 2 }, undefined],
    [
      'blocking',
      { socket: 1, 'socket.accept': 1 },
      'CPython calls recv of _socket, which did not cross the bridge',
    ],
    ['full', { create_connection: 1 }, undefined],
    ['full', {}, 'no call crossed the bridge, but CPython calls _socket'],
  ])('what CPython calls of _socket has to cross: %s %j', (variant, calls, why) => {
    const run = (made: Record<string, number>): Run => ({
      python: '3.11',
      kernel: '6.18',
      outcomes: { test: { test: 'test', how: 'passed', why: '', calls: made } },
    });
    const { failures } = judge(variant, run(calls), run({ _accept: 1, recv: 1 }));
    expect(failures).toEqual(why === undefined ? [] : [{ test: 'test', why }]);
  });

  it.for(BROKEN)(
    'functions that are broken one by one are noticed: %s %s',
    { timeout: 6 * MINUTES },
    async ([only, variant, functions], context) => {
      using host = await makeHost();
      const options = { python: executable(context), modules: ['test_socket'], only, host: host.folder };
      const noticed: string[] = [];
      for await (const mutant of mutants(variant, options, await runSuite(variant, options), functions))
        if (mutant.noticed !== undefined) noticed.push(mutant.name);
      expect(noticed).toEqual(functions);
    },
  );
});
