/** npm run rig -- platforms: asks the three kernels what they have and do, and writes it down. */
import { readFileSync, writeFileSync } from 'node:fs';
import { runSpecs } from '../contracts/run.ts';
import { README, withTable } from '../contracts/tally.ts';
import { diagnose } from '../probe/doctor.ts';
import { PATH, PLATFORMS, type Platforms, table } from './table.ts';

const SPECS = {
  host: 'rigs/specs/platforms.spec.ts',
  '6.1': 'rigs/specs/inside/platforms.spec.ts',
  '6.12': 'rigs/specs/inside/6.12/platforms.spec.ts',
} as const;

/**
 * Prints the table of what was seen; with `update` it is written to platforms.json and to the page.
 *
 * @returns an exit status: 1 when a kernel could not be asked, or does otherwise than is written down and is not updated
 */
export async function run(update: boolean): Promise<number> {
  const platforms: Platforms = {};
  for (const key of Object.keys(SPECS) as (keyof typeof SPECS)[]) {
    const [diagnosis] = await diagnose({ places: [key === 'host' ? key : `vm ${key}`] });
    if (diagnosis === undefined || diagnosis.error !== undefined)
      throw new Error(`${key}: ${diagnosis?.error}`);
    const { tests, errors } = await runSpecs(key, SPECS[key], { SOCKEYE_RECORD: '1' });
    for (const words of errors) console.error(words);
    const said = tests.flatMap(({ names, said: words }) =>
      words === undefined ? [] : [[names.at(-1), words]],
    );
    platforms[key] = {
      kernel: diagnosis.kernel,
      facilities: Object.fromEntries(diagnosis.findings.map(({ facility, there }) => [facility, there])),
      behaviours: Object.fromEntries(said),
    };
  }
  const text = table(platforms);
  console.log(text);
  if (update) {
    writeFileSync(PATH, `${JSON.stringify(platforms, undefined, 2)}\n`);
    writeFileSync(README, withTable(readFileSync(README, 'utf8'), text, 'platforms'));
    return 0;
  }
  return text === table(PLATFORMS) ? 0 : 1;
}
