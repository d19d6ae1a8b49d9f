import { expect, it, vi } from 'vitest';
import { diagnose, doctor, render } from '../probe/doctor.ts';
import { probeIn } from '../probe/places.ts';
import { MissingPackages } from '../provision/index.ts';
import { Vm } from '../vm/index.ts';
import { FAMILIES } from './families.ts';

const names = FAMILIES.map(([name]) => name);

/** Boots, or skips with the reason; in CI it fails. */
async function boot(skip: (reason: string) => never, without: readonly string[] = []): Promise<Vm> {
  try {
    return await Vm.boot({ modules: { without } });
  } catch (error) {
    if (error instanceof MissingPackages && process.env.CI !== 'true') return skip(error.message);
    throw error;
  }
}

it('with its module left out a row turns to no, and says which module it takes', async (context) => {
  await using vm = await boot(
    context.skip,
    FAMILIES.map(([, module]) => module),
  );
  const findings = new Map(
    (await probeIn(vm, [...names, 'tcp'])).map((finding) => [finding.facility, finding]),
  );
  expect(findings.get('tcp')?.there).toBe(true);
  for (const [name, module] of FAMILIES) {
    expect(findings.get(name)).toMatchObject({
      facility: name,
      there: false,
      why: expect.stringMatching(/./),
    });
    expect(findings.get(name)?.mend).toContain(module);
  }
}, 120_000);

it('the doctor prints a table, and below it why not and what mends it', async () => {
  const [host] = await diagnose({ places: ['host'] });
  const finding = { facility: 'tipc', there: false, how: '', why: 'no such family', mend: 'modprobe tipc' };
  const text = render([
    { ...host!, findings: [...host!.findings.filter(({ facility }) => facility !== 'tipc'), finding] },
    {
      place: 'vm 6.1',
      kernel: '6.1.0',
      seconds: 9,
      findings: [{ facility: 'tipc', there: true, how: 'a message went' }],
    },
    { place: 'vm 6.12', kernel: '', seconds: 1, findings: [], error: 'QEMU is not there' },
  ]);
  expect(text).toMatch(/facility +│ host +│ VM 6\.1 +│ VM 6\.12/);
  expect(text).toMatch(/│ tipc +│ no +│ yes +│ \? +│/);
  expect(text).toContain('no tipc: no such family\n    mend: modprobe tipc');
  expect(text).toContain('VM 6.12: not asked: QEMU is not there');
});

it('the doctor’s JSON is the diagnoses, and a place that is none is refused', async () => {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  expect(await doctor({ json: true, places: ['host'] })).toBe(0);
  const [[text = '']] = log.mock.calls as [[string]];
  log.mockRestore();
  const [host] = JSON.parse(text);
  expect(host).toMatchObject({
    place: 'host',
    kernel: expect.stringMatching(/^\d+\.\d+/),
    seconds: expect.any(Number),
  });
  expect(host.findings.find(({ facility }: { facility: string }) => facility === 'tcp')).toMatchObject({
    there: true,
  });
  const wrong = diagnose({ places: ['vm 5.10' as 'host'] });
  await expect(wrong).rejects.toThrow("places takes 'host', 'vm 6.1', 'vm 6.12', got 'vm 5.10'");
});
