import { describe, it } from 'vitest';
import { prepare } from '../containers/index.ts';
import { makeKit } from '../containers/kit.ts';
import { type KernelName, MissingPackages } from '../provision/index.ts';
import { type InnerTest, runInside, type Suite } from '../vm/suite.ts';
import { transform } from '../vm/transforms.ts';
import { insideSpecs } from '../vm/whole.ts';

/** A machine, and what runs in it. */
interface Machine {
  name: string;
  kernel: KernelName;
  /** Of vitest.config.ts, or `!` and one that is left out; all unless given. */
  project?: string;
  files: string[];
}

const testsOf = (name: string, topics: readonly string[]): string[] =>
  topics.map((topic) => `packages/${name}/test/${topic}.test.ts`);

/** What is tried on the CAN of both kernels. */
const can = testsOf('can', ['vcan', 'bcm', 'isotp-vcan', 'j1939', 'j1939-network']);
/** Options of sockets that only these kernels have. */
const options = testsOf('core', ['option', 'option-live']);

/** Of the machine's own specs this goes where there is time left for it. */
const MUTANTS = 'rigs/specs/inside/netem-mutants.spec.ts';

/** Rings, whose blocks, tags and times are the kernel's. */
const RINGS = 'rigs/specs/ring.spec.ts';

/** The same kernel more than once, so that all end at about the same time: the longest comes first. */
const machines: Machine[] = [
  {
    name: '6.1',
    kernel: '6.1',
    project: 'rigs',
    files: insideSpecs('6.1').filter((file) => file !== MUTANTS),
  },
  {
    name: '6.1, thread engine',
    kernel: '6.1',
    project: 'rigs-thread',
    files: ['contracts', 'controllers', 'can-fd', 'bluetooth'].map(
      (name) => `rigs/specs/inside/${name}.spec.ts`,
    ),
  },
  // CAN, TIPC and BPF once more: these have changed between the two.
  {
    name: '6.12',
    kernel: '6.12',
    files: [
      ...insideSpecs('6.12'),
      'rigs/specs/inside/can.spec.ts',
      'rigs/specs/inside/families.spec.ts',
      'rigs/specs/inside/options.spec.ts',
      ...can,
      ...options,
      RINGS,
      'rigs/specs/raw-capture.spec.ts',
    ],
  },
  // The packages' own tests that need the machine's families or a CAN bus.
  {
    name: '6.1, the packages',
    kernel: '6.1',
    files: [
      ...can,
      ...testsOf('can', ['bcm-kernel', 'j1939-readme', 'nmea2000', 'link', 'peers']),
      ...testsOf('netlink', ['rtnetlink', 'can-gateway']),
      ...options,
      ...testsOf('core', ['option-tcp', 'cmsg-live']),
      ...testsOf('compat-python', ['families', 'examples-families', 'sequences-families']),
      MUTANTS,
      RINGS,
      'rigs/specs/ring-ends.spec.ts',
    ],
  },
];

/** The tests of a file, each under its own name, with what they said inside. */
function declare(tests: readonly InnerTest[]): void {
  for (const { names, state, note } of tests) {
    it(names.join(' > '), (context) => {
      if (state === 'skipped') context.skip(note);
      if (state === 'failed') throw new Error(note);
    });
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

// What the containers inside are made of is made here, where it takes no minutes. Where it may not be installed their spec says so.
await Promise.all([makeKit(), prepare().catch(() => {}), transform(machines.flatMap(({ files }) => files))]);

// Side by side: much of what is promised there is that a call waits, which takes time and no processor.
const outcomes = await Promise.all(
  machines.map(({ kernel, files, project }) =>
    runInside(kernel, files, { canFd: kernel === '6.1', ...(project !== undefined && { project }) }).catch(
      (error: Error) => error,
    ),
  ),
);

for (const [index, { name, files }] of machines.entries()) {
  const outcome = outcomes[index] as Suite | Error;
  describe(`inside Linux ${name}`, () => {
    if (outcome instanceof Error) refuse(outcome, files);
    else show(outcome, files);
  });
}

/** Nothing ran: for want of packages all is skipped, by name of its file; anything else is a failure. */
function refuse(error: Error, files: readonly string[]): void {
  for (const file of files) {
    it(file, (context) => {
      // In CI the rig is to be there.
      if (error instanceof MissingPackages && !process.env.CI) context.skip(error.message);
      throw error;
    });
  }
}

function show({ kernel, accel, bootMs, totalMs, tests, errors }: Suite, files: readonly string[]): void {
  console.log(
    `${kernel} (${accel}): first command after ${seconds(bootMs)}, ${tests.length} tests in ${seconds(totalMs)}`,
  );
  const spent = files.map((file) => ({
    file,
    ms: tests.filter((test) => test.file === file).reduce((sum, { ms }) => sum + ms, 0),
  }));
  for (const { file, ms } of spent.toSorted((a, b) => b.ms - a.ms).slice(0, 5))
    console.log(`  ${seconds(ms)} ${file}`);
  it('every file ran, and nothing failed outside of tests', () => {
    if (errors.length > 0) throw new Error(errors.join('\n\n'));
  });
  for (const file of files) describe(file, () => declare(tests.filter((test) => test.file === file)));
}
