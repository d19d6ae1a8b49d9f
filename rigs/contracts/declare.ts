/** The contracts of one kernel as tests of vitest, and the least number of them that must have run. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { orSkip, Unavailable } from '../need/index.ts';
import { attempt, engine, inapplicable, PROMISED, titled } from './contract.ts';
import { CONTRACTS } from './contracts.ts';
import { helper } from './helper.ts';
import { LEAST } from './least.ts';
import { EVERY_MEDIUM } from './media/every.ts';
import type { KernelKey, Medium } from './medium.ts';
import { warm } from './warm.ts';
import { endSky } from './weather/sky.ts';

/** Milliseconds for what a medium makes ready: on an emulated processor modules take seconds to load. */
const HOOK_DEADLINE = 60_000;

/** Whether vitest was asked for some of the tests only, by name. */
const filtered = (context: { task: { suite?: { tasks: readonly { mode: string }[] } } }): boolean =>
  context.task.suite?.tasks.some(({ mode }) => mode === 'skip') ?? false;

function declareMedium(medium: Medium, kernel: KernelKey): void {
  const executed = new Map<string, number>();
  // What the medium stands on and is not to be had.
  let lacking: Unavailable | undefined;
  const there = async (): Promise<void> => {
    if (lacking !== undefined) throw lacking;
  };
  describe(titled(medium), () => {
    beforeAll(async () => {
      try {
        await medium.setUp?.();
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        lacking = error;
      }
    }, HOOK_DEADLINE);
    afterAll(async () => {
      await medium.tearDown?.();
    }, HOOK_DEADLINE);
    for (const contract of CONTRACTS) {
      if (inapplicable(contract, medium) !== undefined) continue;
      it(`${contract.promise}: ${contract.name}`, async (context) => {
        await orSkip(context, there);
        await attempt(contract, medium);
        executed.set(contract.promise, (executed.get(contract.promise) ?? 0) + 1);
      });
    }
    // The last one, so all have run by now.
    it('ran no fewer contracts than were ever due', async (context) => {
      if (filtered(context)) context.skip('only some of the tests were asked for');
      await orSkip(context, there);
      const due = LEAST[medium.kernels.includes(kernel) ? kernel : 'host']?.[medium.name];
      if (due === undefined)
        throw new Error(`${medium.name} is not in least.json: npm run rig -- contracts --update`);
      const missing = PROMISED.filter((promise) => (executed.get(promise) ?? 0) < (due[promise] ?? 0));
      const words = missing.map((promise) => `${promise}: ${executed.get(promise) ?? 0} of ${due[promise]}`);
      if (words.length > 0) throw new Error(words.join(', '));
    });
  });
}

/** Whether all that is due on the host's kernel is asked of this one too: npm run rig -- suite. */
const whole = (): boolean => process.env.SOCKEYE_WHOLE !== undefined;

/** Declares all that is due on a kernel. */
export function declareContracts(kernel: KernelKey): void {
  describe(`contracts on ${kernel}, ${engine()} engine`, () => {
    beforeAll(warm);
    afterAll(helper.close);
    afterAll(endSky);
    const media = EVERY_MEDIUM.filter(
      ({ kernels }) => kernels.includes(kernel) || (whole() && kernels.includes('host')),
    );
    for (const medium of media) declareMedium(medium, kernel);
    it('has every medium of the table', () => {
      const gone = Object.keys(LEAST[kernel] ?? {}).filter(
        (name) => !media.some((medium) => medium.name === name),
      );
      if (gone.length > 0) throw new Error(`no such media any more: ${gone.join('; ')}`);
    });
  });
}
