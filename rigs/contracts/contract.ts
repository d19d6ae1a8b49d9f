/** A promise of core's, and how it is put to the test on any medium that can do what it takes. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from '@sockeye/core';
import { patience } from './forms.ts';
import type { Abilities, End, Medium, Pair } from './medium.ts';
import type { Link } from './weather/sky.ts';
import type { Weathers } from './weather/weather.ts';

/** The promises, in the order of the table. */
export const PROMISES = [
  'order',
  'boundaries',
  'truncation',
  'half-close',
  'end',
  'reset',
  'back-pressure',
  'timeouts',
  'abort',
  'close-while-waiting',
  'ancillary data',
  'batches',
  'descriptors',
  'fairness',
  'forms',
  'members',
] as const;

/** The weathers, in the order of theirs. */
export const WEATHERS = [
  'loss',
  'delay',
  'reordering',
  'duplication',
  'link down',
  'interface removed',
  'full queue',
  'peer stopped',
  'peer killed',
] as const;
export type Promised = (typeof PROMISES)[number] | (typeof WEATHERS)[number];

/** All that a contract can be about. */
export const PROMISED: readonly Promised[] = [...PROMISES, ...WEATHERS];

export interface Contract {
  readonly promise: Promised;
  /** What holds, as the end of a sentence that the medium begins. */
  readonly name: string;
  /** What a medium must be able to do. */
  readonly needs?: readonly (keyof Abilities)[];
  /** The kinds of media that it is about; all unless given. */
  readonly only?: 'stream' | 'messages';
  /** It is of the weather, and this is what the medium is put through. */
  readonly weather?: readonly (keyof Weathers)[];
  run(stage: Stage): Promise<void>;
}

/** Where one contract is tried: a medium, and the sockets that are made on it. */
export class Stage {
  readonly medium: Medium;
  readonly #sockets = new Set<Socket>();

  constructor(medium: Medium) {
    this.medium = medium;
  }

  readonly keep = (socket: Socket): Socket => {
    this.#sockets.add(socket);
    return socket;
  };

  pair(): Promise<Pair> {
    return this.medium.makePair(this.keep);
  }

  members(count: number): Promise<End[]> {
    const { makeMembers, name } = this.medium;
    if (makeMembers === undefined) throw new Error(`${name} has no members`);
    return makeMembers(this.keep, count);
  }

  /** What the medium is over, where bad weather can be made. */
  async link(): Promise<Link> {
    const link = await this.medium.sky?.link();
    if (link === undefined) throw new Error(`${this.medium.name} has no link`);
    return link;
  }

  /** Message number `n`; of about 32 bytes unless given. */
  message(n: number, size = 32): Buffer {
    return this.medium.message(n, size);
  }

  /** Bytes of room for a message of `size` bytes with what the kernel puts in front of it. */
  room(size: number): number {
    return this.medium.header + size;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }
}

/** Why a contract is not about a medium; undefined where it is. */
export function inapplicable({ needs = [], only, weather }: Contract, medium: Medium): string | undefined {
  if (medium.sky !== undefined && weather === undefined) return 'it is for the weather';
  if (weather !== undefined && medium.sky === undefined) return 'there is no weather';
  for (const need of weather ?? []) {
    const ability = medium.sky?.can[need];
    if (typeof ability === 'string') return ability;
  }
  if (only === 'stream' && medium.kind !== 'stream') return 'it has messages';
  if (only === 'messages' && medium.kind === 'stream') return 'a stream has no messages';
  for (const need of needs) {
    const ability = medium.can[need];
    if (ability !== true) return ability;
  }
  return undefined;
}

/** Which of core's two engines waits. */
export const engine = (): string => (process.env.SOCKEYE_ENGINE === 'thread' ? 'thread' : 'uv');

/** What results call a medium: `inet6 stream, thread engine`. */
export const titled = (medium: Medium): string => `${medium.name}, ${engine()} engine`;

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/**
 * Runs a contract on a medium, and closes what it made. Afterwards as many descriptors are open as before, whatever the
 * contract is about.
 *
 * @throws Error whose message names the medium, the engine and the promise, with what failed as its cause
 */
export async function attempt(contract: Contract, medium: Medium): Promise<void> {
  const stage = new Stage(medium);
  const before = descriptors();
  try {
    try {
      await contract.run(stage);
    } finally {
      stage.close();
    }
    // What was closed on the event loop is gone a little later.
    const until = performance.now() + patience.ms;
    while (descriptors() > before && performance.now() < until) await sleep(1);
    const left = descriptors() - before;
    if (left > 0) throw new Error(`${left} descriptors were left open`);
  } catch (error) {
    const words = `${titled(medium)}: ${contract.promise}: ${contract.name}: ${(error as Error).message}`;
    throw new Error(words, { cause: error });
  }
}
