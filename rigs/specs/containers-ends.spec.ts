import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, type TestContext } from 'vitest';
import { Engine, groups, sweep } from '../containers/engine.ts';
import { command } from '../containers/index.ts';
import { needed, orSkip } from '../need/index.ts';
import { tool } from '../netns/ip.ts';
import { mark, marked, soon } from './leftovers.ts';

/** Goes on where this very machine can have containers. */
async function here(context: TestContext): Promise<void> {
  await using place = await needed(context, ['containers']);
  if (place.where !== 'host') context.skip(`containers are in ${place.where}, ${place.why}`);
}

/** What an engine may leave in a machine: bridges, mounts, files of its own and of containerd's. */
const traces = (): string[] => [
  tool('ip', '-br', 'link', 'show', 'type', 'bridge'),
  ...readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => /docker|containerd/.test(line)),
  ...['docker', 'containerd'].flatMap((name) =>
    existsSync(`/run/${name}`) ? tool('find', `/run/${name}`).split('\n') : [],
  ),
];

/** Processes in control groups of this name. */
const grouped = (name: string): string =>
  groups(name)
    .map((folder) => tool('find', folder, '-name', 'cgroup.procs', '-exec', 'cat', '{}', '+'))
    .join('');

describe('an engine', { timeout: 120_000 }, () => {
  it('is seen by nobody, and leaves nothing', async (context) => {
    await here(context);
    const before = traces();
    const engine = await Engine.start();
    try {
      await engine.json('POST', '/networks/create', { Name: 'one', Driver: 'bridge', Internal: true });
      expect(traces()).toEqual(before);
    } finally {
      await engine.stop();
    }
    await engine.stop();
    expect(existsSync(engine.folder)).toBe(false);
    expect(groups(basename(engine.folder))).toEqual([]);
    expect(traces()).toEqual(before);
    await expect(engine.json('GET', '/version')).rejects.toMatchObject({ code: 'ERR_CONTAINER_ENGINE' });
  });

  it('that is killed says so to who asks, and can be stopped', async (context) => {
    await here(context);
    const engine = await Engine.start();
    process.kill(engine.pid ?? 0, 'SIGKILL');
    expect(await soon(() => !existsSync(`/proc/${engine.pid}`))).toBe(true);
    await expect(engine.json('GET', '/version')).rejects.toThrow(/^GET \/version: /);
    await engine.stop();
    expect(existsSync(engine.folder)).toBe(false);
  });

  it('ends with its containers when the program that has them is killed; the next one removes the rest', async (context) => {
    await here(context);
    const value = mark();
    const [program = '', ...args] = await orSkip(context, () =>
      command({ install: false, runs: [], hold: true }),
    );
    const child = spawn(program, args, {
      env: { ...process.env, SPEC_MARK: value },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    try {
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      const { holds } = JSON.parse(line) as { holds: string };
      const name = basename(holds);
      expect(grouped(name)).toMatch(/\d/);
      // The program, dockerd, containerd, a shim for each container.
      expect(marked(value).length).toBeGreaterThan(4);
      child.kill('SIGKILL');
      await ended;
      expect(await soon(() => marked(value).length === 0 && grouped(name) === '')).toBe(true);
      expect(existsSync(holds)).toBe(true);
      sweep();
      expect([existsSync(holds), groups(name)]).toEqual([false, []]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is left alone by the sweep while its owner lives', async (context) => {
    await here(context);
    await using engine = await Engine.start();
    sweep();
    expect(await engine.json('GET', '/version')).toMatchObject({ Os: 'linux' });
  });
});
