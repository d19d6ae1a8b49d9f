/** `npm run rig -- doctor`: what this machine and the rig's virtual machines have. */
import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { provision } from '../provision/index.ts';
import { type KernelName, Vm } from '../vm/index.ts';
import { facilities } from './facilities/index.ts';
import { reasons } from './finding.ts';
import { type Finding, probe } from './index.ts';
import { probeIn } from './places.ts';

export type PlaceName = 'host' | 'vm 6.1' | 'vm 6.12';

export const PLACES: readonly PlaceName[] = ['host', 'vm 6.1', 'vm 6.12'];

/** One place's answer. */
export interface Diagnosis {
  place: PlaceName;
  /** As `uname -r` has it; empty when it did not come up. */
  kernel: string;
  /** Seconds from the question to the answer, the boot included. */
  seconds: number;
  findings: Finding[];
  /** Why the place could not be asked. */
  error?: string;
}

export interface DoctorOptions {
  /** Prints the diagnoses as JSON instead of a table. */
  json?: boolean;
  /** All unless given. */
  places?: readonly PlaceName[];
  /** Kernel modules that the virtual machines boot without. */
  without?: readonly string[];
}

/** Packages whose programs the probe uses, here and in the machines, which have this machine's tree. */
const PACKAGES = ['iproute2', 'util-linux', 'python3-minimal', 'bluez-test-tools'];

async function ask(
  place: PlaceName,
  without: readonly string[],
): Promise<Omit<Diagnosis, 'place' | 'seconds'>> {
  if (place === 'host')
    return { kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(), findings: await probe() };
  const kernel = place.slice('vm '.length) as KernelName;
  await using vm = await Vm.boot({ kernel, can: { controllers: true }, modules: { without } });
  return { kernel: vm.kernel, findings: await probeIn(vm) };
}

/** Asks places one after the other; one that cannot be asked says why in its `error`. */
export async function diagnose({ places = PLACES, without = [] }: DoctorOptions = {}): Promise<Diagnosis[]> {
  for (const place of places) {
    if (PLACES.includes(place)) continue;
    const words = `places takes ${PLACES.map((name) => `'${name}'`).join(', ')}, got '${place}'`;
    throw Object.assign(new TypeError(words), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  const diagnoses: Diagnosis[] = [];
  for (const place of places) {
    const start = performance.now();
    const seconds = (): number => Math.round((performance.now() - start) / 100) / 10;
    try {
      const answer = await ask(place, without);
      diagnoses.push({ place, seconds: seconds(), ...answer });
    } catch (error) {
      diagnoses.push({
        place,
        kernel: '',
        seconds: seconds(),
        findings: [],
        error: (error as Error).message,
      });
    }
  }
  return diagnoses;
}

/** The table, and below it why something is not there and what mends it. */
export function render(diagnoses: readonly Diagnosis[]): string {
  const head = ['facility', ...diagnoses.map(({ place }) => place.replace('vm', 'VM'))];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const { name } of facilities) {
    const cells = diagnoses.map(({ error, findings }) => {
      const finding = findings.find(({ facility }) => facility === name);
      return error !== undefined ? '?' : finding?.there ? 'yes' : 'no';
    });
    table.push([name, ...cells]);
  }
  const lines = [
    table.toString(),
    'yes: shown in this run, where a message can be by one exchanged; --json says how',
  ];
  for (const { place, kernel, seconds, error, findings } of diagnoses) {
    lines.push(
      '',
      `${place.replace('vm', 'VM')}: ${error === undefined ? `kernel ${kernel}, ${seconds} s` : `not asked: ${error}`}`,
    );
    for (const { names, why, mend } of reasons(findings)) {
      lines.push(`  no ${names}: ${why}`);
      if (mend !== undefined) lines.push(`    mend: ${mend}`);
    }
  }
  return lines.join('\n');
}

/** Prints what the places have. Gives the exit status: 1 when one could not be asked. */
export async function doctor(options: DoctorOptions = {}): Promise<number> {
  try {
    await provision(PACKAGES, 'the probe');
  } catch (error) {
    // The rows that miss them say so.
    console.error((error as Error).message);
  }
  const diagnoses = await diagnose(options);
  console.log(options.json === true ? JSON.stringify(diagnoses, null, 2) : render(diagnoses));
  return diagnoses.some(({ error }) => error !== undefined) ? 1 : 0;
}
