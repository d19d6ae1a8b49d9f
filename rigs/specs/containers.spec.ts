import { describe, expect, it } from 'vitest';
import { type Ran, runContainers } from '../containers/index.ts';
import { DUET_MEDIA, duetsOf } from '../containers/inside/duet.ts';
import { PROMISES } from '../contracts/contract.ts';
import { LEAST } from '../contracts/least.ts';
import { count } from '../contracts/tally.ts';
import { Unavailable } from '../need/index.ts';
import { MissingPackages } from '../provision/index.ts';
import type { InnerTest } from '../vm/suite.ts';

const outcome = await runContainers().catch((error: Error) => error);
const ENGINES = ['uv', 'thread'];

/** Nothing ran: what cannot be had here is skipped with the reason, and anything else is a failure. */
function refuse(error: Error): void {
  it('contracts between two containers', (context) => {
    const absent = error instanceof Unavailable || error instanceof MissingPackages;
    // In CI the rig is to be there.
    if (absent && !process.env.CI) context.skip(error.message);
    throw error;
  });
}

const passed = (tests: readonly InnerTest[], group: RegExp): string[] =>
  tests
    .filter(({ state, names }) => state === 'passed' && group.test(names[0] ?? ''))
    .map(({ names }) => names.slice(1).join(': '));

function show({ where, tests, errors, times }: Ran): void {
  const spent = Object.entries(times).map(([step, ms]) => `${step} ${(ms / 1000).toFixed(1)} s`);
  console.log(`containers on ${where}: ${spent.join(', ')}; ${tests.length} tests`);

  it('nothing failed outside of tests', () => {
    if (errors.length > 0) throw new Error(errors.join('\n\n'));
  });

  it.each(ENGINES)('no fewer contracts ran than were ever due, %s engine', (engine) => {
    const tally = count(tests).containers?.[engine] ?? {};
    for (const [medium, due] of Object.entries(LEAST.containers ?? {}))
      for (const promise of PROMISES)
        expect(tally[medium]?.[promise] ?? 0, `${medium}: ${promise}`).toBeGreaterThanOrEqual(
          due[promise] ?? 0,
        );
  });

  it.each(ENGINES)('every duet was played, led by the %s engine', (engine) => {
    const due = DUET_MEDIA.flatMap((medium) =>
      duetsOf(medium).map(({ promise, name }) => `${medium.name}: ${promise}: ${name}`),
    );
    expect(passed(tests, new RegExp(`^two processes, the one with the ${engine} engine`))).toEqual(due);
    // What there was at first: they may only become more.
    expect(due.length).toBeGreaterThanOrEqual(111);
  });

  it.each(ENGINES)('raw was tried across the link, %s engine', (engine) => {
    const ran = passed(tests, new RegExp(`^raw in a container, ${engine} engine`));
    const topics = new Set(ran.map((name) => name.replace(/:.*/, '')));
    expect([...topics]).toEqual([
      'PacketRing',
      'TransmitRing',
      'capture',
      'ping',
      'traceroute',
      'pathMtu',
      'RawSocket',
      'arpScan',
    ]);
    expect(ran.length).toBeGreaterThanOrEqual(22);
  });

  for (const { names, state, note } of tests) {
    it(names.join(' > '), () => {
      if (state !== 'passed') throw new Error(note);
    });
  }
}

describe('between two containers', () => {
  if (outcome instanceof Error) refuse(outcome);
  else show(outcome);
});
