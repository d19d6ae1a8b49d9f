/** The probe where it is asked for: here, or in one of the rig's virtual machines. */
import { join } from 'node:path';
import type { Vm } from '../vm/index.ts';
import { makeBundle } from './bundle.ts';
import type { Finding } from './finding.ts';

/** Milliseconds for the whole probe in a machine without KVM. */
const DEADLINE = 180_000;

/** What a virtual machine has. Throws when the probe does not run there. */
export async function probeIn(vm: Vm, only: readonly string[] = []): Promise<Finding[]> {
  const folder = await makeBundle();
  const command = [process.execPath, join(folder, 'run.mjs'), '--json', ...only];
  const env = { SOCKEYE_PROBE_BUNDLE: folder };
  const { status, stdout, stderr } = await vm.run(command, { timeout: DEADLINE, env });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (status === 0 && line.startsWith('[')) return JSON.parse(line) as Finding[];
  throw new Error(
    `the probe ended with status ${status} in the virtual machine: ${stderr.trim().slice(-400)}`,
  );
}
