import { type Better, isOurs, type RowSpec } from './cases.ts';
import type { Measured } from './measure.ts';
import { median, spread } from './statistics.ts';

/** A row of the report: the shape of `--json`. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** The median over the rounds; null where ours could not run (`missing` says why). */
  readonly ours: number | null;
  readonly peers: Readonly<Record<string, number>>;
  readonly better: Better;
  /** peer → the median over the rounds of ours ÷ peer, or peer ÷ ours where less is better: above 1 is always better. */
  readonly ratio: Readonly<Record<string, number>>;
  readonly aim: Readonly<Record<string, number>>;
  readonly limit?: number;
  /** Where it ran: host, vm, … */
  readonly place: string;
  /** contender → why it has no figure. */
  readonly missing: Readonly<Record<string, string>>;
  /** The largest of the contenders' spreads: the distance between the quartiles, as a part of the median. */
  readonly spread: number;
  /** Only on a noisy row: why it is one. */
  readonly noisy?: readonly string[];
}

/** A row is noisy above these: spread as a part of the median, other processes' use in cores. */
const noisyAbove = { spread: 0.1, others: 0.15 } as const;

/** The rows of a measured case. */
export function rowsOf(measured: Measured, place: string): Row[] {
  return measured.case.rows.map((spec) => rowOf(measured, spec, place));
}

function rowOf(measured: Measured, spec: RowSpec, place: string): Row {
  const { unit, better } = measured.case;
  const ours = measured.figures.get(spec.ours);
  const peers = [...measured.figures].filter(([name]) => !isOurs(name));
  const contending: (readonly [string, readonly number[]])[] = ours ? [['ours', ours], ...peers] : peers;
  const spreads = contending.map(([name, figures]) => [name, spread(figures)] as const);
  const missing = Object.entries(measured.missing).filter(([name]) => !isOurs(name) || name === spec.ours);
  const noisy = noise(measured, spreads);
  return {
    name: spec.name,
    unit,
    ours: ours ? median(ours) : null,
    peers: Object.fromEntries(peers.map(([name, figures]) => [name, median(figures)])),
    better,
    ratio: ours
      ? Object.fromEntries(peers.map(([name, figures]) => [name, pairs(ours, figures, better)]))
      : {},
    aim: spec.aim,
    ...(spec.limit === undefined ? {} : { limit: spec.limit }),
    place,
    missing: Object.fromEntries(missing.map(([name, reason]) => [isOurs(name) ? 'ours' : name, reason])),
    spread: Math.max(0, ...spreads.map(([, value]) => value)),
    ...(noisy.length === 0 ? {} : { noisy }),
  };
}

/** Figures of the same round are compared, so that what slows a whole round cancels out. */
function pairs(ours: readonly number[], peer: readonly number[], better: Better): number {
  const ratios = ours.map((figure, round) => {
    const other = peer[round] ?? Number.NaN;
    return better === 'more' ? figure / other : other / figure;
  });
  return median(ratios);
}

function noise(measured: Measured, spreads: readonly (readonly [string, number])[]): string[] {
  const noisy = spreads
    .filter(([, value]) => value > noisyAbove.spread)
    .map(([name, value]) => `${name} spread ${percent(value)}`);
  const { others } = measured;
  if (others !== undefined && others.cores > noisyAbove.others) {
    noisy.push(`other processes used ${others.cores.toFixed(2)} cores, most of it ${others.most}`);
  }
  return noisy;
}

export const percent = (part: number): string => `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`;

/** The aims and the limit that a row does not meet, in words. */
export function unmet(row: Row): string[] {
  const words: string[] = [];
  for (const [peer, aim] of Object.entries(row.aim)) {
    const ratio = row.ratio[peer];
    if (ratio !== undefined && ratio < aim) words.push(`${ratio.toFixed(2)} of ${peer} (aim ${aim})`);
  }
  const { limit, ours, better, unit } = row;
  if (limit !== undefined && ours !== null && (better === 'less' ? ours > limit : ours < limit)) {
    words.push(`${ours.toPrecision(3)} ${unit} (limit ${limit})`);
  }
  return words;
}
