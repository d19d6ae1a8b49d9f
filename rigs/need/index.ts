/** The one way for a spec to ask for what it needs: `const place = await needed(context, ['vcan', 'can-isotp'])`. */
import { spawn } from 'node:child_process';
import { ended, type Host, Net, type Ran, type RunOptions } from '../netns/index.ts';
import { inside } from '../probe/explain.ts';
import { named } from '../probe/facilities/index.ts';
import { reasons } from '../probe/finding.ts';
import { type Finding, probe } from '../probe/index.ts';
import { root } from '../provision/index.ts';
import type { KernelName } from '../vm/index.ts';
import { hold, recall } from './machines.ts';
import { Unavailable } from './unavailable.ts';

export { Unavailable } from './unavailable.ts';

/** Where a spec's commands run. Ends with `await using` or {@link close}. */
export interface Place extends AsyncDisposable {
  readonly where: 'host' | 'namespace' | 'vm 6.1' | 'vm 6.12';
  /** Why there, in words. */
  readonly why: string;
  /**
   * The namespace's net, where it is one. Commands run in its host `spec`, which has `vcan0` up when CAN was asked for,
   * and with veth an `eth0` that a host `peer` is at the other end of.
   */
  readonly net?: Net;
  /** Runs a command in the checkout, to its end. */
  run(command: readonly string[], options?: Pick<RunOptions, 'timeout' | 'env' | 'onOutput'>): Promise<Ran>;
  close(): Promise<void>;
}

export interface NeedOptions {
  /** The virtual machine's kernel, should it come to that: the oldest that has everything, unless given. */
  kernel?: KernelName;
}

/** What the host said, once a process. */
const known = new Map<string, Finding>();

const host = (names: readonly string[]): Promise<Finding[]> => recall(known, names, (rest) => probe(rest));

/** What is not there and why; what would mend it only where nothing else does. */
const lack = (findings: readonly Finding[], mends = true): string =>
  reasons(findings)
    .map(({ names, why, mend }) => `${names}: ${why}${!mends || mend === undefined ? '' : ` (${mend})`}`)
    .join('; ');

const told = new Set<string>();

function tell(names: readonly string[], where: string, why: string): void {
  const line = `rig: ${names.join(', ')}: ${where}, ${why}`;
  if (told.has(line)) return;
  told.add(line);
  process.stderr.write(`${line}\n`);
}

function place(
  where: Place['where'],
  why: string,
  run: Place['run'],
  close: () => Promise<void> = async () => {},
  net?: Net,
): Place {
  return { where, why, run, close, [Symbol.asyncDispose]: close, ...(net === undefined ? {} : { net }) };
}

async function namespace(names: readonly string[], why: string): Promise<Place> {
  const net = await Net.create();
  try {
    const spec: Host = net.host('spec');
    if (names.some((name) => name === 'vcan' || name.startsWith('can-')))
      spec.vcan('vcan0', names.some((name) => name.startsWith('can-xl')) ? 2060 : 72);
    if (names.some((name) => ['veth', 'netem'].includes(name))) net.link(spec, net.host('peer'));
    if (names.includes('vxcan')) net.link(spec, net.host('bus'), { kind: 'vxcan' });
    const close = async (): Promise<void> => net.end();
    return place(
      'namespace',
      why,
      (command, options) => spec.run(command, { cwd: root, ...options }),
      close,
      net,
    );
  } catch (error) {
    net.end();
    throw error;
  }
}

function onHost(why: string): Place {
  return place('host', why, (command, options = {}) => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { cwd: root, env: { ...process.env, ...options.env }, stdio: 'pipe' });
    return ended(child, command, { ...options, input: '' });
  });
}

async function machine(
  names: readonly string[],
  kernels: readonly KernelName[],
  lacking: readonly Finding[],
): Promise<Place> {
  const tried = [`host: ${lack(lacking)}`];
  for (const kernel of kernels) {
    const held = await hold(kernel, names.includes('can-controllers')).catch((error: Error) => error);
    if (held instanceof Error) {
      tried.push(`vm ${kernel}: ${held.message}`);
      continue;
    }
    try {
      const findings = await held.probe(names);
      if (findings.every(({ there }) => there)) {
        const why = `since the host has not ${lack(lacking, false)}`;
        return place(`vm ${kernel}`, why, (command, options) => held.vm.run(command, options), held.release);
      }
      tried.push(`vm ${kernel}: ${lack(findings)}`);
    } catch (error) {
      tried.push(`vm ${kernel}: ${(error as Error).message}`);
    }
    await held.release();
  }
  throw new Unavailable(names, tried.join('; '));
}

/**
 * The quickest place that has all of these: the host, a network namespace on it, a virtual machine. Says once on stderr
 * which it took, and why.
 *
 * @param facilities names as the probe has them
 * @throws Unavailable with every place's reason; TypeError (ERR_INVALID_ARG_VALUE) for a name that is no facility
 */
export async function need(facilities: readonly string[], { kernel }: NeedOptions = {}): Promise<Place> {
  const wanted = named(facilities.length > 0 ? facilities : ['unix']);
  const names = wanted.map(({ name }) => name);
  const findings = await host(names);
  let taken: Place;
  if (findings.every(({ there }) => there)) {
    const links = wanted.some((facility) => facility.links === true);
    const own = links && (await host(['netns'])).every(({ there }) => there);
    taken = own ? await namespace(names, 'since the host has all of it') : onHost('since it has all of it');
  } else {
    // A machine in a machine takes minutes.
    if (inside() !== undefined) throw new Unavailable(names, `${inside()}: ${lack(findings)}`);
    const newer = wanted.some((facility) => facility.kernel === '6.12');
    const kernels: KernelName[] = newer ? ['6.12'] : ['6.1', '6.12'];
    taken = await machine(names, kernel === undefined ? kernels : [kernel], findings);
  }
  tell(names, taken.where, taken.why);
  return taken;
}

/** Whether this is CI, where a spec that is skipped for want of a rig is a failure. */
const strict = (): boolean => /^(true|1)$/.test(process.env.CI ?? '');

/**
 * For a test: runs `body`; what is {@link Unavailable} skips the test with its reason, and with CI=true fails it.
 *
 * @param context the test's, of vitest
 */
export async function orSkip<T>(context: { skip(reason: string): void }, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof Unavailable && !strict()) context.skip(error.message);
    throw error;
  }
}

/** As {@link need}, for a test: without the rig it is skipped with the reason, and with CI=true it fails. */
export function needed(
  context: { skip(reason: string): void },
  facilities: readonly string[],
  options?: NeedOptions,
): Promise<Place> {
  return orSkip(context, () => need(facilities, options));
}
