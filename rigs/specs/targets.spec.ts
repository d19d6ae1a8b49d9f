import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MissingPackages } from '../provision/index.ts';
import { type Checked, checkTarget, TARGETS, type Target } from '../targets/index.ts';

/** The first check of a target builds a standard library. */
const LONG = 600_000;

async function checked(
  context: { skip(reason: string): void },
  target: Target,
  change?: (folder: string) => void,
): Promise<Checked> {
  try {
    return await checkTarget(target, change);
  } catch (error) {
    if (error instanceof MissingPackages && process.env.CI !== 'true') context.skip(error.message);
    throw error;
  }
}

// At the same time: most of a check is a standard library, which the compiler makes in one thread.
describe.concurrent('the native part has the right types', () => {
  for (const target of Object.keys(TARGETS) as Target[]) {
    it(
      `for ${target}`,
      async (context) => {
        const { said, right } = await checked(context, target);
        context.expect({ said, right }).toEqual({ said: '', right: true });
      },
      LONG,
    );
  }
});

describe('the check is red', () => {
  /** Changes a file of `sys` in a copy of the checkout. */
  const changing =
    (file: string, change: (text: string) => string) =>
    (folder: string): void => {
      const path = join(folder, 'packages/core/src/sys', file);
      const before = readFileSync(path, 'utf8');
      const after = change(before);
      expect(after, 'the change finds its place').not.toBe(before);
      writeFileSync(path, after);
    };

  const cases: [string, Target, ReturnType<typeof changing>, string][] = [
    [
      'where an operating system lacks a function of the list',
      'aarch64-apple-darwin',
      changing('darwin/mod.rs', (text) => text.replace('pub fn splice(', 'pub fn spliced(')),
      'no `splice` in `sys::darwin`',
    ],
    [
      'where one has a function that the list has not',
      'x86_64-pc-windows-gnu',
      changing('windows/mod.rs', (text) => `${text}\npub fn transmit_file() {}\n`),
      'function `transmit_file` is never used',
    ],
    [
      'where a type is wrong',
      'aarch64-apple-darwin',
      changing('darwin/mod.rs', (text) => text.replace('PLATFORM: &str', 'PLATFORM: &[u8]')),
      'mismatched types',
    ],
  ];
  for (const [what, target, change, words] of cases) {
    it(
      what,
      async (context) => {
        const { said, right } = await checked(context, target, change);
        expect(right).toBe(false);
        expect(said).toContain(words);
      },
      LONG,
    );
  }
});
