import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as netlink from '../src/index.ts';
import { whyNoNetlink } from './namespace.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

it("runs the README's example", async (context) => {
  const reason = whyNoNetlink();
  if (reason !== undefined) context.skip(reason);
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = code.replace(/^import (\{[^}]*\}) from '@sockeye\/netlink';$/m, 'const $1 = netlink;');
  expect(body).not.toMatch(/^import /m);
  const lines: string[] = [];
  const console = { log: (...words: unknown[]) => lines.push(words.join(' ')) };
  await new AsyncFunction('netlink', 'console', body)(netlink, console);
  expect(lines).toEqual([...code.matchAll(/^\/\/ (.*)$/gm)].map(([, line]) => line));
});
