/**
 * The contracts over core broken on purpose, as a program: `node --import tsx rigs/contracts/mutate.ts [netem]`. Prints, as JSON,
 * which contracts were broken under each mutant, and under none of them: those that every kernel can be put through, or those
 * of tc-netem(8), for which it runs in the rig's machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contract } from './contract.ts';
import type { Medium } from './medium.ts';
import { active, MUTANTS, mutateClass } from './mutants.ts';

// Only now, so that core takes what the mutants have wrapped.
const { Socket } = await import('@sockeye/core');
const { attempt, inapplicable } = await import('./contract.ts');
const { CONTRACTS } = await import('./contracts.ts');
const { patience } = await import('./forms.ts');
const { EVERY_MEDIUM } = await import('./media/every.ts');
const { warm } = await import('./warm.ts');
const { endSky } = await import('./weather/sky.ts');

/** A kind each; on them all promises can be broken. */
const NAMES = [
  'inet stream',
  'unix stream, socketpair',
  'unix dgram, path',
  'inet multicast',
  'packet dgram, over a link',
  'unix stream, socketpair, two processes',
];

/** Of the weather that netem makes these two. */
const NETEM = ['inet stream, over a link', 'inet dgram, over a link'];

const netem = process.argv[2] === 'netem';

/** What was seen broken. */
export interface Seen {
  medium: string;
  promise: string;
  words: string;
}

/** Milliseconds after which a contract of broken core hangs; core itself has the time that it has in the suites. */
const HANGS = 400;
/** And one of the weather, which makes links and processes. */
const STORM_HANGS = 10_000;

async function broken(contract: Contract, medium: Medium): Promise<Seen[]> {
  if (inapplicable(contract, medium) !== undefined) return [];
  const timer = new AbortController();
  const storm = contract.weather !== undefined;
  if (active.name !== '') patience.ms = storm ? STORM_HANGS / 4 : HANGS / 3;
  const end = active.name === '' ? 2 * patience.ms : storm ? STORM_HANGS : HANGS;
  const hangs = sleep(end, 'it hangs', { signal: timer.signal }).catch(() => undefined);
  const words = await Promise.race([attempt(contract, medium).catch((error: Error) => error.message), hangs]);
  timer.abort();
  return words === undefined ? [] : [{ medium: medium.name, promise: contract.promise, words }];
}

// What a broken contract leaves behind is nobody's business.
process.on('unhandledRejection', () => {});
await warm();
mutateClass(Socket.prototype);
const { ms } = patience;
const media = EVERY_MEDIUM.filter(({ name, kernels }) =>
  netem ? NETEM.includes(name) && kernels.includes('6.1') : NAMES.includes(name) && kernels.includes('host'),
);
const contracts = CONTRACTS.filter(({ weather }) => !netem || weather?.includes('netem'));
const mutants = MUTANTS.map(({ name, breaks, netem: storms = [] }) => ({
  name,
  breaks: netem ? storms : breaks,
}));
for (const medium of media) await medium.setUp?.();
// That unbroken core keeps all of them the suites show; here, what the mutants are to break.
const kept = new Set(
  netem ? mutants.flatMap(({ breaks }) => breaks) : contracts.map(({ promise }) => promise),
);
const seen: Record<string, Seen[]> = {};
for (const { name, breaks } of [{ name: '', breaks: undefined }, ...mutants]) {
  active.name = name;
  patience.ms = ms;
  const found: Seen[] = [];
  for (const promise of breaks ?? kept) {
    for (const medium of media) {
      for (const contract of contracts) {
        if (contract.promise !== promise) continue;
        found.push(...(await broken(contract, medium)));
        // Of a mutant one is enough for each medium.
        if (
          breaks !== undefined &&
          found.some((one) => one.promise === promise && one.medium === medium.name)
        )
          break;
      }
    }
  }
  seen[name] = found;
}
active.name = '';
for (const medium of media) await medium.tearDown?.();
await endSky();
process.stdout.write(JSON.stringify(seen));
process.exit();
