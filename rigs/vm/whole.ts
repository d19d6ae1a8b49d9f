/** npm run rig -- suite: every test of the packages and every spec of the machines, in one of them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type KernelName, root } from '../provision/index.ts';
import { runInside, type Suite } from './suite.ts';

/** The packages whose own tests run there. */
const PACKAGES = ['addr', 'core', 'capture', 'netlink', 'can', 'raw', 'compat-python'];
/** Milliseconds: without KVM all of it takes the better part of an hour. */
const DEADLINE = 2 * 3_600_000;

/** Files of a folder with this ending, as paths from the root of the checkout. */
function filesOf(folder: string, ending: string): string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(ending));
  return names.toSorted().map((name) => `${folder}/${name}`);
}

/** The specs that run in a machine with this kernel, and nowhere else. */
export function insideSpecs(kernel: KernelName): string[] {
  return filesOf(kernel === '6.1' ? 'rigs/specs/inside' : `rigs/specs/inside/${kernel}`, '.spec.ts');
}

/** All that the suite is on this kernel, of these packages. */
function wholeSuite(kernel: KernelName, packages: readonly string[] = PACKAGES): string[] {
  return [
    ...packages.flatMap((name) => filesOf(`packages/${name}/test`, '.test.ts')),
    ...insideSpecs(kernel),
  ];
}

/** Prints what was skipped, by reason, and what failed. Gives an exit status: 1 when something did. */
function tell({ kernel, accel, totalMs, tests, errors }: Suite): number {
  const skipped = new Map<string, string[]>();
  for (const { state, names, note } of tests)
    if (state === 'skipped') skipped.set(note, [...(skipped.get(note) ?? []), names.join(' > ')]);
  for (const [why, names] of skipped) console.log(`skipped ${names.length}: ${why}\n  ${names.join('\n  ')}`);
  const failed = tests.filter(({ state }) => state === 'failed');
  for (const { file, names, note } of failed)
    console.log(`failed: ${file}: ${names.join(' > ')}\n  ${note.split('\n')[0]}`);
  for (const words of errors) console.log(`failed: ${words}`);
  const passed = tests.filter(({ state }) => state === 'passed').length;
  const counts = `${passed} passed, ${failed.length + errors.length} failed, ${tests.length - passed - failed.length} skipped`;
  console.log(`Linux ${kernel} (${accel}): ${counts}, in ${(totalMs / 60_000).toFixed(1)} minutes`);
  return failed.length + errors.length > 0 ? 1 : 0;
}

/**
 * Runs the whole suite on this kernel, a process for each file, as on the host; core's twice, once over each engine.
 *
 * @param packages whose own tests run; all unless given
 * @returns an exit status: 1 when something failed
 */
export async function suite(kernel: KernelName, packages?: readonly string[]): Promise<number> {
  const strange = packages?.find((name) => !PACKAGES.includes(name));
  if (strange !== undefined)
    throw Object.assign(new TypeError(`packages takes ${PACKAGES.join(', ')}; got '${strange}'`), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  const onOutput = (text: string): void => void process.stderr.write(text);
  return tell(
    await runInside(kernel, wholeSuite(kernel, packages), {
      isolate: true,
      deadline: DEADLINE,
      env: { SOCKEYE_WHOLE: '1' },
      onOutput,
    }),
  );
}
