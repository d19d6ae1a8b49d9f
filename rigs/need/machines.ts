/** Virtual machines that several specs of one process use: booted once for all who hold it, closed after the last. */
import type { Finding } from '../probe/index.ts';
import { probeIn } from '../probe/places.ts';
import { type KernelName, Vm } from '../vm/index.ts';

interface Shared {
  vm: Promise<Vm>;
  known: Map<string, Finding>;
  holders: number;
}

const shared = new Map<string, Shared>();

export interface Held {
  vm: Vm;
  /** What it has of these, tried once. */
  probe(names: readonly string[]): Promise<Finding[]>;
  /** Gives it up; twice is once. */
  release(): Promise<void>;
}

/** Findings of these names: those that are known, and of the rest what `ask` says. */
export async function recall(
  known: Map<string, Finding>,
  names: readonly string[],
  ask: (names: readonly string[]) => Promise<Finding[]>,
): Promise<Finding[]> {
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) for (const finding of await ask(unknown)) known.set(finding.facility, finding);
  return names.flatMap((name) => known.get(name) ?? []);
}

/** A machine with this kernel, and with the emulated CAN controllers or without. Rejects as {@link Vm.boot} does. */
export async function hold(kernel: KernelName, controllers: boolean): Promise<Held> {
  const key = `${kernel} ${controllers}`;
  let entry = shared.get(key);
  if (entry === undefined) {
    entry = { vm: Vm.boot({ kernel, can: { controllers } }), known: new Map(), holders: 0 };
    shared.set(key, entry);
  }
  const mine = entry;
  mine.holders++;
  let held = true;
  const release = async (): Promise<void> => {
    if (!held) return;
    held = false;
    mine.holders--;
    if (mine.holders > 0) return;
    if (shared.get(key) === mine) shared.delete(key);
    await (await mine.vm).close();
  };
  try {
    const vm = await mine.vm;
    return { vm, release, probe: (names) => recall(mine.known, names, (rest) => probeIn(vm, rest)) };
  } catch (error) {
    held = false;
    if (shared.get(key) === mine) shared.delete(key);
    throw error;
  }
}
