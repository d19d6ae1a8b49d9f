import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../provision/index.ts';

export type Accel = 'kvm' | 'tcg';

/** A machine's start under KVM that takes longer, in milliseconds, is taken for one that hangs. */
export const KVM_DEADLINE = 5000;

/** How KVM did when it was last tried, under this kernel. */
interface Verdict {
  host: string;
  kvm: boolean;
  /** When, in milliseconds since 1970. */
  tried: number;
}

/** How long a bad verdict holds, in milliseconds: what made KVM fail may have passed. */
const HOLDS = 7 * 86_400_000;

const file = (): string => join(cacheFolder(), 'kvm.json');

/** What to try first: KVM where its device is there and no machine hung under it before. */
export function firstAccel(): Accel {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return 'tcg';
  }
  try {
    const { host, kvm, tried } = JSON.parse(readFileSync(file(), 'utf8')) as Verdict;
    if (host === release() && !kvm && Date.now() - tried < HOLDS) return 'tcg';
  } catch {
    // Not tried yet.
  }
  return 'kvm';
}

/** Remembers whether a machine started under KVM, for this kernel of the host. */
export function rememberKvm(kvm: boolean): void {
  writeFileSync(file(), JSON.stringify({ host: release(), kvm, tried: Date.now() } satisfies Verdict));
}
