/** Every call that the comparison lists does here what it does in CPython: results, classes, words, numbers. */
import * as socket from '@sockeye/compat-python';
import { describe, expect, it } from 'vitest';
import * as first from './calls.ts';
import * as messages from './calls-messages.ts';
import * as names from './calls-names.ts';
import { type Call, comparable, type Outcome, ours, theirs } from './differential.ts';
import { needsPython311, thrown } from './support.ts';

/** All lists of calls but the one that needs a privilege. */
const lists = [first, messages, names]
  .flatMap((module) => Object.entries(module as Readonly<Record<string, unknown>>))
  .filter((entry): entry is [string, Call[]] => Array.isArray(entry[1]) && entry[0] !== 'packets');

describe('as CPython does', () => {
  it.for(lists)('%s', ([, list], context) => {
    needsPython311(context);
    const expected = theirs(list);
    const got = list.map((call) => ({ ...call, outcome: comparable(call, ours(call)) }));
    expect(got).toEqual(
      list.map((call, at) => ({ ...call, outcome: comparable(call, expected[at] as Outcome) })),
    );
  });

  it('packets', (context) => {
    needsPython311(context);
    try {
      socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close();
    } catch (error) {
      context.skip(`no packet socket can be made: ${(error as Error).message}`);
    }
    const expected = theirs(first.packets);
    expect(first.packets.map((call) => ({ ...call, outcome: ours(call) }))).toEqual(
      first.packets.map((call, at) => ({ ...call, outcome: expected[at] })),
    );
  });

  it('compares at all: a call that differs is seen', () => {
    expect(ours({ on: 'module', call: 'htons', args: [1] })).not.toEqual({ result: 1 });
    expect(thrown(() => socket.htons(-1)).name).toBe('OverflowError');
  });
});
