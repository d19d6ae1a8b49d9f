import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

/** More is better (operations a second) or less is (time, bytes). */
export type Better = 'more' | 'less';

/** What one row of the table is judged by. */
export interface RowSpec {
  readonly name: string;
  /** The contender whose figure this row shows: `ours` or `ours-<variant>`. */
  readonly ours: string;
  readonly what: string;
  /** peer → the ratio that this row is to reach at least. */
  readonly aim: Readonly<Record<string, number>>;
  /** The figure which ours is to stay under (better: less) or above (better: more). */
  readonly limit: number | undefined;
}

/** A folder under cases/. */
export interface Case {
  readonly name: string;
  readonly folder: string;
  readonly unit: string;
  readonly better: Better;
  /** How many units one operation counts for: bytes, where the unit is MB/s. */
  readonly perOperation: number;
  /** Milliseconds of a turn, where the usual slice is too short. */
  readonly slice: number | undefined;
  /** Milliseconds of the turn that does not count, of contenders whose code is compiled while it runs. */
  readonly warm: number | undefined;
  readonly cflags: readonly string[];
  /** peer → why there is none in this case. */
  readonly missing: Readonly<Record<string, string>>;
  /** contender → its file, ours first. */
  readonly contenders: ReadonlyMap<string, string>;
  readonly rows: readonly RowSpec[];
}

/** The command line or a case's description is wrong: the message says what and what is taken. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Json = Record<string, unknown>;

/** case.json, read key by key; what it has that nobody asked for is a mistake. */
class Description {
  readonly #where: string;
  readonly #json: Json;
  readonly #asked = new Set<string>();

  constructor(where: string, json: unknown) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new UsageError(`${where}: an object is expected`);
    }
    this.#where = where;
    this.#json = json as Json;
  }

  optional<T>(key: string, takes: string, is: (value: unknown) => value is T): T | undefined {
    this.#asked.add(key);
    const value = this.#json[key];
    if (value === undefined) return undefined;
    if (!is(value)) {
      throw new UsageError(`${this.#where}: "${key}" takes ${takes}, not ${JSON.stringify(value)}`);
    }
    return value;
  }

  required<T>(key: string, takes: string, is: (value: unknown) => value is T): T {
    const value = this.optional(key, takes, is);
    if (value === undefined) throw new UsageError(`${this.#where}: "${key}" is missing; it takes ${takes}`);
    return value;
  }

  end(): void {
    const strange = Object.keys(this.#json).filter((key) => !this.#asked.has(key));
    if (strange.length > 0) {
      throw new UsageError(
        `${this.#where}: unknown "${strange.join('", "')}"; known: ${[...this.#asked].join(', ')}`,
      );
    }
  }
}

const isString = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isPositive = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;
const isBetter = (value: unknown): value is Better => value === 'more' || value === 'less';
const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every(isString);
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isRecordOf =
  <T>(is: (value: unknown) => value is T) =>
  (value: unknown): value is Record<string, T> =>
    isObject(value) && Object.values(value).every(is);

/** Every case in a folder of cases, by name. */
export function readCases(folder: string): Case[] {
  if (!existsSync(folder)) throw new UsageError(`no folder of cases at ${folder}`);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => readCase(join(folder, name)));
}

function readCase(folder: string): Case {
  const name = basename(folder);
  const file = join(folder, 'case.json');
  const json = new Description(file, parse(file));
  const what = json.required('what', 'a sentence', isString);
  const aim = json.optional('aim', '{ peer: ratio }', isRecordOf(isPositive)) ?? {};
  const limit = json.optional('limit', 'a number above 0', isPositive);
  const variants = json.optional('variants', '{ name: { what, aim, limit } }', isRecordOf(isObject)) ?? {};
  const contenders = findContenders(folder);
  const rows: RowSpec[] = [{ name, ours: 'ours', what, aim, limit }];
  for (const [key, value] of Object.entries(variants)) {
    const variant = new Description(`${file}, variant "${key}"`, value);
    rows.push({
      name: `${name}-${key}`,
      ours: `ours-${key}`,
      what: variant.required('what', 'a sentence', isString),
      aim: variant.optional('aim', '{ peer: ratio }', isRecordOf(isPositive)) ?? {},
      limit: variant.optional('limit', 'a number above 0', isPositive),
    });
    variant.end();
  }
  const read: Case = {
    name,
    folder,
    unit: json.required('unit', 'a unit, such as "op/s"', isString),
    better: json.required('better', '"more" or "less"', isBetter),
    perOperation: json.optional('perOperation', 'a number above 0', isPositive) ?? 1,
    slice: json.optional('slice', 'milliseconds', isPositive),
    warm: json.optional('warm', 'milliseconds', isPositive),
    cflags: json.optional('cflags', 'a list of flags for the C compiler', isStrings) ?? [],
    missing: json.optional('missing', '{ peer: reason }', isRecordOf(isString)) ?? {},
    contenders,
    rows,
  };
  json.end();
  const ours = [...contenders.keys()].filter(isOurs).sort();
  const wanted = rows.map((row) => row.ours).sort();
  if (ours.join() !== wanted.join()) {
    throw new UsageError(
      `${file}: its rows are for ${wanted.join(', ')}; the folder has ${ours.join(', ') || 'none'}`,
    );
  }
  const peers = new Set([...contenders.keys(), ...Object.keys(read.missing)]);
  const aimless = rows.flatMap((row) => Object.keys(row.aim)).find((peer) => !peers.has(peer));
  if (aimless !== undefined) throw new UsageError(`${file}: an aim for "${aimless}", which is no peer here`);
  return read;
}

/** Is this contender one of ours (the rest are peers)? */
export function isOurs(contender: string): boolean {
  return contender === 'ours' || contender.startsWith('ours-');
}

function findContenders(folder: string): Map<string, string> {
  const files = readdirSync(folder).filter((file) => ['.mjs', '.c', '.py'].includes(extname(file)));
  const named = files.map((file): [string, string] => [
    file.slice(0, -extname(file).length),
    join(folder, file),
  ]);
  const rank = ([name]: [string, string]): string => (isOurs(name) ? `0${name}` : `1${name}`);
  return new Map(named.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)));
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UsageError(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/**
 * The cases with the rows that `--only` names: the row of exactly that name, else every row whose name contains it. Without names,
 * all.
 */
export function select(cases: readonly Case[], only: readonly string[]): Case[] {
  if (only.length === 0) return [...cases];
  const all = cases.flatMap((one) => one.rows.map((row) => row.name));
  const wanted = new Set<string>();
  for (const name of only) {
    const found = all.includes(name) ? [name] : all.filter((row) => row.includes(name));
    if (name === '' || found.length === 0) {
      throw new UsageError(`--only ${JSON.stringify(name)}: no such case; there are ${all.join(', ')}`);
    }
    for (const row of found) wanted.add(row);
  }
  return cases
    .map((one) => ({ ...one, rows: one.rows.filter((row) => wanted.has(row.name)) }))
    .filter((one) => one.rows.length > 0);
}
