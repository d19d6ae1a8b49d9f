/** How many contracts were executed, from a run's results: what least.json and the table are made of. */
import type { InnerTest } from '../vm/results-reporter.ts';
import { inapplicable, PROMISED, PROMISES, type Promised, WEATHERS } from './contract.ts';
import { CONTRACTS } from './contracts.ts';
import type { Cells, Least } from './least.ts';
import { EVERY_MEDIUM } from './media/every.ts';
import type { KernelKey, Medium } from './medium.ts';

/** By kernel, engine and medium. */
export type Tally = Partial<Record<KernelKey, Record<string, Record<string, Cells>>>>;

/** What stands under a name, made if nothing does. */
function at<T extends object>(all: { [name: string]: T | undefined }, name: string): T {
  const found = all[name] ?? ({} as T);
  all[name] = found;
  return found;
}

/** Adds the tests that passed: their groups are `contracts on <kernel>, <engine> engine` and `<medium>, <engine> engine`. */
export function count(tests: readonly InnerTest[], into: Tally = {}): Tally {
  for (const { names, state } of tests) {
    const [group = '', medium = '', test = ''] = names;
    const [, kernel, engine] = /^contracts on (\S+), (\w+) engine$/.exec(group) ?? [];
    const promise = PROMISED.find((promise) => test.startsWith(`${promise}: `));
    if (kernel === undefined || engine === undefined || promise === undefined || state !== 'passed') continue;
    const engines = at<Record<string, Record<string, Cells>>>(into, kernel);
    const cells = at<Cells>(at<Record<string, Cells>>(engines, engine), medium.replace(/, \w+ engine$/, ''));
    cells[promise] = (cells[promise] ?? 0) + 1;
  }
  return into;
}

/** What was due before, and what both engines have done now where that is more. */
export function grown(least: Least, tally: Tally): Least {
  const result: Least = structuredClone(least);
  for (const [kernel, engines] of Object.entries(tally) as [
    KernelKey,
    Record<string, Record<string, Cells>>,
  ][]) {
    const rows = at<Record<string, Cells>>(result, kernel);
    const runs = Object.values(engines);
    for (const medium of new Set(runs.flatMap((run) => Object.keys(run)))) {
      const row = at<Cells>(rows, medium);
      for (const promise of PROMISED) {
        const done = Math.min(...runs.map((run) => run[medium]?.[promise] ?? 0));
        if (done > (row[promise] ?? 0)) row[promise] = done;
      }
    }
  }
  return result;
}

/** Why a medium has no contract of a promise. */
function reason(medium: Medium, promise: Promised): string {
  const all = CONTRACTS.filter((contract) => contract.promise === promise);
  // That a stream has no messages says less than what a medium cannot do, where there is both.
  const able = all.map(({ only, ...rest }) => inapplicable(rest, medium));
  const reasons = able.every((words) => words !== undefined)
    ? able
    : all.map((one) => inapplicable(one, medium));
  return reasons.every((words) => words !== undefined) ? [...new Set(reasons)].join('; ') : '';
}

/**
 * The table medium × promise of least.json, in Markdown: how many contracts libuv's engine keeps at least, and how many the thread's. A letter stands for
 * the reason why there is none; the reasons are listed below.
 *
 * @throws Error for a cell that is empty without a reason
 */
export function table(least: Least): string {
  const reasons: string[] = [];
  const mark = (medium: Medium, promise: Promised): string => {
    const words = reason(medium, promise);
    if (words === '')
      throw new Error(`${medium.name}: ${promise} did not run: npm run rig -- contracts --update`);
    if (!reasons.includes(words)) reasons.push(words);
    return letter(reasons.indexOf(words));
  };
  const lines: string[] = [];
  const rows = (media: readonly Medium[], promises: readonly Promised[]): void => {
    lines.push(
      `| medium | kernel | ${promises.join(' | ')} |`,
      `| --- | --- |${' --- |'.repeat(promises.length)}`,
    );
    for (const medium of media) {
      for (const kernel of medium.kernels) {
        const row = least[kernel]?.[medium.name] ?? {};
        const cells = promises.map((promise) => {
          const ran = row[promise];
          return ran === undefined ? mark(medium, promise) : `${ran}+${ran}`;
        });
        lines.push(`| ${medium.name} | ${kernel} | ${cells.join(' | ')} |`);
      }
    }
  };
  rows(
    EVERY_MEDIUM.filter(({ sky }) => sky === undefined),
    PROMISES,
  );
  lines.push(
    '',
    'In bad weather, over a link between two hosts, or with another process at the far end:',
    '',
  );
  rows(
    EVERY_MEDIUM.filter(({ sky }) => sky !== undefined),
    WEATHERS,
  );
  return [...lines, '', ...reasons.map((words, n) => `- ${letter(n)}: ${words}`)].join('\n');
}

/** The page that shows the table. */
export const README: URL = new URL('../README.md', import.meta.url);

/** A page with this table between the marks of its name. */
export function withTable(page: string, text: string, name = 'contracts'): string {
  const [begin, end] = [`<!-- table of ${name} -->\n`, `\n<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to === -1) throw new Error('the page has no marks for the table');
  return `${page.slice(0, from)}${begin}\n${text}\n${page.slice(to)}`;
}

const letter = (n: number): string =>
  (n < 26 ? '' : letter(Math.floor(n / 26) - 1)) + String.fromCharCode(97 + (n % 26));
