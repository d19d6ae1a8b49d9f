import { expect, it, vi } from 'vitest';
import { need } from '../need/index.ts';
import { hold } from '../need/machines.ts';

const boot = vi.hoisted(() => vi.fn());
vi.mock('../vm/index.ts', () => ({ Vm: { boot } }));

it('a machine that does not boot: the reasons of all places, in one message', async () => {
  boot.mockRejectedValue(new Error('QEMU is on holiday'));
  await expect(need(['can-controllers'])).rejects.toMatchObject({
    name: 'Unavailable',
    code: 'ERR_RIG_UNAVAILABLE',
    message: expect.stringMatching(
      /^can-controllers not to be had: host: can-controllers: .*; vm 6\.1: QEMU is on holiday; vm 6\.12: QEMU is on holiday$/,
    ),
  });
  expect(boot.mock.calls.map(([options]) => [options.kernel, options.can])).toEqual([
    ['6.1', { controllers: true }],
    ['6.12', { controllers: true }],
  ]);
});

it('of the kernels the first that has it is asked, or the one that was asked for', async () => {
  const asked = async (...args: Parameters<typeof need>): Promise<unknown[]> => {
    boot.mockReset().mockRejectedValue(new Error('no'));
    await need(...args).catch(() => {});
    return boot.mock.calls.map(([options]) => options.kernel);
  };
  expect(await asked(['can-controllers', 'can-xl-vcid'])).toEqual(['6.12']);
  expect(await asked(['can-controllers'], { kernel: '6.12' })).toEqual(['6.12']);
});

it('a machine is booted once for all who hold it, and closed after the last', async () => {
  const close = vi.fn(async () => {});
  boot.mockReset().mockImplementation(async () => ({ close }));
  const [one, other] = await Promise.all([hold('6.1', false), hold('6.1', false)]);
  expect([boot.mock.calls.length, one.vm === other.vm]).toEqual([1, true]);
  await one.release();
  await one.release();
  expect(close).not.toHaveBeenCalled();
  await other.release();
  expect(close).toHaveBeenCalledTimes(1);
  await (await hold('6.1', false)).release();
  expect(boot).toHaveBeenCalledTimes(2);
});
