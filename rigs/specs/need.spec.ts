import { afterEach, describe, expect, it, vi } from 'vitest';
import { need, needed, Unavailable } from '../need/index.ts';
import { probe } from '../probe/index.ts';
import { FAMILIES } from './families.ts';

afterEach(() => vi.restoreAllMocks());

describe('the quickest place', () => {
  it('is the host when that has it, which is said once', async () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await using place = await need(['unix', 'tcp']);
    await using again = await need(['tcp', 'unix']);
    expect([place.where, again.where]).toEqual(['host', 'host']);
    expect(told.mock.calls).toEqual([['rig: tcp, unix: host, since it has all of it\n']]);
    const command = ['sh', '-c', 'echo $GREETING; echo no >&2; exit 3'];
    expect(await place.run(command, { env: { GREETING: 'hello' } })).toEqual({
      status: 3,
      stdout: 'hello\n',
      stderr: 'no\n',
    });
    await expect(place.run(['no-such-command'])).rejects.toThrow(/ENOENT/);
    await expect(place.run(['sleep', '600'], { timeout: 100 })).rejects.toThrow('did not end within 100 ms');
  });

  it('is a namespace when interfaces must be made, with a peer at the other end', async (context) => {
    const [veth, netns] = await probe(['netns', 'veth']);
    if (veth?.there !== true || netns?.there !== true)
      return context.skip('no namespaces or no veth on this host');
    await using place = await need(['veth']);
    expect(place.where).toBe('namespace');
    const { stdout } = await place.run(['ip', '-br', 'address']);
    expect(stdout).toMatch(/^eth0@\S+ +UP +10\.1\.0\.1\/24 fd00:1::1\/64/m);
    expect(place.net?.namespaces).toHaveLength(2);
  });

  it('is a virtual machine when the host lacks it, which then has every family', async (context) => {
    const names = FAMILIES.map(([name]) => name);
    const lacking = (await probe(names)).filter(({ there }) => !there);
    await using place = await needed(context, names);
    if (lacking.length === 0) return;
    expect(place.where).toBe('vm 6.1');
    for (const { facility, why } of lacking) {
      expect(place.why).toContain(facility);
      expect(place.why).toContain(`: ${why}`);
    }
    const { stdout } = await place.run(['ip', '-br', 'link', 'show', 'vcan0']);
    expect(stdout).toMatch(/^vcan0 +UNKNOWN .*UP/);
    // The same machine serves who comes next, at once.
    const start = performance.now();
    await using second = await need(names.slice(0, 2));
    expect([second.where, performance.now() - start < 500]).toEqual(['vm 6.1', true]);
    expect((await second.run(['uname', '-r'])).stdout).toMatch(/^6\.1\./);
  }, 120_000);

  it('takes only names that the probe knows', async () => {
    await expect(need(['vcam'])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('what is nowhere to be had', () => {
  const skipping = { skip: vi.fn() };
  // In the rig's own machine no other is booted, and without its controllers there are none.
  const nowhere = async (): Promise<unknown> => {
    vi.stubEnv('SOCKEYE_RIG', 'vm 6.1');
    return needed(skipping, ['can-controllers', 'unix']).catch((error: unknown) => error);
  };
  afterEach(() => {
    vi.unstubAllEnvs();
    skipping.skip.mockReset();
  });

  it('skips with the reason', async () => {
    vi.stubEnv('CI', '');
    const error = await nowhere();
    expect(error).toBeInstanceOf(Unavailable);
    expect((error as Unavailable).facilities).toEqual(['unix', 'can-controllers']);
    expect(skipping.skip).toHaveBeenCalledWith((error as Error).message);
    expect((error as Error).message).toMatch(
      /^unix, can-controllers not to be had: vm 6.1: can-controllers: \S/,
    );
  });

  it('fails in CI', async () => {
    vi.stubEnv('CI', 'true');
    expect(await nowhere()).toBeInstanceOf(Unavailable);
    expect(skipping.skip).not.toHaveBeenCalled();
  });
});
