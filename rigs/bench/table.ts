import Table from 'cli-table3';
import type { Machine } from './machine.ts';
import { percent, type Row, unmet } from './rows.ts';

/** The report for people. */
export function render(machine: Machine, rows: readonly Row[]): string {
  const peers = [...new Set(rows.flatMap((row) => [...Object.keys(row.peers), ...Object.keys(row.missing)]))]
    .filter((name) => name !== 'ours')
    .sort();
  const table = new Table({
    head: ['case', 'unit', 'ours', ...peers, 'spread', 'aims'],
    colAligns: ['left', 'left', 'right', ...peers.map(() => 'right' as const), 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push([
      row.name,
      row.better === 'less' ? `${row.unit}, less is better` : row.unit,
      row.ours === null ? '-' : figure(row.ours),
      ...peers.map((peer) => peerCell(row, peer)),
      `${percent(row.spread)}${row.noisy ? ' ~' : ''}`,
      aims(row),
    ]);
  }
  return [
    ...machineLines(machine),
    table.toString(),
    'A peer’s figure is followed by the ratio: × above 1 means that ours is better. ~ marks a noisy row.',
    ...notes(rows),
    ...(machine.quick ? ['Quick: few, short rounds; good for a look, not for a figure to keep.'] : []),
  ].join('\n');
}

function peerCell(row: Row, peer: string): string {
  const value = row.peers[peer];
  if (value === undefined) return peer in row.missing ? '-' : '';
  const ratio = row.ratio[peer];
  return ratio === undefined ? figure(value) : `${figure(value)}  ${ratio.toFixed(2)}×`;
}

function aims(row: Row): string {
  const { ours, limit, unit } = row;
  if (ours === null) return '';
  const judged = Object.entries(row.aim).flatMap(([peer, aim]) =>
    peer in row.ratio ? [`${aim} of ${peer}`] : [],
  );
  if (limit !== undefined) judged.push(`${limit} ${unit}`);
  if (judged.length === 0) return '';
  const missed = unmet(row);
  return missed.length === 0 ? `met: ${judged.join(', ')}` : `NOT MET: ${missed.join('\n')}`;
}

/** What the table has no room for, once for all the rows that it is true of. */
function notes(rows: readonly Row[]): string[] {
  const said = new Map<string, string[]>();
  for (const row of rows) {
    const lines = [
      ...Object.entries(row.missing).map(([peer, reason]) => `no ${peer}: ${reason}`),
      ...(row.noisy ?? []).map((reason) => `noisy: ${reason}`),
    ];
    for (const line of lines) said.set(line, [...(said.get(line) ?? []), row.name]);
  }
  return [...said].map(([line, names]) => `${names.join(', ')}: ${line}`);
}

function machineLines(machine: Machine): string[] {
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, ${machine.arch}`,
    Object.values({ ...machine.versions, node: `Node ${machine.versions.node}` }).join(', '),
    `${machine.rounds} rounds, turns of ${machine.slice} ms or as the case says, medians; load average ${machine.load} at the start`,
    ...machine.noisy.map((reason) => `NOISY: ${reason}`),
  ];
}

/** Three or four digits that matter, thousands apart. */
function figure(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
