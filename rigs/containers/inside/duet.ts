/** A contract in two parts, each played in a container of its own by a process of its own. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Contract, inapplicable, type Promised, Stage } from '../../contracts/contract.ts';
import { patience } from '../../contracts/forms.ts';
import { MEDIA } from '../../contracts/media/index.ts';
import type { End, Medium } from '../../contracts/medium.ts';
import type { Description, Line } from './line.ts';
import { MEETS, type Meeting } from './meet.ts';
import { DUETS } from './promises.ts';

/** One part: its end, and the line to the other part. */
export type Play = (stage: Stage, end: End, line: Line) => Promise<void>;

export interface Duet extends Pick<Contract, 'needs' | 'only'> {
  readonly promise: Promised;
  readonly name: string;
  /** Media that it is about; all unless given. */
  readonly about?: (medium: Medium) => boolean;
  readonly leads: Play;
  readonly follows: Play;
}

/** The duets that there are for a medium. */
export const duetsOf = (medium: Medium): Duet[] =>
  DUETS.filter(
    ({ about, ...duet }) =>
      inapplicable({ ...duet, run: async () => {} }, medium) === undefined && (about?.(medium) ?? true),
  );

/** Media that two processes meet on. */
export const DUET_MEDIA: readonly Medium[] = MEDIA.filter(({ name }) => MEETS[name] !== undefined);

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Plays a part; afterwards as many descriptors are open as before. */
async function play(duet: Duet, medium: Medium, meeting: Meeting): Promise<void> {
  const stage = new Stage(medium);
  const before = descriptors();
  try {
    const meet = MEETS[medium.name];
    if (meet === undefined) throw new Error(`nobody meets on ${medium.name}`);
    const end = await meet(stage.keep, meeting);
    const { line, part } = meeting;
    await line.tell('met');
    await line.hear('met');
    await duet[part](stage, end, line);
    await line.tell('done');
    await line.hear('done');
  } finally {
    stage.close();
  }
  const until = performance.now() + patience.ms;
  while (descriptors() > before && performance.now() < until) await sleep(1);
  const left = descriptors() - before;
  if (left > 0) throw new Error(`${left} descriptors were left open`);
}

/** Plays the first part, with an agent that plays the second. Rejects with what either failed by. */
export async function lead(
  line: Line,
  duet: Duet,
  medium: Medium,
  mine: Description,
  theirs: Description,
): Promise<void> {
  await line.ask({ ask: 'duet', medium: medium.name, name: duet.name });
  await line.tell('side', mine);
  await play(duet, medium, { line, part: 'leads', mine, theirs });
  await line.hear('clean');
}

/** Plays the second part. */
export async function follow(line: Line, name: string, called: string, mine: Description): Promise<void> {
  const medium = DUET_MEDIA.find((one) => one.name === name);
  const duet = DUETS.find((one) => one.name === called);
  if (medium === undefined || duet === undefined) throw new Error(`no duet '${called}' on ${name}`);
  const theirs = (await line.hear('side')) as Description;
  await play(duet, medium, { line, part: 'follows', mine, theirs });
  await line.tell('clean');
}
