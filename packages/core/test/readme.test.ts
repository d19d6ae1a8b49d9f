import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Socket } from '@sockeye/core';
import typescript from 'typescript';
import { describe, expect, it } from 'vitest';

const { ModuleKind, ScriptTarget, transpileModule } = typescript;
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** What the example below a heading says when it runs, over what is built. */
function said(heading: string): string {
  const section = readme.slice(readme.indexOf(`\n## ${heading}\n`));
  const [, example = ''] = /```ts\n(.*?)```/s.exec(section) ?? [];
  const { module, target } = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
  const { outputText } = transpileModule(example, {
    compilerOptions: { module, target, verbatimModuleSyntax: true },
  });
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  return execFileSync(process.execPath, ['--input-type=module', '-e', outputText], { cwd, encoding: 'utf8' });
}

describe('the README', () => {
  it('its examples say what they should', () => {
    expect(said('Watching')).toMatch(
      /^read 17\n0 17 \[ \[ \d+, 'connected', 0 \], \[ \d+, 'connected', 17 \] \]\n$/,
    );
    expect(said('Many at once')).toBe('ready true\n');
    expect(said('Testing')).toBe('ERR_SOCKET_TIMEOUT\n');
  });

  it('its table of calls and forms is what the class has', () => {
    const [, table = ''] = /## Three forms of a call(.*?)\n- /s.exec(readme) ?? [];
    const named = [...table.matchAll(/`(?:Socket\.)?(\w+)`/g)].map(([, name]) => name as string);
    const own = new Set(['constructor', 'forget']);
    const members = new Set<string>();
    for (let at: object = Socket.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) if (!own.has(name)) members.add(name);
    }
    const statics = Object.getOwnPropertyNames(Socket).filter(
      (name) => !['length', 'name', 'prototype'].includes(name),
    );
    expect([...named].sort()).toEqual([...members, ...statics].sort());
  });

  it('a try form exists wherever no Buffer is made, and nowhere else', () => {
    const rows = [...readme.matchAll(/^\| [^|]+ \| `(\w+)` \| `(\w+)Sync` \| (?:`try(\w+)` )?\|$/gm)];
    expect(rows.length).toBeGreaterThanOrEqual(14);
    for (const [, promise, sync, attempt] of rows) {
      expect(sync).toBe(promise);
      const buffer = ['recv', 'recvFrom', 'recvMsg', 'sendAll'].includes(promise as string);
      expect(attempt?.toLowerCase()).toBe(buffer ? undefined : promise?.toLowerCase());
    }
  });
});
