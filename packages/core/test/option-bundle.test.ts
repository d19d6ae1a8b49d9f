/** A bundle has the options that a program names, and no others. */
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../ts/options/index.ts', import.meta.url));

/** What an application gets that says `code`, as "sideEffects": false of package.json has it. */
async function bundle(code: string): Promise<string> {
  const entry = '\0entry.js';
  const build = await rolldown({
    input: 'entry',
    logLevel: 'silent',
    external: /^node:/,
    treeshake: { moduleSideEffects: false },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? entry : null),
        load: (id) => (id === entry ? code : null),
      },
    ],
  });
  try {
    const { output } = await build.generate({ format: 'es' });
    return output[0].code;
  } finally {
    await build.close();
  }
}
const using = (names: string): Promise<string> =>
  bundle(`import { ${names} } from ${JSON.stringify(source)};\nconsole.log(${names});`);
const constants = (code: string): string[] =>
  [
    ...new Set([
      ...code.matchAll(/"((?:SO|IP|IPV6|TCP|UDP|SCTP|TIPC|TLS|MPTCP|PACKET|MCAST|SOF)_[A-Z0-9_]+)"/g),
    ]),
  ]
    .map(([, name]) => name as string)
    .toSorted();

describe('a bundle', () => {
  it('of one option has that one', async () => {
    const code = await using('receiveBuffer');
    expect(constants(code)).toEqual(['SO_RCVBUF']);
    expect(code).not.toMatch(/node:(net|dgram)/);
  });

  it('of options of several families has those', async () => {
    const code = await using('tcpNoDelay, linger, ipv6Only');
    expect(constants(code)).toEqual(['IPV6_V6ONLY', 'SO_LINGER', 'TCP_NODELAY']);
  });

  it('of TCP_INFO has no SCTP, and of all has all', async () => {
    const [one, all] = await Promise.all([
      using('tcpInfo'),
      bundle(`export * from ${JSON.stringify(source)};`),
    ]);
    expect(constants(one)).toEqual(['TCP_INFO']);
    expect(one.length).toBeLessThan(all.length / 2);
    expect(constants(all).length).toBeGreaterThan(190);
  });
});
