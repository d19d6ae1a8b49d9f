/** README.md's examples, run as they stand but for the port, and for how threads read TypeScript. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as socket from '@sockeye/compat-python';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort, listening, Program } from './support.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);
// Beside the tests, so that the package's own name is found.
const folder = mkdtempSync(fileURLToPath(new URL('./readme-', import.meta.url)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(name: string, code: string, port: number): Program {
  const file = `${folder}/${name}.ts`;
  writeFileSync(file, code.replace('50007', String(port)));
  return new Program(process.execPath, ['--import', 'tsx', file]);
}

describe('README.md', () => {
  it('has a server and a client that talk to each other', async () => {
    expect(blocks).toHaveLength(3);
    const port = await freePort();
    const server = run('server', blocks[0] as string, port);
    try {
      await listening(port, server);
      expect(await run('client', blocks[1] as string, port).end()).toBe('Received Hello, world\n');
      expect(await server.end()).toMatch(/^Connected by \[ '127\.0\.0\.1', \d+ \]\n$/);
    } finally {
      server.kill();
    }
  });

  it('has a server whose handlers have threads', async () => {
    // tsx does not reach into the threads of Node.js 20.
    const wrapper = `import { register } from 'tsx/esm/api';
register();
export const { Handler } = await import('./threads.ts');`;
    writeFileSync(`${folder}/threads.mjs`, wrapper);
    const port = await freePort();
    const code = (blocks[2] as string)
      .replace('import.meta.url', "new URL('threads.mjs', import.meta.url).href")
      .replace('9999', '50007');
    const server = run('threads', code, port);
    try {
      await listening(port, server);
      const clients = [0, 1].map(() => socket.create_connection(['localhost', port]));
      for (const client of clients.toReversed()) {
        client.settimeout(15);
        client.sendall(Buffer.from('hello'));
        expect(client.recv(100).toString()).toMatch(/^thread [1-9]\d*: hello$/);
        client.close();
      }
    } finally {
      server.kill();
    }
  });

  it('counts its constants right', () => {
    const table = JSON.parse(readFileSync(new URL('../parity.json', import.meta.url), 'utf8')) as {
      constants: Record<string, { state: string }>;
    };
    const here = Object.values(table.constants).filter(({ state }) => state === 'here').length;
    const [, old, newer] = /all (\d+) of CPython 3.11 on Linux, (\d+) that came later/.exec(
      readme,
    ) as RegExpExecArray;
    expect(Number(old) + Number(newer)).toBe(here);
  });
});
