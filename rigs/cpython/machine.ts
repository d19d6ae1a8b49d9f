/** The same on a virtual machine's kernel. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelName } from '../provision/index.ts';
import { Vm } from '../vm/index.ts';
import type { Measured } from './measure.ts';
import type { RunOptions, Variant } from './suite.ts';

/** Milliseconds for each variant on an emulated processor. */
const DEADLINE = 1_500_000;

/** Measures in a machine with this kernel. Throws VmError, MissingPackages. */
export async function measureInside(
  kernel: KernelName,
  options: RunOptions,
  variants: readonly Variant[],
): Promise<Measured> {
  await using vm = await Vm.boot({ kernel });
  const results = `${vm.results.guest}/measured.json`;
  const command = ['node', join(options.host, 'inside.mjs'), results, JSON.stringify({ options, variants })];
  const ran = await vm.run(command, {
    timeout: DEADLINE * (1 + variants.length),
    onOutput: (text) => process.stderr.write(text),
  });
  const file = join(vm.results.host, 'measured.json');
  if (ran.status !== 0 || !existsSync(file)) throw new Error(`inside: status ${ran.status}\n${ran.stderr}`);
  return JSON.parse(readFileSync(file, 'utf8')) as Measured;
}
