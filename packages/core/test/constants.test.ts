import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, errnos, platform } from '@sockeye/core';
import { describe, expect, it } from 'vitest';

const HEADERS = `
  errno.h netdb.h netinet/in.h netinet/tcp.h netinet/udp.h sys/ioctl.h sys/socket.h net/ethernet.h net/if.h
  net/if_arp.h poll.h sys/epoll.h linux/can.h linux/can/raw.h linux/can/bcm.h linux/can/isotp.h linux/can/j1939.h linux/if_packet.h
  linux/if_alg.h linux/if_xdp.h linux/netlink.h linux/sockios.h linux/tipc.h linux/vm_sockets.h linux/tls.h
  linux/net_tstamp.h linux/errqueue.h linux/sctp.h linux/mptcp.h`;

/** Asks the C compiler for the value of every name that its headers have, macros and enumerators alike. */
function fromHeaders(names: string[]): Map<string, number> | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'sockeye-constants-'));
  const source = (asked: string[]): string =>
    [
      '#define _GNU_SOURCE',
      '#include <stdio.h>',
      ...HEADERS.trim()
        .split(/\s+/)
        .map((header) => `#include <${header}>`),
      'int main(void) {',
      ...asked.map((name) => `printf("${name} %lld\\n", (long long)(${name}));`),
      'return 0; }',
    ].join('\n');
  const compile = (asked: string[]): string => {
    writeFileSync(join(folder, 'names.c'), source(asked));
    const args = ['-w', '-fmax-errors=0', '-o', join(folder, 'names'), join(folder, 'names.c')];
    const { error, stderr } = spawnSync('cc', args, {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    if (error !== undefined) throw error;
    return stderr;
  };
  try {
    // The first run's errors quote the lines whose names these headers lack.
    const unknown = new Set([...compile(names).matchAll(/printf\("(\w+)/g)].map(([, name]) => name));
    const complaints = compile(names.filter((name) => !unknown.has(name)));
    if (complaints !== '') throw new Error(complaints);
    const lines = execFileSync(join(folder, 'names'), { encoding: 'utf8' }).trim().split('\n');
    return new Map(lines.map((line) => [line.split(' ')[0] as string, Number(line.split(' ')[1])]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('constants', () => {
  const all: Record<string, number> = { ...constants, ...errnos };

  it('are what the C headers say', (context) => {
    const found = fromHeaders(Object.keys(all));
    if (found === undefined) return context.skip('there is no C compiler named cc');
    expect(found.size).toBeGreaterThan(700);
    const wrong = [...found].filter(([name, value]) => (all[name] as number) >>> 0 !== value >>> 0);
    expect(wrong.map(([name, value]) => `${name}: ${all[name]}, in C ${value}`)).toEqual([]);
  });

  it('are what Python’s socket module says', (context) => {
    const program =
      'import json, socket; print(json.dumps({n: int(v) for n, v in vars(socket).items() if n.isupper() and isinstance(v, int)}))';
    let python: Record<string, number>;
    try {
      python = JSON.parse(execFileSync('python3', ['-c', program], { encoding: 'utf8' }));
    } catch (error) {
      return context.skip(`python3 does not run: ${(error as Error).message.split('\n')[0]}`);
    }
    // CPython's own names, for its own purposes.
    const own = new Set(['EBADF', 'EAGAIN', 'EWOULDBLOCK']);
    const shared = Object.entries(python).filter(([name]) => name in all && !own.has(name));
    expect(shared.length).toBeGreaterThan(300);
    for (const [name, value] of shared)
      expect([name, (all[name] as number) >>> 0]).toEqual([name, value >>> 0]);
  });

  it('their TypeScript names are those of the binary', () => {
    const source = readFileSync(new URL('../ts/constant-names.ts', import.meta.url), 'utf8');
    const names = [...source.matchAll(/'(\w+)'/g)].map(([, name]) => name);
    expect(names.sort()).toEqual([...Object.keys(constants), ...Object.keys(errnos)].sort());
  });

  it('the platform is the one that this runs on', () => {
    expect(platform).toBe(process.platform);
  });

  it('the native methods are those that TypeScript declares', () => {
    const require = createRequire(import.meta.url);
    const binary = require(`@sockeye/core-${process.platform}-${process.arch}-gnu`) as object;
    const source = readFileSync(new URL('../ts/binding.ts', import.meta.url), 'utf8');
    const declared = /export interface Native \{(.*?)\n\}/s.exec(source)?.[1] ?? '';
    const names = [...declared.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name);
    expect(Object.keys(binary).sort()).toEqual(names.sort());
  });
});
