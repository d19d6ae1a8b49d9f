/** What is there, or why not. */
export interface Finding {
  facility: string;
  there: boolean;
  /** How it was shown: 'a message of 5 bytes went there and back'. Empty when it is not there. */
  how: string;
  /** Why it is not there. */
  why?: string;
  /** What would make it so. */
  mend?: string;
}

/** What a facility's trial stands on. */
export interface Bed {
  /** Whether it has a network namespace of its own, in which it may make what it wants. */
  own: boolean;
}

/** Something that a machine may have. */
export interface Facility {
  name: string;
  /**
   * Where it is tried: `namespace`, in a network namespace that ends with the trial, since it makes interfaces or has
   * ports; or `machine`, for what a namespace has not (devices, families that know only the first namespace).
   */
  place: 'namespace' | 'machine';
  /** Whether it is about interfaces that a spec must have made: then a spec gets a namespace with them. */
  links?: boolean;
  /** Kernel modules that make it so. */
  modules?: readonly string[];
  /** The first of the rig's kernels that has it, when that is not the first. */
  kernel?: '6.12';
  /** Debian packages that make it so. */
  packages?: readonly string[];
  /** Milliseconds that it may take where that is more than others may. */
  deadline?: number;
  /** Tries it, and says how it was shown; throws when it is not there. */
  attempt(bed: Bed): string | Promise<string>;
}

/** Thrown by a trial that knows why, and what mends it. */
export class Missing extends Error {
  readonly mend: string | undefined;

  constructor(why: string, mend?: string) {
    super(why);
    this.name = 'Missing';
    this.mend = mend;
  }
}

/** Findings that are not there, those with the same reason together. */
export function reasons(
  findings: readonly Finding[],
): { names: string; why: string; mend: string | undefined }[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.there) continue;
    const key = JSON.stringify([finding.why, finding.mend]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].map((group) => ({
    names: group.map(({ facility }) => facility).join(', '),
    why: group[0]?.why ?? '',
    mend: group[0]?.mend,
  }));
}
