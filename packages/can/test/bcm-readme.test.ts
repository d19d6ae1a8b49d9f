import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BroadcastManager, TimerBcm } from '../src/bcm.ts';
import * as can from '../src/index.ts';
import { Wire } from './bcm-peers.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [jobs = '', watches = ''] = [...readme.matchAll(/```js bcm\n([\s\S]*?)```/g)].map(([, code]) => code);

// On a bus of this process, since not every machine has one; bcm.test.ts holds the kernel to the same.
describe("the README's examples of the broadcast manager", () => {
  let peer: Wire;
  let lines: string[];
  let run: (code: string) => Promise<void>;
  let managers: BroadcastManager[];

  beforeEach(() => {
    const nodes = new Set<Wire>();
    const own = new Wire(nodes);
    peer = new Wire(nodes);
    lines = [];
    managers = [];
    const open = (): BroadcastManager => {
      const manager = new TimerBcm(own.bus);
      managers.push(manager);
      return manager;
    };
    run = async (code) => {
      const body = code
        .replace(/^import (\{[^}]*\}) from '@sockeye\/can';$/m, 'const $1 = can;')
        .replace(/^import (\{[^}]*\}) from '@sockeye\/can\/bcm';$/m, 'const $1 = bcm;');
      expect(body).not.toMatch(/^import /m);
      const log = (line: string): void => void lines.push(line);
      await new AsyncFunction('can', 'bcm', 'console', body)(can, { Bcm: { open } }, { log });
    };
  });

  afterEach(() => {
    expect(managers.map(({ closed }) => closed)).toEqual([true]);
  });

  it('send', async () => {
    await run(jobs);
    const seen = peer.now();
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(new Set(seen)).toEqual(new Set(['100#0102']));
  });

  it('watch', async () => {
    const running = run(watches);
    await peer.send('200#0102');
    await peer.send('200#01F2');
    await running;
    expect(lines).toEqual([/console\.log.*\/\/ (\S+)/.exec(watches)?.[1]]);
  });
});
