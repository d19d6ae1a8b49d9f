import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { isIPv4 as nodeIsIPv4, isIPv6 as nodeIsIPv6, SocketAddress } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { formatIPv4, formatIPv6, inetAton, isIPv4, isIPv6, parseIPv4, parseIPv6 } from '../src/ip.ts';
import { hex } from './hex.ts';
import { addressBytes, addressText, seeded } from './many.ts';

/** Strings, and addresses: as many as the promise names. */
const COUNT = 1_000_000;
const CHUNK = 100_000;
const RECORD = 25;
const LINE = 46;

const folder = mkdtempSync(join(tmpdir(), 'addr-inet-'));
const program = join(folder, 'inet');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Builds the C program, or skips the test. */
function build(ctx: TestContext): void {
  const source = fileURLToPath(new URL('./programs/inet.c', import.meta.url));
  const { error, status, stderr } = spawnSync(
    process.env.CC ?? 'cc',
    ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source],
    { encoding: 'utf8' },
  );
  if (error) ctx.skip(`there is no C compiler: ${error.message}`);
  if (status !== 0) throw new Error(stderr);
  if (spawnSync(program, ['libc']).status !== 0) ctx.skip('the C library is not glibc');
}

function ask(mode: string, input: Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, [mode], { input, maxBuffer: 1 << 28 });
  if (error || status !== 0) throw error ?? new Error(`status ${status}: ${stderr}`);
  return stdout;
}

/** Hex of what is parsed, '' for an error. */
const attempt = (parse: () => Uint8Array): string => {
  try {
    return hex(parse());
  } catch {
    return '';
  }
};

const seed = Math.floor(Math.random() * 2 ** 32);

describe(`a million strings and addresses from seed ${seed}`, () => {
  it('are what C and Node make of them', { timeout: 180_000 }, (ctx) => {
    build(ctx);
    const random = seeded(seed);
    const taken = { four: 0, six: 0, aton: 0, zone: 0 };
    const traces = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      for (let done = 0; done < COUNT; done += CHUNK) {
        const texts = Array.from({ length: CHUNK }, () => addressText(random));
        const answers = ask('pton', Buffer.from(texts.map((text) => `${text}\0`).join('')));
        expect(answers.length).toBe(CHUNK * RECORD);
        texts.forEach((text, i) => {
          const at = i * RECORD;
          const took = answers[at]!;
          const c = (bit: number, from: number, size: number): string =>
            took & bit ? answers.toString('hex', at + from, at + from + size) : '';
          const zoned = text.includes('%');
          // One expectation for all: a million times six of them would take a minute.
          const ours = [
            isIPv4(text) ? hex(parseIPv4(text)) : '',
            isIPv4(text),
            !zoned && isIPv6(text) ? hex(parseIPv6(text).bytes) : '',
            isIPv6(text),
            attempt(() => inetAton(text)),
          ].join();
          const theirs = [
            c(1, 1, 4),
            nodeIsIPv4(text),
            c(2, 5, 16),
            nodeIsIPv6(text),
            // What stands behind white space is the one thing that is refused here and not there.
            /\s/.test(text) ? '' : c(4, 21, 4),
          ].join();
          if (ours !== theirs)
            expect(`${JSON.stringify(text)} ${ours}`).toBe(`${JSON.stringify(text)} ${theirs}`);
          if (took & 1) taken.four++;
          if (took & 2) taken.six++;
          if (took & 4) taken.aton++;
          if (zoned && isIPv6(text)) taken.zone++;
          if (took & 3 && i % 8 === 0) {
            const family = took & 1 ? 'ipv4' : 'ipv6';
            const text2 = family === 'ipv4' ? formatIPv4(parseIPv4(text)) : formatIPv6(parseIPv6(text).bytes);
            expect(text2).toBe(new SocketAddress({ address: text, family }).address);
          }
        });
      }
    } finally {
      Error.stackTraceLimit = traces;
    }
    // A generator that makes next to nothing valid would prove nothing.
    for (const [what, count] of Object.entries(taken)) expect(count, what).toBeGreaterThan(COUNT / 100);
    expect(taken.six + taken.aton).toBeLessThan(COUNT * 0.9);
  });

  it('are written as C writes them', { timeout: 180_000 }, (ctx) => {
    build(ctx);
    const random = seeded(seed);
    for (let done = 0; done < COUNT; done += CHUNK) {
      const bytes = new Uint8Array(16 * CHUNK);
      for (let i = 0; i < CHUNK; i++) bytes.set(addressBytes(random), 16 * i);
      const answers = ask('ntop', bytes).toString('latin1');
      expect(answers.length).toBe(CHUNK * 2 * LINE);
      for (let i = 0; i < CHUNK; i++) {
        const ours =
          formatIPv4(bytes, 16 * i).padEnd(LINE, '\0') + formatIPv6(bytes, 16 * i).padEnd(LINE, '\0');
        const theirs = answers.slice(2 * LINE * i, 2 * LINE * (i + 1));
        if (ours !== theirs) expect(ours).toBe(theirs);
      }
    }
  });
});
