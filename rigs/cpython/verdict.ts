/** What a run says about the facade, measured by what CPython itself does on the same machine. */
import { readFileSync } from 'node:fs';
import type { Outcome, Run, Variant } from './suite.ts';

export interface Failure {
  test: string;
  why: string;
}

/** One line of `--json`. */
export interface Verdict {
  python: string;
  kernel: string;
  variant: Variant;
  passed: number;
  failed: number;
  skipped: number;
  /** How many calls crossed the bridge. */
  calls: number;
  failures: Failure[];
}

/** What cannot pass, with the reason: it is about CPython's own internals. By variant; `blocking` is also for `full`. */
export const EXCEPTIONS: Record<'blocking' | 'full', Record<string, string>> = JSON.parse(
  readFileSync(new URL('exceptions.json', import.meta.url), 'utf8'),
);

/** Functions by their names alone: Lib/socket.py calls a private `_accept`. */
function names(calls: Outcome['calls']): Set<string> {
  return new Set(Object.keys(calls).map((name) => name.replace(/^(\w+\.)?_?/, '')));
}

/**
 * Why a test whose like passed in CPython has failed here; undefined when it has not. In `blocking` each function of `_socket` that
 * CPython's own test calls has to cross; in `full` the facade makes some of those calls itself, so that it takes one.
 */
function wrong(variant: Variant, outcome: Outcome, own: Outcome | undefined): string | undefined {
  if (outcome.how === 'failed') return outcome.why;
  if (outcome.how === 'skipped' && own?.how === 'passed')
    return `skipped, but CPython runs it: ${outcome.why}`;
  if (outcome.how !== 'passed') return undefined;
  const due = [...names(own?.calls ?? {})];
  const crossed = names(outcome.calls);
  const missing = due.filter((name) => !crossed.has(name));
  if (due.length > 0 && crossed.size === 0) return 'no call crossed the bridge, but CPython calls _socket';
  if (variant === 'blocking' && missing.length > 0)
    return `CPython calls ${missing.join(', ')} of _socket, which did not cross the bridge`;
  return undefined;
}

/** The verdict on a run, beside CPython's own on the same kernel. */
export function judge(variant: Variant, run: Run, own: Run): Verdict {
  const failures: Failure[] = [];
  const verdict: Verdict = {
    python: run.python,
    kernel: run.kernel,
    variant,
    passed: 0,
    failed: 0,
    skipped: 0,
    calls: 0,
    failures,
  };
  for (const outcome of Object.values(run.outcomes)) {
    const reference = own.outcomes[outcome.test];
    for (const count of Object.values(outcome.calls)) verdict.calls += count;
    const why = wrong(variant, outcome, reference);
    // What fails in CPython itself says nothing.
    if (why !== undefined && reference?.how !== 'failed') failures.push({ test: outcome.test, why });
    else if (outcome.how === 'passed') verdict.passed += 1;
    else verdict.skipped += 1;
  }
  for (const { test, how } of Object.values(own.outcomes))
    if (how === 'passed' && run.outcomes[test] === undefined) failures.push({ test, why: 'it was not run' });
  verdict.failed = failures.length;
  return verdict;
}

/** Failures that exceptions.json does not name. */
export function unexpected(verdict: Verdict): Failure[] {
  const known = { ...EXCEPTIONS.blocking, ...(verdict.variant === 'full' ? EXCEPTIONS.full : {}) };
  return verdict.failures.filter(({ test }) => known[test] === undefined);
}

/** What to print: each failure, named exceptions with their reason, and the numbers. */
export function summary(verdict: Verdict, verbose: boolean): string {
  const known = { ...EXCEPTIONS.blocking, ...EXCEPTIONS.full };
  const open = unexpected(verdict);
  const lines = verdict.failures.map(({ test, why }) => {
    if (!open.some((failure) => failure.test === test)) return `named  ${test}: ${known[test]}`;
    const words = why.trim().split('\n');
    return `FAILED ${test}\n       ${(verbose ? words : words.slice(-1)).join('\n       ')}`;
  });
  const { python, kernel, variant, passed, failed, skipped, calls } = verdict;
  lines.push(
    `CPython ${python}, Linux ${kernel}, ${variant}: ${passed} passed, ${failed} failed` +
      ` (${failed - open.length} named), ${skipped} skipped, ${calls} calls crossed`,
  );
  return lines.join('\n');
}
