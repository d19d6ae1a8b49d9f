/** A link of one's own for cases about packets: see link.h. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { missing } from './turns.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Compiles the program that makes the link and sends, unless that was done. */
function generator() {
  const hash = createHash('sha256');
  for (const name of ['generator.c', 'link.h', 'turns.h']) hash.update(readFileSync(at(name)));
  const program = at(`../../../.cache/bench/generator-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(at('../../../.cache/bench'), { recursive: true });
  const fresh = `${program}.${process.pid}`;
  execFileSync(process.env.CC ?? 'cc', [
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    at('generator.c'),
    '-o',
    fresh,
  ]);
  renameSync(fresh, program);
  return program;
}

/** Packets of a burst: LINK_BURST of link.h. */
export const BURST = 32_000;

/**
 * Starts the one that sends: `netns` has the interfaces `rx` and `tx`; it sends from `tx` on between `go` and `stop`, and as many as
 * `BURST` says by `burst`.
 */
export async function link() {
  const child = spawn(generator(), { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = await new Promise((resolve) =>
    child.stdout.once('data', (text) => resolve(String(text).trim())),
  );
  if (said !== 'ready') missing(said.replace(/^missing /, ''));
  child.unref();
  return {
    netns: { pid: child.pid },
    commands: child.stdin,
    go: () => child.stdin.write('g'),
    stop: () => child.stdin.write('s'),
    burst: () => child.stdin.write('b'),
  };
}
