import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { CanGateway, Rtnetlink } from '../src/index.ts';

const NAMES = ['skygw0', 'skygw1'] as const;

let gateway: CanGateway;
let route: Rtnetlink;
let source: number;
let destination: number;

/** struct can_frame of this machine. */
function frame(id: number, length: number, data: number[]): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(new Uint8Array(Uint32Array.of(id).buffer));
  bytes[4] = length;
  bytes.set(data, 8);
  return bytes;
}

async function setUp(context: TestContext): Promise<void> {
  try {
    route = Rtnetlink.open();
    gateway = CanGateway.open();
    await gateway.rules();
    for (const name of NAMES) await route.createLink({ name, kind: 'vcan', up: true });
    [source, destination] = (await Promise.all(NAMES.map((name) => route.indexOf(name)))) as [number, number];
  } catch (error) {
    context.skip(`no CAN gateway: ${(error as Error).message}`);
  }
}

afterEach(async () => {
  for (const name of NAMES) await route?.deleteLink(name).catch(() => {});
  gateway?.close();
  route?.close();
});

describe('the CAN gateway', () => {
  it('that the kernel has not is refused in words', async (context) => {
    if (existsSync('/sys/module/can_gw')) return context.skip('the kernel has can-gw');
    using own = CanGateway.open();
    await expect(own.rules()).rejects.toMatchObject({
      code: 'EOPNOTSUPP',
      message: expect.stringContaining('modprobe can-gw'),
    });
  });
});

describe('the gateway of a kernel that has it', () => {
  beforeEach(setUp);

  it('has the rules that we make, as cangw sees them', async (context) => {
    if (spawnSync('cangw', ['-h']).error !== undefined) return context.skip('there is no cangw (can-utils)');
    const rule = {
      source,
      destination,
      filter: { id: 0x123, mask: 0xc00007ff },
      modifications: [
        { operation: 'set', fields: ['id', 'data'], frame: frame(0x456, 0, [1, 2, 3, 4, 5, 6, 7, 8]) },
      ],
      xor: { from: 0, to: 2, result: 3, initial: 0x11 },
      echo: true,
    } as const;
    await gateway.add(rule);
    // Its exit status says nothing: the bytes that it sent.
    const { stdout } = spawnSync('cangw', ['-L'], { encoding: 'utf8' });
    for (const words of [
      '-s skygw0 -d skygw1 -e ',
      ' -f 123:C00007FF ',
      ' -m SET:ID:456.0.0102030405060708 ',
      ' -x 0:2:3:11 ',
    ]) {
      expect(stdout).toContain(words);
    }
    const [ours] = await gateway.rules();
    expect(ours).toMatchObject({ ...rule, fd: false, handled: 0, dropped: 0, hops: undefined });
    await gateway.delete(rule);
    expect(await gateway.rules()).toEqual([]);
    await expect(gateway.delete(rule)).rejects.toMatchObject({ name: 'NetlinkError', code: 'EINVAL' });
    await expect(gateway.add({ ...rule, destination: 1 })).rejects.toMatchObject({ name: 'NetlinkError' });
  });

  it('that cangw makes is what we see', async (context) => {
    if (spawnSync('cangw', ['-h']).error !== undefined) return context.skip('there is no cangw (can-utils)');
    const args = [
      '-s',
      NAMES[0],
      '-d',
      NAMES[1],
      '-f',
      '100:700',
      '-m',
      'AND:D:7FF.8.00FF00FF00FF00FF',
      '-l',
      '1',
    ];
    execFileSync('cangw', ['-A', ...args]);
    const [rule] = await gateway.rules();
    expect(rule).toMatchObject({
      source,
      destination,
      filter: { id: 0x100, mask: 0x700 },
      hops: 1,
      modifications: [{ operation: 'and', fields: ['data'] }],
    });
    expect([...(rule?.modifications[0]?.frame.subarray(8) ?? [])]).toEqual([0, 255, 0, 255, 0, 255, 0, 255]);
    // What was read is what takes it away.
    if (rule !== undefined) await gateway.delete(rule);
    expect(await gateway.rules()).toEqual([]);
  });
});
