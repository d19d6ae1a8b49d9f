/**
 * The README's table of options, made of what the options say of themselves: `npx tsx packages/core/scripts/options-table.ts`
 * writes it, and a test holds the README to it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as options from '@sockeye/core/options';

const README = fileURLToPath(new URL('../README.md', import.meta.url));
const BEGIN = '<!-- made by scripts/options-table.ts -->\n';
const END = '\n<!-- end of the table -->';

/** Whether an export is an option. */
function isOption(value: unknown): value is options.OptionInfo {
  return typeof value === 'object' && value !== null && 'constant' in value && 'levels' in value;
}

/** The options by name. */
export function allOptions(): [name: string, option: options.OptionInfo][] {
  return Object.entries(options).flatMap(([name, value]): [string, options.OptionInfo][] =>
    isOption(value) ? [[name, value]] : [],
  );
}

/** `get` and `set`, as far as it has them. */
function ways(option: options.OptionInfo): string {
  return ['get', 'set'].filter((way) => way in option).join(', ');
}

/** The table as Markdown, by level and in the order of C's names. */
export function optionsTable(): string {
  const rows = allOptions()
    .map(([name, option]) => ({ name, option, level: option.levels.join(', ') }))
    .sort(
      (a, b) =>
        compare(a.level, b.level) || compare(a.option.constant, b.option.constant) || compare(a.name, b.name),
    )
    .map(({ name, option, level }) =>
      [
        `\`${name}\``,
        `\`${option.constant}\``,
        level,
        ways(option),
        option.type,
        option.unit ?? '',
        option.since ?? '',
        option.capability ?? '',
        option.page,
      ].join(' | '),
    );
  return [
    '| ours | C name | level | | type | unit | since | to set | described in |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Where the table stands in the README. */
export function place(readme: string): { from: number; to: number } {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < 0) throw new Error('the README has no place for the table of options');
  return { from: from + BEGIN.length, to };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const readme = readFileSync(README, 'utf8');
  const { from, to } = place(readme);
  writeFileSync(README, readme.slice(0, from) + optionsTable() + readme.slice(to));
}
