import { readFileSync } from 'node:fs';
import { Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
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
